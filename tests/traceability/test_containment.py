"""A signal of a plan that asks for it holds the units behind it, by the task that the worker runs."""

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from lines.models import Alarm
from lines.people.models import Role
from lines.records.models import Pending
from quality.charts.tasks import evaluate_pending
from quality.models import ControlPlan, Reaction, Signal, Uncontained
from quality.reactions.services import answer, close, verify
from quality.reactions.tasks import watch_reactions
from tests.traceability.conftest import Hand
from tests.traceability.test_holds import person
from traceability.containment import services
from traceability.containment.queries import uncontained
from traceability.containment.tasks import contain_signals
from traceability.models import Containment, Hold, HoldUnit


def watch(code: str, **columns: object) -> ControlPlan:
    plan = ControlPlan.objects.get(code=code)
    ControlPlan.objects.exclude(pk=plan.pk).update(is_active=False)
    plan.response, plan.rules = "CONTAIN", [1]
    for name, value in {"margin_units": 0, "verify_points": 0, **columns}.items():
        setattr(plan, name, value)
    plan.save()
    # The database's clock stands still within a test: the plant was loaded after it.
    plan.limits.update(valid_from=datetime(2026, 1, 1, tzinfo=UTC))
    return plan


def jelly(hand: Hand, thickness: float) -> str:
    serial = hand.serial("JRL")
    values = hand.values(serial, "WIND", WIN_04=thickness)
    hand.tell(hand.body(serial, "WIND", measurements=values))
    return serial


def made(hand: Hand, *thicknesses: float) -> list[str]:
    """Jelly rolls one after the other, evaluated and contained after each, as the tasks do."""
    serials = []
    for thickness in thicknesses:
        serials.append(jelly(hand, thickness))
        evaluate_pending()
        watch_reactions()
        contain_signals()
    return serials


def held(serial: str) -> bool:
    return HoldUnit.objects.filter(
        unit__serial=serial, released_at=None, hold__nonconformance=None, hold__scope="SIGNAL"
    ).exists()


def test_from_a_posted_result_to_the_hold_of_what_it_was_built_into(hand: Hand) -> None:
    watch("WIN-04-LFP")
    good, bad = jelly(hand, 34.0), jelly(hand, 34.5)
    cell = hand.serial("CLF")
    hand.tell(hand.body(cell, "WELD", components=[{"serial": bad, "position": 1}]))
    assert uncontained([good, bad, cell]) == {good: 1, bad: 1, cell: 1}
    evaluate_pending()
    assert Pending.objects.count() == 0
    # SPC has looked; the units behind its signals still wait for their hold: both, as the moving range spans them.
    assert uncontained([good, bad, cell]).keys() >= {bad}
    assert not held(bad)
    assert contain_signals() == Signal.objects.count() == 2  # the value and its jump, one alarm
    assert uncontained([good, bad, cell]) == {}
    assert Alarm.objects.count() == 1
    assert (held(bad), held(cell)) == (True, True)
    assert {c.hold_id for c in Containment.objects.all()} == {Containment.objects.all()[0].hold_id}
    assert Uncontained.objects.count() == contain_signals() == 0
    # What is made meanwhile comes under the hold with its post, right or wrong, until the station is verified.
    again, right = jelly(hand, 34.5), jelly(hand, 34.0)
    assert held(again) and held(right)


def test_the_window_reaches_from_the_change_to_the_verification_and_ends_with_the_reaction(hand: Hand) -> None:
    watch("WIN-04-LFP", margin_units=2, verify_points=3)
    good = made(hand, 34.0, 34.02, 33.97, 34.01, 33.99, 34.03, 33.98, 34.0, 34.01, 33.99)
    bad = made(hand, 34.3, 34.28, 34.45)
    hold = Hold.objects.get(scope="SIGNAL")
    assert all(held(serial) for serial in bad)
    # Three points that verified it last, and two units more.
    assert [held(serial) for serial in good] == [False] * 5 + [True] * 5
    found = Containment.objects.exclude(model="").order_by("pk")[0]
    assert found.model in ("STEP", "DRIFT") and found.change_point is not None and found.verified_from is not None
    # The jump back is a signal of the moving range: three points after it verify.
    meanwhile = made(hand, 34.0, 34.02, 33.99, 34.01)
    after = made(hand, 34.0)
    reaction = Reaction.objects.get()
    assert reaction.verified_by == "task:reactions" and reaction.closed_at is None
    assert all(held(serial) for serial in meanwhile) and not held(after[0])
    hold.refresh_from_db()
    assert hold.window_to == reaction.verified_at and hold.released_at is None
    quality = person(Role.QUALITY)
    for step in reaction.answers.all():
        answer(reaction.pk, step.sequence, "Stop gauge was worn; replaced", quality)
    close(reaction.pk, "WEAR", "REPLACED", "", quality)
    contain_signals()
    hold.refresh_from_db()
    assert hold.released_at is not None and hold.released_by == f"person:{quality.username}"
    assert not any(held(serial) for serial in [*good, *bad, *meanwhile])


def test_units_of_another_recipe_are_not_suspect_and_a_person_may_verify(hand: Hand) -> None:
    watch("WIN-04-LFP")
    made(hand, 34.0, 34.02, 33.97, 34.5)
    hold = Hold.objects.get(scope="SIGNAL")
    assert hold.station is not None
    assert (hold.product, hold.station.code) == ("LFP-314", "WIND-1")
    Hold.objects.update(recipe="another")
    assert not held(jelly(hand, 34.0))
    Hold.objects.update(recipe="")
    assert held(made(hand, 34.0)[0])
    reaction = Reaction.objects.get()
    verify(reaction.pk, "Three jelly rolls measured with the master gauge", person(Role.QUALITY))
    contain_signals()
    assert not held(made(hand, 34.0)[0])


def test_a_hold_that_is_released_in_the_same_moment_takes_nothing_more(
    hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch("WIN-04-LFP")
    made(hand, 34.0, 34.5)
    hold = Hold.objects.get(scope="SIGNAL")
    members = hold.members.count()
    Hold.objects.update(released_at=timezone.now())
    monkeypatch.setattr(services, "_hold_of_run", lambda *_: hold)  # as read before
    again = jelly(hand, 34.5)
    evaluate_pending()
    contain_signals()
    assert HoldUnit.objects.filter(unit__serial=again, hold__scope="SIGNAL", hold__released_at=None).exists()
    assert hold.members.count() == members


def test_a_plan_with_another_response_contains_nothing(hand: Hand) -> None:
    plan = watch("WIN-04-LFP")
    ControlPlan.objects.filter(pk=plan.pk).update(response="ALARM")
    jelly(hand, 34.0)
    bad = jelly(hand, 34.5)
    evaluate_pending()
    assert Signal.objects.exists()
    assert contain_signals() == 0
    assert not held(bad)
