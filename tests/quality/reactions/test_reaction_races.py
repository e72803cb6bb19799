"""Who closes a reaction while its chart is evaluated waits, and neither gives up; over connections of their own."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections

from lines.alarms.services import clear
from lines.people.actors import acting
from lines.people.models import Role
from quality.charts.tasks import evaluate_pending
from quality.models import Reaction, Signal
from quality.reactions.services import answer, close, verify
from tests.quality.conftest import ChartPlant
from tests.quality.reactions.test_reactions import person, plan

__all__ = ["plan"]


def waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        )
        (n,) = cursor.fetchall()[0]
    return int(n)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("plan")
def test_closing_takes_the_alarms_before_the_reaction_as_evaluating_does(plant: ChartPlant) -> None:
    plant.post([{"A": [value]} for value in (10.0, 14.0)])
    evaluate_pending()
    reaction, quality = Reaction.objects.get(), person(Role.QUALITY)
    for step in (1, 2):
        answer(reaction.pk, step, "done", quality)
    verify(reaction.pk, "Master piece reads right", quality)
    signal = Signal.objects.order_by("pk")[0]

    def closing() -> None:
        try:
            close(reaction.pk, "WEAR", "REPLACED", "", quality)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with acting("task:spc"):
            assert signal.alarm_id is not None and clear(signal.alarm_id)
            closed = pool.submit(closing)
            until = time.monotonic() + 20
            while not waiting() and time.monotonic() < until:
                time.sleep(0.02)
            # As for a signal of the same chart (open_reactions).
            Reaction.objects.select_for_update(no_key=True, of=("self",)).get(pk=reaction.pk)
        closed.result(20)
    reaction.refresh_from_db()
    assert reaction.closed_at is not None
