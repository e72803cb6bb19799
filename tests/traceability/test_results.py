"""What becomes of a posted result: record, measurements with their verdict, the unit's way, deviations."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from lines import errors as l_errors
from lines.models import Event, Measurement, OperationRecord, Pending
from lines.records.content import MEASUREMENT_FIELDS, RECORD_FIELDS, content_sha256
from quality.models import CharacteristicLimits
from tests.traceability.conftest import Hand
from traceability import errors
from traceability.feeding.errors import MATERIAL_NOT_NAMED
from traceability.holds.services import hold_unit
from traceability.models import GenealogyLink, Hold, Lot, Nonconformance, Permit, TrayPlacement, Unit
from traceability.units.models import LotState


def codes(answer: dict[str, Any]) -> list[str]:
    return [deviation["code"] for deviation in answer["deviations"]]


def test_a_result_is_stored_and_judged(hand: Hand) -> None:
    jelly = hand.serial("JRL")
    step = hand.step(jelly, "WIND")
    assert step
    measurements = hand.values(jelly, "WIND", WIN_01=2.5)  # above 1.9
    answer = hand.run(jelly, "WIND", measurements=measurements, **hand.inputs(step))
    assert answer["machine_outcome"] == "PASS"
    assert answer["verdict"] == "FAIL"  # our limits have the last word
    assert answer["is_conforming"]
    assert answer["disposition"] == "SCRAP"
    assert answer["next_operation"] is None
    overhang = next(m for m in answer["measurements"] if m["code"] == "WIN-01")
    assert (overhang["lsl"], overhang["usl"], overhang["judgement"]) == (0.5, 1.9, "FAIL_HIGH")
    record = OperationRecord.objects.get(pk=answer["record"])
    assert (record.serial, record.product, record.attempt, record.station.code) == (jelly, "LFP-314", 1, "WIND-1")
    stored = {m.characteristic: m for m in Measurement.objects.filter(record=record)}
    assert len(stored) == len(measurements)
    assert stored["WIN-01"].limits_version is not None
    limits = CharacteristicLimits.objects.get(pk=stored["WIN-01"].limits_version)
    assert (limits.characteristic.code, limits.product.code) == ("WIN-01", "LFP-314")
    assert Pending.objects.filter(record=record).count() == 1
    event = Event.objects.get(kind="RECORD", payload__record=record.pk)
    assert event.payload["verdict"] == "FAIL"
    assert Permit.objects.get(serial=jelly).used_by == record
    assert Unit.objects.get(serial=jelly).state == "SCRAPPED"
    assert Nonconformance.objects.get(record=record).codes == ["WIN-01"]
    assert Unit.objects.get(serial=jelly).inputs.count() == 3


def test_the_content_hash_can_be_computed_again_from_the_stored_rows(hand: Hand) -> None:
    answer = hand.run(hand.serial("SLA"), "MIX-A", recipe="R 7", mass_kg=600.5)
    record = OperationRecord.objects.select_related("station").get(pk=answer["record"])
    content = {name: getattr(record, name) for name in RECORD_FIELDS} | {"station": record.station.code}
    measurements = [
        {name: getattr(m, name) for name in MEASUREMENT_FIELDS}
        for m in Measurement.objects.filter(record=record).order_by("sequence")
    ]
    assert content_sha256(content, measurements) == record.content_sha256
    measurements[0]["value"] += 1e-9
    assert content_sha256(content, measurements) != record.content_sha256


def test_derived_characteristics_come_from_the_posted_ones(hand: Hand) -> None:
    cell = hand.make("LFP-CELL", until="OCV2")
    measurements = hand.values(cell, "OCV2", OCV_01=3.2100, OCV_R2=3.2064, OCV_RT=72.0)
    answer = hand.run(cell, "OCV2", measurements=measurements, tray="T-1", slot=3)
    k_value = next(m for m in answer["measurements"] if m["code"] == "OCV-02")
    assert k_value["is_derived"]
    assert k_value["value"] == pytest.approx(3.6 / 72)
    assert k_value["judgement"] == "PASS"
    assert Measurement.objects.get(record=answer["record"], characteristic="OCV-02").limits_version
    placement = TrayPlacement.objects.get(record=answer["record"])
    assert (placement.tray, placement.slot) == ("T-1", 3)


def test_a_failed_visit_is_reworked_as_often_as_the_route_allows_then_held_or_scrapped(hand: Hand) -> None:
    cell = hand.make("LFP-CELL", until="FILL")
    inputs = hand.inputs(hand.step(cell, "FILL"))  # type: ignore[arg-type]  # the route has it
    first = hand.run(cell, "FILL", "FAIL", reason_codes=["FIL-LOW"], **inputs)
    assert (first["disposition"], first["next_operation"], first["attempt"]) == ("REWORK", "FILL", 1)
    second = hand.run(cell, "FILL", "FAIL", reason_codes=["FIL-LOW"], **inputs)
    assert (second["disposition"], second["next_operation"], second["attempt"]) == ("HOLD", "FILL", 2)
    assert second["is_conforming"]
    reasons = [reason["code"] for reason in hand.ask(cell, "FILL")["reasons"]]
    assert reasons == [errors.HELD.code, errors.MAX_PASSES.code]
    unit = hand.get(f"units/{cell}").json()
    assert unit["is_held"]
    assert [r["attempt"] for r in unit["records"] if r["operation"] == "FILL"] == [1, 2]
    assert "Failed FILL" in unit["holds"][0]["reason"]


def test_a_fact_is_never_refused(hand: Hand) -> None:
    """Entry would have been denied on many grounds: stored all the same, with every code, and the unit is held."""
    cell = hand.make("LFP-CELL", until="BAKE")
    answer = hand.tell(hand.body(cell, "FORM", tray="T-2", slot=1, channel="C-1"))
    assert answer.status_code == 201
    told = answer.json()
    assert codes(told) == [errors.WRONG_STEP.code, errors.EARLIER_MISSING.code, errors.NO_PERMIT.code]
    assert not told["is_conforming"]
    assert told["verdict"] == "PASS"
    assert told["disposition"] == "HOLD"
    assert told["next_operation"] == "BAKE"  # what is missing stays missing
    assert Hold.objects.get(unit__serial=cell).reason.startswith("Recorded, not conforming: MES-T-0006")
    assert Nonconformance.objects.get(record=told["record"]).codes == codes(told)
    # Its later result is a fact as well, and says that the unit was held.
    later = hand.tell(hand.body(cell, "BAKE", tray="T-2", slot=1)).json()
    assert errors.HELD.code in codes(later)


@pytest.mark.parametrize("took_s", [0, 60])
def test_a_hold_after_the_permit_is_no_deviation_but_keeps_the_unit(hand: Hand, took_s: int) -> None:
    """However long placing it took, and so whether it began before the permit."""
    cell = hand.make("LFP-CELL", until="BAKE")
    assert hand.ask(cell, "BAKE")["verdict"] == "ALLOW"
    unit = Unit.objects.get(serial=cell)
    hold_unit(unit.pk, reason="recall", by="person:q", now=timezone.now() - timedelta(seconds=took_s))
    told = hand.tell(hand.body(cell, "BAKE", tray="T-2", slot=1)).json()
    assert told["is_conforming"]
    assert told["disposition"] == "HOLD"
    assert told["next_operation"] == "FILL"


def test_unknown_inputs_are_kept_as_first_seen_and_never_dropped(hand: Hand) -> None:
    jelly = hand.serial("JRL")
    ghost_roll, ghost_lane = hand.serial("RLC"), "NOT A SERIAL"
    hand.ask(jelly, "WIND")
    told = hand.tell(
        hand.body(
            jelly,
            "WIND",
            ranges=[
                {"serial": ghost_roll, "lane": 2, "from_m": 10, "to_m": 25.75},
                {"serial": ghost_lane, "from_m": 0, "to_m": 1},
            ],
            consumed=[
                {"material": "SEPARATOR", "supplier": "ACME", "lot": "GHOST", "quantity": 34, "unit": "m"},
                {"material": "PIXIE-DUST", "supplier": "ACME", "lot": "P1", "quantity": 1, "unit": "g"},
            ],
        )
    ).json()
    assert set(codes(told)) == {
        errors.COMPONENT_UNKNOWN.code,
        errors.COMPONENT_NOT_IN_BILL.code,
        errors.COMPONENT_MISSING.code,  # the anode lane
        errors.LOT_UNKNOWN.code,
        errors.MATERIAL_UNKNOWN.code,
    }
    links = {
        link["serial"] or link["lot"]["number"]: link for link in hand.get(f"units/{jelly}").json()["made_of"]["links"]
    }
    assert links.keys() == {ghost_roll, ghost_lane, "GHOST", "P1"}
    assert (links[ghost_roll]["lane"], links[ghost_roll]["from_m"], links[ghost_roll]["to_m"]) == (2, 10, 25.75)
    assert Unit.objects.filter(serial=ghost_roll, definition__code="CATHODE-LANE").exists()
    assert Unit.objects.get(serial=ghost_lane).definition is None
    assert Lot.objects.get(number="P1").material_code == "PIXIE-DUST"
    assert Lot.objects.get(number="GHOST").state == LotState.UNKNOWN


def _weld(hand: Hand, cell: str, jellies: list[str], **more: Any) -> dict[str, Any]:
    components = [{"serial": serial, "position": n + 1} for n, serial in enumerate(jellies)]
    hand.ask(cell, "WELD")
    body = hand.body(cell, "WELD", components=components, **{"consumed": [hand.lot("LID-LFP")], **more})
    answer: dict[str, Any] = hand.tell(body).json()
    return answer


def test_components_that_should_not_be_there(hand: Hand) -> None:
    good = hand.make("LFP-JELLY")
    assert codes(_weld(hand, hand.serial("CLF"), [good])) == []
    assert Unit.objects.get(serial=good).state == "CONSUMED"
    assert codes(_weld(hand, hand.serial("CLF"), [good])) == [errors.COMPONENT_TAKEN.code]
    assert GenealogyLink.objects.filter(input_unit__serial=good).count() == 2
    scrapped = hand.make("LFP-JELLY", until="WIND")
    inputs = hand.inputs(hand.step(scrapped, "WIND"))  # type: ignore[arg-type]  # the route has it
    assert hand.run(scrapped, "WIND", "FAIL", **inputs)["disposition"] == "SCRAP"
    assert codes(_weld(hand, hand.serial("CLF"), [scrapped])) == [errors.COMPONENT_SCRAPPED.code]
    assert Unit.objects.get(serial=scrapped).state == "SCRAPPED"
    held = hand.make("LFP-JELLY")
    unit = Unit.objects.get(serial=held)
    hold_unit(unit.pk, reason="recall", by="person:q", now=timezone.now())
    assert codes(_weld(hand, hand.serial("CLF"), [held])) == [errors.COMPONENT_HELD.code]
    cell = hand.make("LFP-CELL", until="CAN")
    assert codes(_weld(hand, hand.serial("CLF"), [cell])) == [
        errors.COMPONENT_NOT_IN_BILL.code,
        errors.COMPONENT_NOT_READY.code,
        errors.COMPONENT_MISSING.code,
    ]


def test_lots_that_should_not_be_there(hand: Hand) -> None:
    def lid(number: str, material: str = "LID-LFP") -> dict[str, Any]:
        return {"material": material, "supplier": "ACME", "lot": number, "quantity": 1, "unit": "pcs"}

    def weld_with(lot: dict[str, Any]) -> list[str]:
        return codes(_weld(hand, hand.serial("CLF"), [hand.make("LFP-JELLY")], consumed=[lot]))

    hand.receive("LID-LFP", "OLD", expires_at=hand.clock - timedelta(days=1))
    assert weld_with(lid("OLD")) == [errors.LOT_EXPIRED.code]
    hand.receive("LID-LFP", "BLOCKED")
    Lot.objects.filter(number="BLOCKED").update(state=LotState.BLOCKED)
    assert weld_with(lid("BLOCKED")) == [errors.LOT_NOT_RELEASED.code]
    hand.receive("CAN-LFP", "CANS")
    assert weld_with(lid("CANS")) == [errors.LOT_OTHER_MATERIAL.code]
    assert weld_with(lid("CANS", "CAN-LFP")) == [
        errors.MATERIAL_NOT_IN_BILL.code,
        MATERIAL_NOT_NAMED.code,  # the lid
    ]


def test_pass_without_a_required_measurement_does_not_conform(hand: Hand) -> None:
    slurry = hand.serial("SLC")
    hand.ask(slurry, "MIX-C")
    measurements = [m for m in hand.values(slurry, "MIX-C") if m["code"] != "MIX-04"]
    inputs = hand.inputs(hand.step(slurry, "MIX-C"))  # type: ignore[arg-type]  # the route has it
    told = hand.tell(hand.body(slurry, "MIX-C", measurements=measurements, **inputs)).json()
    assert [(d["code"], d["detail"]) for d in told["deviations"]] == [(errors.MEASUREMENT_MISSING.code, "MIX-04")]


def test_serials_are_normalised_once_and_answered_in_their_canonical_form(hand: Hand) -> None:
    slurry = hand.serial("SLA")
    wide = f" {slurry.lower()}\n".translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789abcdefghijklmnopqrstuvwxyz"})
    assert hand.ask(wide, "MIX-A")["serial"] == slurry
    inputs = hand.inputs(hand.step(slurry, "MIX-A"))  # type: ignore[arg-type]  # the route has it
    body = hand.body(wide, "MIX-A", measurements=hand.values(slurry, "MIX-A"), **inputs)
    assert hand.tell(body).json()["is_conforming"]
    assert hand.get(f"units/{wide.strip()}").json()["serial"] == slurry


def test_a_repeat_gets_the_first_answer(hand: Hand) -> None:
    body = hand.body(hand.serial("SLA"), "MIX-A")
    first = hand.tell(body, "K-1")
    again = hand.tell(body, "K-1")
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert OperationRecord.objects.count() == 1
    other = hand.tell(body | {"recipe": "another"}, "K-1")
    assert (other.status_code, other.json()["code"]) == (422, l_errors.KEY_REUSED.code)
    # The key is the station's own: another station may use the same.
    assert hand.tell(hand.body(hand.serial("JRL"), "WIND"), "K-1").status_code == 201


def test_passed_is_what_the_last_test_said(hand: Hand) -> None:
    """A pack that is only assembled has passed no test; one that failed has not until the test is repeated."""

    def listed(state: str) -> bool:
        return pack in {unit["serial"] for unit in hand.get("units", kind="pack", state=state).json()["items"]}

    pack = hand.make("LFP-PACK", until="EOL")
    assert not listed("passed")
    assert not listed("failed")
    assert hand.run(pack, "EOL", "FAIL")["next_operation"] == "PACK"
    assert listed("failed")
    # The repeat takes in nothing again, and nothing is missing.
    assert hand.run(pack, "PACK")["is_conforming"]
    assert listed("failed")
    hand.run(pack, "EOL")
    assert listed("passed")


def test_a_pass_without_the_units_of_the_bill_is_a_deviation(hand: Hand) -> None:
    pack = hand.serial("PLF")
    step = hand.step(pack, "PACK")
    assert step
    inputs = hand.inputs(step)
    told = hand.run(pack, "PACK", consumed=inputs["consumed"])
    assert codes(told) == [errors.COMPONENT_MISSING.code]
    assert told["deviations"][0]["detail"] == "LFP-CELL"
    assert (told["verdict"], told["disposition"]) == ("PASS", "HOLD")
    failed = hand.run(hand.serial("PLF"), "PACK", "FAIL")
    assert failed["is_conforming"]  # it may have stopped before anything was built in


def test_an_expiry_at_the_end_of_the_calendar_is_refused(hand: Hand) -> None:
    response = hand.receive("NMP", "FOREVER", datetime(9999, 12, 31, 23, tzinfo=UTC))
    assert (response.status_code, response.json()["code"]) == (422, l_errors.BAD_TIME.code)
    assert "leave it out" in response.json()["detail"]
    assert hand.receive("NMP", "LONG", datetime(9000, 12, 31, tzinfo=UTC)).status_code == 201
