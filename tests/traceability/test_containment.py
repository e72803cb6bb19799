"""A signal of a plan that asks for it holds the units behind it, by the task that the worker runs."""

import pytest
from django.utils import timezone

from lines.models import Alarm
from lines.records.models import Pending
from quality.charts.tasks import evaluate_pending
from quality.models import ControlPlan, Signal, Uncontained
from tests.traceability.conftest import Hand
from traceability.containment import services
from traceability.containment.queries import uncontained
from traceability.containment.tasks import contain_signals
from traceability.models import Containment, Hold, HoldUnit, Unit


def watch(code: str) -> ControlPlan:
    plan = ControlPlan.objects.get(code=code)
    ControlPlan.objects.exclude(pk=plan.pk).update(is_active=False)
    plan.response, plan.rules = "CONTAIN", [1]
    plan.save()
    return plan


def jelly(hand: Hand, thickness: float) -> str:
    serial = hand.serial("JRL")
    values = hand.values(serial, "WIND", WIN_04=thickness)
    hand.tell(hand.body(serial, "WIND", measurements=values))
    return serial


def held(serial: str) -> bool:
    return HoldUnit.objects.filter(
        unit__serial=serial, released_at=None, hold__nonconformance=None, hold__scope="UNITS"
    ).exists()


def test_from_a_posted_result_to_the_hold_of_what_it_was_built_into(hand: Hand) -> None:
    watch("WIN-04-LFP")
    good, bad = jelly(hand, 34.0), jelly(hand, 34.5)
    cell = hand.serial("CLF")
    hand.tell(hand.body(cell, "WELD", components=[{"serial": bad, "position": 1}]))
    assert uncontained([good, bad, cell]) == {good: 1, bad: 1, cell: 1}
    evaluate_pending()
    assert Pending.objects.count() == 0
    # SPC has looked; the units behind its signals still wait for their hold.
    assert uncontained([good, bad, cell]) == {bad: 1}
    assert not held(bad)
    assert contain_signals() == Signal.objects.count() == 2  # the value and its jump, one alarm
    assert uncontained([good, bad, cell]) == {}
    assert Alarm.objects.count() == 1
    assert (held(good), held(bad), held(cell)) == (False, True, True)
    assert {c.hold_id for c in Containment.objects.all()} == {Containment.objects.all()[0].hold_id}
    assert Containment.objects.order_by("pk")[0].n_units == 2
    assert Uncontained.objects.count() == contain_signals() == 0
    # What goes on breaking the rule joins the hold of its run; what comes right is free.
    again, right = jelly(hand, 34.5), jelly(hand, 34.0)
    evaluate_pending()
    contain_signals()
    holds = set(HoldUnit.objects.filter(unit__serial__in=[bad, again], hold__scope="UNITS").values_list("hold"))
    assert len(holds) == 1
    assert Unit.objects.get(serial=cell).held_by.filter(hold__scope="UNITS").count() == 1
    del right


def test_a_hold_that_is_released_in_the_same_moment_takes_nothing_more(
    hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch("WIN-04-LFP")
    jelly(hand, 34.0)
    jelly(hand, 34.5)
    evaluate_pending()
    contain_signals()
    hold = Hold.objects.get(scope="UNITS")
    members = hold.members.count()
    Hold.objects.update(released_at=timezone.now())
    monkeypatch.setattr(services, "_hold_of_run", lambda _: hold)  # as read before
    again = jelly(hand, 34.5)
    evaluate_pending()
    contain_signals()
    assert HoldUnit.objects.filter(unit__serial=again, hold__scope="UNITS", hold__released_at=None).exists()
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
