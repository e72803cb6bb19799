"""A worker killed in the middle of an evaluation: no record is lost to the charts and none counts twice."""

import random

import pytest
from django.db import connection

from lines.models import Alarm, Pending
from quality.charts.models import ChartStream
from quality.plans.models import ControlPlan
from quality.spc.panels import Chart, FrozenLimits
from quality.spc.rules import find
from quality.spc.variables import i_mr, xbar_r
from tests.processes import Processes, processes, wait_for
from tests.quality.conftest import make_plant

__all__ = ["processes"]

RECORDS = 4000
LIMITS = FrozenLimits(10, 1)


def _is_at_work() -> bool:
    """The evaluator's lock is held for as long as its transaction runs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from pg_locks where locktype = 'advisory' and granted"
            " and database = (select oid from pg_database where datname = current_database())"
        )
        return bool(cursor.fetchone()[0])


def _assert_equals(plan: ControlPlan, pair: Chart, groups: list[list[int]]) -> None:
    points = list(plan.points.order_by("number"))
    assert [point.number for point in points] == list(range(len(groups)))
    assert [point.records for point in points] == groups
    assert [round(point.location, 9) for point in points] == [round(v, 9) for v in pair.location.points.tolist()]
    batch = [
        (panel.name, found.rule, int(side), int(end))
        for panel in (pair.location, pair.spread)
        for found in find(panel, (1, 2)).values()
        for side, end in zip(found.side, found.end, strict=True)
    ]
    assert sorted(plan.signals.values_list("chart", "rule", "side", "point__number")) == sorted(batch)


@pytest.mark.slow
def test_killing_the_worker_loses_and_doubles_nothing(processes: Processes) -> None:
    plant = make_plant()
    single, grouped = plant.add_plan("ONE"), plant.add_plan("THREE", "XBAR-R", 3)
    generator = random.Random(11)
    values = [(generator.gauss(10, 1), generator.gauss(10, 1)) for _ in range(RECORDS)]
    records = plant.post([{"ONE": [one], "THREE": [three]} for one, three in values])

    schedule = str(processes.var / "schedule")
    processes.start("beat", "-m", "celery", "-A", "mes", "beat", "--schedule", schedule, "--pidfile=")
    killed_with = []
    for name in ("first", "second"):
        processes.start_worker(name, concurrency=1)
        wait_for("an evaluation under way", _is_at_work, 60)
        processes.kill(name)
        wait_for("the dead worker's lock to go", lambda: not _is_at_work())
        killed_with.append(Pending.objects.count())
    assert killed_with[-1] > 0, "the worker was done before it was killed"
    processes.start_worker("third", concurrency=1)
    wait_for("all records evaluated", lambda: not Pending.objects.exists(), 60)
    wait_for("the last transaction", lambda: not _is_at_work())

    _assert_equals(single, i_mr([one for one, _ in values], LIMITS), [[record] for record in records])
    threes = range(0, RECORDS // 3 * 3, 3)
    _assert_equals(
        grouped,
        xbar_r([[three for _, three in values[n : n + 3]] for n in threes], LIMITS),
        [records[n : n + 3] for n in threes],
    )
    assert ChartStream.objects.get(plan=grouped).records == records[len(threes) * 3 :]
    linked = {alarm for plan in (single, grouped) for alarm in plan.signals.values_list("alarm_id", flat=True)}
    assert linked == set(Alarm.objects.values_list("pk", flat=True))
