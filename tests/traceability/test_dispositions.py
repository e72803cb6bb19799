"""What people decide about nonconforming units, and what the interlock says afterwards."""

from typing import Any

import pytest

from lines.errors import Refusal
from lines.models import Person
from lines.people.models import Role
from tests.traceability.conftest import Hand
from traceability import errors as entry_errors
from traceability.holds import errors
from traceability.holds.disposing import AskedDecision, decide
from traceability.models import DispositionDecision, HoldUnit, Nonconformance, Unit


def quality(name: str = "") -> Person:
    first = Person.objects.get(role=Role.QUALITY, username__startswith="quality")
    if not name:
        return first
    return Person.objects.create(username=name, name_en=name, name_ja=name, role=Role.QUALITY)


def failed_formation(hand: Hand) -> str:
    """A cell that failed formation as often as it may; the route holds or scraps it."""
    cell = hand.make("LFP-CELL", until="FORM")
    step = hand.step(cell, "FORM")
    assert step is not None
    for _ in range(step.max_passes):
        told = hand.run(cell, "FORM", "FAIL", reason_codes=["FOR-CAP"], tray="T-3", slot=1)
    assert told["disposition"] in ("HOLD", "SCRAP")
    return cell


def open_of(serial: str) -> Nonconformance:
    return Nonconformance.objects.filter(unit__serial=serial, closed_at=None).latest("pk")


def is_held(serial: str) -> bool:
    return HoldUnit.objects.filter(unit__serial=serial, released_at=None).exists()


def reasons(answer: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in answer["reasons"]]


def after(hand: Hand, operation: str) -> str:
    steps = [s.operation for s in hand.plant.products[0].steps if s.definition == "LFP-CELL"]
    return steps[steps.index(operation) + 1]


def test_use_as_is_lets_it_go_on_past_the_failed_operation(hand: Hand) -> None:
    cell = failed_formation(hand)
    record = hand.get(f"units/{cell}").json()["records"][-1]
    decide(open_of(cell).pk, AskedDecision("USE_AS_IS", "capacity is enough for storage"), quality())
    unit = Unit.objects.select_related("next_step__operation").get(serial=cell)
    assert unit.next_step is not None
    following = after(hand, "FORM")
    assert (unit.state, unit.next_step.operation.code, unit.accepted) == ("IN_PROCESS", following, ["FORM"])
    assert not is_held(cell)
    assert reasons(hand.ask(cell, following)) == []
    assert hand.get(f"units/{cell}").json()["records"][-1] == record  # still FAIL


def test_rework_grants_one_more_pass_and_counts_those_before(hand: Hand) -> None:
    cell = failed_formation(hand)
    with pytest.raises(Refusal) as refused:
        decide(open_of(cell).pk, AskedDecision("REWORK", "again", rework_to="PACK"), quality())
    assert refused.value.code is errors.REWORK_STEP
    decide(open_of(cell).pk, AskedDecision("REWORK", "channel was bad", rework_to="FORM"), quality())
    told = hand.run(cell, "FORM", "FAIL", reason_codes=["FOR-CAP"], tray="T-4", slot=1)
    step = hand.step(cell, "FORM")
    assert step is not None
    assert told["attempt"] == step.max_passes + 1
    assert told["disposition"] in ("HOLD", "SCRAP")  # one more, not two
    decide(open_of(cell).pk, AskedDecision("REWORK", "once more", rework_to="FORM"), quality())
    assert hand.run(cell, "FORM", tray="T-4", slot=1)["disposition"] == "CONTINUE"
    assert DispositionDecision.objects.filter(nonconformance__unit__serial=cell).count() == 2


def test_downgrade_scrap_and_return(hand: Hand) -> None:
    low, bad, back = failed_formation(hand), hand.make("CATHODE-SLURRY"), hand.make("ANODE-SLURRY")
    with pytest.raises(Refusal) as refused:
        decide(open_of(low).pk, AskedDecision("DOWNGRADE", "low"), quality())
    assert refused.value.code is errors.GRADE_MISSING
    decide(open_of(low).pk, AskedDecision("DOWNGRADE", "low", grade="C"), quality())
    assert Unit.objects.get(serial=low).grade == "C"
    for serial, operation, disposition, state, code in (
        (bad, "MIX-C", "SCRAP", "SCRAPPED", "MES-T-0011"),
        (back, "MIX-A", "RETURN", "RETURNED", None),
    ):
        hand.tell(hand.body(serial, operation))  # a second time: recorded, and held
        decide(open_of(serial).pk, AskedDecision(disposition, "gone"), quality())
        assert Unit.objects.get(serial=serial).state == state
        found = hand.ask(serial, operation)
        assert found["verdict"] == "DENY"
        assert code is None or code in reasons(found)
    with pytest.raises(Refusal) as refused:
        decide(Nonconformance.objects.get(unit__serial=bad).pk, AskedDecision("SCRAP", "x"), quality())
    assert refused.value.code is errors.ALREADY_DECIDED


def test_a_unit_that_left_a_step_out_is_let_go_on(hand: Hand) -> None:
    cell = hand.make("LFP-CELL", until="BAKE")
    following = after(hand, "BAKE")
    step = hand.step(cell, following)
    assert step is not None
    told = hand.tell(hand.body(cell, following, **hand.inputs(step))).json()
    assert entry_errors.EARLIER_MISSING.code in [d["code"] for d in told["deviations"]]
    decide(open_of(cell).pk, AskedDecision("USE_AS_IS", "dried in the lab"), quality())
    unit = Unit.objects.select_related("next_step__operation").get(serial=cell)
    assert unit.accepted == ["BAKE"]
    assert unit.next_step is not None
    assert reasons(hand.ask(cell, unit.next_step.operation.code)) == []


def test_scrapping_what_was_built_in_holds_what_it_is_in(hand: Hand) -> None:
    jelly = hand.serial("JRL")
    hand.tell(hand.body(jelly, "WIND"))  # without a permit
    cell = hand.serial("CLF")
    hand.tell(hand.body(cell, "WELD", components=[{"serial": jelly, "position": 1}]))
    found = open_of(jelly)
    for disposition in ("REWORK", "RETURN"):
        with pytest.raises(Refusal) as refused:
            decide(found.pk, AskedDecision(disposition, "x", rework_to="WIND"), quality())
        assert refused.value.code is errors.UNIT_GONE
    decide(open_of(cell).pk, AskedDecision("USE_AS_IS", "fine"), quality())
    assert not is_held(cell)
    decide(found.pk, AskedDecision("SCRAP", "metal"), quality())
    assert is_held(cell)


def test_two_people_decide_where_safety_is_at_stake(hand: Hand) -> None:
    batch = hand.serial("SLC")
    hand.tell(hand.body(batch, "MIX-C", "FAIL", reason_codes=["MIX-FE"]))
    found = open_of(batch)
    assert found.needs_two_people
    first_person, other = quality(), quality("quality2")
    first = decide(found.pk, AskedDecision("SCRAP", "iron"), first_person)
    found.refresh_from_db()
    assert found.closed_at is None and is_held(batch)
    with pytest.raises(Refusal) as refused:
        decide(found.pk, AskedDecision("", "me again", confirms=first.pk), first_person)
    assert refused.value.code is errors.SAME_PERSON
    with pytest.raises(Refusal) as refused:
        decide(found.pk, AskedDecision("SCRAP", "x"), Person.objects.get(role=Role.AUDITOR))
    assert refused.value.code is errors.DISPOSITION_NOT_YOURS
    # Deciding otherwise takes the place of the first; what is confirmed is the newest.
    second = decide(found.pk, AskedDecision("USE_AS_IS", "below the limit after all"), other)
    with pytest.raises(Refusal) as refused:
        decide(found.pk, AskedDecision("", "yes", confirms=first.pk), first_person)
    assert refused.value.code is errors.NOTHING_TO_CONFIRM
    decide(found.pk, AskedDecision("", "measured again", confirms=second.pk), first_person)
    found.refresh_from_db()
    assert found.closed_at is not None and not is_held(batch)
    assert [d.disposition for d in found.decisions.all()] == ["SCRAP", "USE_AS_IS", "USE_AS_IS"]
