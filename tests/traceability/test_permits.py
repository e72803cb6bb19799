"""Permits: every reason against entry, all at once, stored with the facts behind them."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lines.errors import BUSY, MISSING_FIELD
from lines.models import (
    Certification,
    MaterialDefinition,
    Operation,
    QuarantinedPost,
    Recipe,
    RouteStep,
    Station,
    WorkOrder,
)
from lines.orders.models import WorkOrderState
from quality.models import Gauge
from tests.traceability.conftest import Hand
from traceability import errors
from traceability.errors import ALREADY_DONE, HELD
from traceability.holds.services import hold_unit
from traceability.interlock import permits
from traceability.interlock.checks import codes
from traceability.interlock.errors import (
    CERTIFICATION_EXPIRED,
    CHANNEL_OVERDUE,
    GAUGE_OVERDUE,
    GRADE_NOT_ALLOWED,
    MOUNTED_EXPIRED,
    MOUNTED_NOT_RELEASED,
    MOUNTED_WRONG,
    NOT_CERTIFIED,
    NOT_CONTAINED,
    NOT_IN_PRODUCTION,
    OPERATOR_MISSING,
    OPERATOR_UNKNOWN,
    PERMIT_ELSEWHERE,
    PERMIT_NOT_YOURS,
    PERMIT_UNKNOWN,
    PERMIT_USED,
    SAMPLE_WAITING,
    TOO_EARLY,
    TOO_LATE,
    WRONG_RECIPE,
)
from traceability.interlock.evidence import replay
from traceability.models import FeedPoint, Hold, HoldUnit, Lot, Mounting, Permit, Sample, Unit


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


def test_a_result_stored_while_a_copy_of_its_question_is_decided_leaves_no_permit(
    hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = hand.make("LFP-CELL", until="BAKE")
    hand.ask(cell, "BAKE")

    def told_after(name: str) -> None:
        real = getattr(permits, name)

        def read(*arguments: Any, **named: Any) -> Any:
            monkeypatch.undo()
            found = real(*arguments, **named)
            assert hand.tell(hand.body(cell, "BAKE", tray="T-1", slot=1)).json()["is_conforming"]
            return found

        monkeypatch.setattr(permits, name, read)

    told_after("open_permits")
    told_after("unit_rows")
    assert reasons(hand.ask(cell, "BAKE")) == [ALREADY_DONE.code]
    assert not Permit.objects.filter(serial=cell, verdict="ALLOW", closed_at=None).exists()
    # Always second, it is told to come again, and nothing of it is kept.
    monkeypatch.setattr(permits, "_TRIES", 0)
    at = hand.station_of("BAKE")
    busy = hand.post(f"stations/{at}/permits", {"serial": cell, "operation": "BAKE"}, at)
    assert (busy.status_code, busy.json()["code"]) == (409, BUSY.code)
    assert not QuarantinedPost.objects.exists()


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


def test_a_unit_has_one_open_permit_in_the_whole_plant(hand: Hand) -> None:
    cell = hand.make("LFP-CELL", until="FORM")
    here, there = "FORM-1", "OCV-1"
    Operation.objects.get(code="FORM").stations.add(Station.objects.get(code=there))
    first = hand.ask(cell, "FORM", here)
    elsewhere = hand.ask(cell, "FORM", there)
    assert reasons(elsewhere) == [PERMIT_ELSEWHERE.code]
    assert elsewhere["reasons"][0]["detail"] == here
    assert hand.ask(cell, "FORM", here)["permit"] == first["permit"]
    assert Permit.objects.get(pk=first["permit"]).asked_count == 2
    # Cancelled by who got it, as often as it likes; then another may have it.
    assert hand.cancel(first["permit"], there).json()["code"] == PERMIT_NOT_YOURS.code
    closed = [hand.cancel(first["permit"], here) for _ in range(2)]
    assert closed[0].status_code == 200
    assert closed[0].json() == closed[1].json()
    second = hand.ask(cell, "FORM", there)
    assert reasons(second) == []
    # Its time is over: the other station gets one, and the first is closed.
    Permit.objects.filter(pk=second["permit"]).update(expires_at=timezone.now() - timedelta(seconds=1))
    third = hand.ask(cell, "FORM", here)
    assert reasons(third) == []
    assert Permit.objects.get(pk=second["permit"]).closed_at
    hand.tell(hand.body(cell, "FORM", tray="T-1", slot=1), station=here)
    assert hand.cancel(third["permit"], here).json()["code"] == PERMIT_USED.code
    assert hand.cancel(10**9, here).json()["code"] == PERMIT_UNKNOWN.code
    assert not Permit.objects.filter(serial=cell, verdict="ALLOW", closed_at=None).exists()


def test_the_number_of_statements_does_not_depend_on_the_units(hand: Hand) -> None:
    def statements(count: int) -> int:
        body = {"serials": [hand.serial("JRL") for _ in range(count)], "operation": "WIND"}
        with CaptureQueriesContext(connection) as captured:
            assert hand.post("stations/WIND-1/permits", body, "WIND-1").status_code == 200
        return len(captured)

    assert statements(1) == statements(60) <= 13


def test_the_same_denial_is_counted_and_not_stored_again(hand: Hand) -> None:
    cell = hand.make("LFP-CELL", until="BAKE")
    for _ in range(3):
        hand.ask(cell, "CAN")
    denial = Permit.objects.get(serial=cell, verdict="DENY")
    assert denial.asked_count == 3
    assert denial.asked_last_at
    # Other reasons, or a while later: a new row.
    hand.ask(cell, "CAN", recipe="LFP-314/CAN/v9")
    hand.ask(cell, "CAN")
    Permit.objects.filter(serial=cell).update(decided_at=timezone.now() - timedelta(minutes=11))
    hand.ask(cell, "CAN")
    assert Permit.objects.filter(serial=cell, verdict="DENY").count() == 4


def test_the_only_operation_of_a_station_need_not_be_named(hand: Hand) -> None:
    answer = hand.post("stations/WIND-1/permits", {"serial": hand.serial("JRL")}, "WIND-1").json()
    assert (answer["operation"], answer["verdict"]) == ("WIND", "ALLOW")
    many = next(s for s in hand.plant.stations if len(s.operations) > 1)
    refused = hand.post(f"stations/{many.code}/permits", {"serial": hand.serial("JRL")}, many.code)
    assert (refused.status_code, refused.json()["code"]) == (422, MISSING_FIELD.code)


def test_a_unit_begins_under_the_released_order_with_its_recipes(hand: Hand) -> None:
    order = WorkOrder.objects.get(product__code="LFP-314")
    serial = hand.serial("JRL")
    answer = hand.ask(serial, "WIND")
    assert (answer["work_order"], answer["recipe"]) == (order.number, "LFP-314/WIND/v1")
    hand.run(serial, "WIND", **hand.inputs(next(s for s in hand.plant.products[0].steps if s.operation == "WIND")))
    assert Unit.objects.get(serial=serial).work_order == order
    # A newer recipe is for the next order: this one has frozen its own.
    product, operation = order.product, Operation.objects.get(code="WIND")
    Recipe.objects.create(product=product, operation=operation, version=2)
    other = hand.serial("JRL")
    wrong = hand.ask(other, "WIND", recipe="LFP-314/WIND/v2")
    assert reasons(wrong) == [WRONG_RECIPE.code]
    assert "expected: LFP-314/WIND/v1" in wrong["reasons"][0]["detail"]
    WorkOrder.objects.update(state=WorkOrderState.CLOSED)
    answer = hand.ask(other, "WIND", recipe="LFP-314/WIND/v2")
    assert (answer["verdict"], answer["work_order"], answer["recipe"]) == ("ALLOW", None, "LFP-314/WIND/v2")


def test_station_people_gauges_and_material_are_reasons_too(hand: Hand) -> None:
    now = timezone.now()
    hand.clock = now
    cell = hand.serial("CLF")
    weld = Station.objects.get(code=hand.station_of("WELD"))
    Station.objects.filter(pk=weld.pk).update(mode="MAINTENANCE")
    # The station's own gauge, and one of a channel.
    Gauge.objects.filter(station=weld).update(code="G-1", valid_until=now - timedelta(days=1))
    Gauge.objects.create(code="G-2", station=weld, channel="7", calibrated_at=now, valid_until=now - timedelta(days=1))
    step = RouteStep.objects.filter(operation__code="WELD", definition__design_code="CLF").latest("route__version")
    material = MaterialDefinition.objects.filter(tracking="LOT", pk__in=step.bill.values("material"))[0]
    other = MaterialDefinition.objects.filter(tracking="LOT").exclude(pk__in=step.bill.values("material"))[0]
    FeedPoint.objects.filter(station=weld).delete()
    for number, of, state in (("A", material, "BLOCKED"), ("B", other, "RELEASED")):
        lot = Lot.objects.create(
            supplier="S",
            number=number,
            material=of,
            material_code=of.code,
            state=state,
            expires_at=now - timedelta(hours=1),
            created_at=now,
        )
        point = FeedPoint.objects.create(station=weld, code=f"X-{number}")
        point.materials.add(material)
        Mounting.objects.create(
            feed_point=point, lot=lot, material_code=of.code, mounted_at=now, received_at=now, mounted_by="person:x"
        )
    Operation.objects.filter(code="WELD").update(needs_certification=True)
    denied = hand.ask(cell, "WELD", channel="7", operator="nobody")
    assert reasons(denied) == [
        GAUGE_OVERDUE.code,
        CHANNEL_OVERDUE.code,
        OPERATOR_UNKNOWN.code,
        NOT_IN_PRODUCTION.code,
        MOUNTED_WRONG.code,
        MOUNTED_EXPIRED.code,
        MOUNTED_NOT_RELEASED.code,
    ]
    assert denied["retry_after_s"] is None
    who = [OPERATOR_MISSING, NOT_CERTIFIED, CERTIFICATION_EXPIRED]
    Certification.objects.filter(person__username="op.sato", operation__code="WELD").update(
        valid_until=now - timedelta(days=1)
    )
    for name, code in zip(("", "op.yamamoto", "op.sato"), who, strict=True):
        assert code.code in reasons(hand.ask(cell, "WELD", operator=name))
    stored = Permit.objects.filter(serial=cell).latest("id")
    assert codes(replay(stored.facts)) == stored.reasons


def test_time_grade_gate_sample_and_a_later_hold(hand: Hand) -> None:
    steps = {s.operation.code: s for s in RouteStep.objects.filter(definition__code="LFP-CELL")}
    rules: dict[str, dict[str, Any]] = {
        "FORM": {"wait_from": steps["FILL"], "min_wait_s": 86_400},
        "OCV2": {"max_wait_s": 172_800},
        "SORT": {"grades": ["A", "B"]},
    }
    for operation, data in rules.items():
        RouteStep.objects.filter(pk=steps[operation].pk).update(**data)
    cell = hand.make("LFP-CELL", until="FORM")
    early = hand.ask(cell, "FORM")
    assert reasons(early) == [TOO_EARLY.code]
    assert 80_000 < early["retry_after_s"] <= 86_400
    unit = Unit.objects.get(serial=cell)
    sample = Sample.objects.create(
        code="S-1", unit=unit, operation="WELD", waits_at="FORM", taken_at=timezone.now(), taken_by="person:q"
    )
    both = hand.ask(cell, "FORM")
    assert reasons(both) == [TOO_EARLY.code, SAMPLE_WAITING.code]
    assert both["retry_after_s"] is None
    Sample.objects.filter(pk=sample.pk).update(state="PASSED")
    hold = hold_unit(unit.pk, reason="later", by="person:q", now=timezone.now())
    Hold.objects.filter(pk=hold.pk).update(at_operation="OCV1")
    for operation in ("FORM", "DEGAS", "AGE"):
        step = hand.step(cell, operation)
        assert step
        more = hand.inputs(step) | ({"tray": "T-0001", "slot": 1} if step.by_tray else {})
        answer = hand.run(cell, operation, **more)
    hand.waited[cell] += timedelta(days=3)
    late = hand.ask(cell, "OCV1")
    assert reasons(late) == [HELD.code]
    assert f"hold {hold.pk}" in late["reasons"][0]["detail"]
    HoldUnit.objects.filter(hold=hold).update(released_at=timezone.now())
    hand.run(cell, "OCV1", tray="T-0001", slot=1)
    hand.waited[cell] += timedelta(days=3)
    assert reasons(hand.ask(cell, "OCV2")) == [TOO_LATE.code]
    hand.waited[cell] -= timedelta(days=3)
    hand.run(cell, "OCV2", tray="T-0001", slot=1)
    hand.run(cell, "GRADE", tray="T-0001", slot=1, grade="C")
    assert reasons(hand.ask(cell, "SORT-M")) == [GRADE_NOT_ALLOWED.code]
    # A gate waits for the charts.
    Unit.objects.filter(pk=unit.pk).update(grade="A")
    RouteStep.objects.filter(pk=steps["SORT"].pk).update(is_gate=True)
    gate = hand.ask(cell, "SORT-M")
    assert (reasons(gate), gate["retry_after_s"]) == ([NOT_CONTAINED.code], 1)
    hand.contain(cell)
    answer = hand.run(cell, "SORT-M")
    assert answer["disposition"] == "COMPLETE"
    assert reasons(hand.ask(cell, "SORT")) == [ALREADY_DONE.code, NOT_CONTAINED.code]


def test_what_was_answered_until_a_time_and_why(hand: Hand) -> None:
    cell = hand.make("LFP-CELL", until="BAKE")
    hand.ask(cell, "CAN")
    between = timezone.now()
    last = hand.ask(cell, "BAKE")
    newest = hand.get(f"units/{cell}/permits", limit=2).json()
    assert [item["verdict"] for item in newest["items"]] == ["ALLOW", "DENY"]
    before = hand.get(f"units/{cell}/permits", as_of=between.isoformat()).json()["items"]
    assert (before[0]["operation"], before[0]["verdict"]) == ("CAN", "DENY")
    assert hand.get(f"units/{cell}/permits", as_of="yesterday").status_code == 400
    shown = hand.get(f"permits/{before[0]['permit']}").json()
    assert shown["reasons"] == shown["replayed"]["reasons"]
    assert shown["facts"]["visits"]["CAN"][0] == 1
    assert hand.get(f"permits/{last['permit']}").json()["replayed"] == {"verdict": "ALLOW", "reasons": []}
    assert hand.get("permits/999999999").status_code == 404
