"""Permits: every reason against entry, all at once, stored with the facts behind them."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from tests.traceability.conftest import Hand
from traceability import errors
from traceability.holds.services import hold_unit
from traceability.models import Permit, Unit


def reasons(answer: dict[str, Any]) -> list[str]:
    assert answer["verdict"] == ("DENY" if answer["reasons"] else "ALLOW")
    return [reason["code"] for reason in answer["reasons"]]


def test_every_reason_against_entry(hand: Hand) -> None:
    cell = hand.make("LFP-CELL", until="BAKE")
    assert reasons(hand.ask("SK1CLF6BL00000", "BAKE")) == [errors.SERIAL_MALFORMED.code]
    assert reasons(hand.ask(hand.serial("ZZZ"), "BAKE")) == [errors.DESIGN_UNKNOWN.code]
    assert reasons(hand.ask(hand.serial("CLF"), "BAKE")) == [errors.SERIAL_UNKNOWN.code]
    assert reasons(hand.ask(hand.serial("CLF"), "WELD")) == []
    assert reasons(hand.ask(cell, "BAKE", station="WIND-1")) == [errors.NOT_AT_THIS_STATION.code]
    assert reasons(hand.ask(cell, "WIND")) == [errors.NOT_IN_ROUTE.code]
    assert reasons(hand.ask(cell, "CAN")) == [errors.ALREADY_DONE.code]
    assert reasons(hand.ask(cell, "FORM")) == [errors.WRONG_STEP.code, errors.EARLIER_MISSING.code]
    jelly = hand.get(f"units/{cell}").json()["made_of"]["links"][1]["serial"]
    assert reasons(hand.ask(jelly, "WIND")) == [errors.ALREADY_DONE.code, errors.CONSUMED.code]


def test_a_failed_step_keeps_the_unit_from_later_ones(hand: Hand) -> None:
    cell = hand.make("LFP-CELL", until="FORM")
    hand.run(cell, "FORM", "FAIL", reason_codes=["FOR-CAP"], tray="T-3", slot=1)
    assert reasons(hand.ask(cell, "DEGAS")) == [errors.WRONG_STEP.code, errors.EARLIER_FAILED.code]
    hand.run(cell, "FORM", "FAIL", reason_codes=["FOR-CAP"], tray="T-3", slot=1)
    assert reasons(hand.ask(cell, "FORM")) == [errors.SCRAPPED.code, errors.MAX_PASSES.code]


def test_a_held_unit_is_denied_and_the_denial_takes_the_permit_back(hand: Hand) -> None:
    cell = hand.make("LFP-CELL", until="BAKE")
    assert reasons(hand.ask(cell, "BAKE")) == []
    unit = Unit.objects.get(serial=cell)
    hold = hold_unit(unit.pk, reason="recall 7", by="person:q", now=timezone.now())
    denial = hand.ask(cell, "BAKE")
    assert reasons(denial) == [errors.HELD.code]
    assert denial["reasons"][0]["detail"] == f"hold {hold.pk}: recall 7"
    assert denial["reasons"][0]["cure"]["ja"]
    told = hand.tell(hand.body(cell, "BAKE", tray="T-1", slot=1)).json()
    assert {d["code"] for d in told["deviations"]} == {errors.HELD.code, errors.NO_PERMIT.code}


def test_asked_again_the_same_permit_is_given_until_it_expires_or_is_used(hand: Hand) -> None:
    cell = hand.make("LFP-CELL", until="BAKE")
    first = hand.ask(cell, "BAKE")
    assert hand.ask(cell, "BAKE") == first
    Permit.objects.filter(pk=first["permit"]).update(expires_at=timezone.now() - timedelta(seconds=1))
    second = hand.ask(cell, "BAKE")
    assert second["permit"] != first["permit"]
    # A permit is good for its result however long the operation took.
    Permit.objects.filter(pk=second["permit"]).update(expires_at=timezone.now() - timedelta(seconds=1))
    told = hand.tell(hand.body(cell, "BAKE", tray="T-1", slot=1)).json()
    assert told["is_conforming"]
    assert Permit.objects.get(used_by=told["record"]).pk == second["permit"]


def test_a_permit_that_a_newer_one_replaced_counts_no_more(hand: Hand) -> None:
    cell = hand.make("LFP-CELL", until="BAKE")
    old = hand.ask(cell, "BAKE")
    Permit.objects.filter(pk=old["permit"]).update(expires_at=timezone.now() - timedelta(seconds=1))
    new = hand.ask(cell, "BAKE")
    assert new["permit"] != old["permit"]
    assert hand.tell(hand.body(cell, "BAKE", tray="T-1", slot=1)).json()["is_conforming"]
    again = hand.tell(hand.body(cell, "BAKE", tray="T-1", slot=1)).json()
    assert errors.NO_PERMIT.code in {d["code"] for d in again["deviations"]}
    assert Permit.objects.get(pk=old["permit"]).used_by is None


def test_the_verdict_is_stored_with_the_facts_it_rests_on(hand: Hand) -> None:
    cell = hand.make("LFP-CELL", until="BAKE")
    hand.ask(cell, "CAN")
    stored = Permit.objects.filter(serial=cell).latest("id")
    assert (stored.verdict, stored.reasons) == ("DENY", [errors.ALREADY_DONE.code])
    assert stored.facts["next_operation"] == "BAKE"
    assert stored.facts["visits"]["CAN"][:3] == [1, 0, "PASS"]


def test_a_tray_is_asked_for_in_one_call(hand: Hand) -> None:
    cells = [hand.make("LFP-CELL", until="BAKE"), hand.serial("CLF"), hand.make("LFP-CELL", until="CAN")]
    response = hand.post("stations/BAKE-1/permits", {"serials": cells, "operation": "BAKE"}, "BAKE-1")
    items = response.json()["items"]
    assert [item["serial"] for item in items] == cells
    assert [reasons(item) for item in items] == [
        [],
        [errors.SERIAL_UNKNOWN.code],
        [errors.WRONG_STEP.code, errors.EARLIER_MISSING.code],
    ]
