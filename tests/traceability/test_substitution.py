"""A part replaced at rework: what was in the unit, what is in it now, and what becomes of the old part."""

from typing import Any

import pytest

from lines.models import OperationRecord
from tests.traceability.conftest import Hand
from traceability.errors import COMPONENT_HELD, COMPONENT_TAKEN
from traceability.models import LinkEnd, Nonconformance, Unit
from traceability.shipping import errors


@pytest.fixture
def pack(hand: Hand) -> tuple[str, list[str]]:
    """Failed its end-of-line test, so it is to be built again; with the cells in it."""
    step = hand.step(hand.serial("PLF"), "PACK")
    assert step
    inputs = hand.inputs(step)
    serial = hand.serial("PLF")
    hand.run(serial, "PACK", **inputs)
    assert hand.run(serial, "EOL", "FAIL")["next_operation"] == "PACK"
    return serial, [each["serial"] for each in inputs["components"]]


def inside(hand: Hand, serial: str) -> set[str]:
    links = hand.get(f"units/{serial}").json()["made_of"]["links"]
    return {link["serial"] for link in links if link["serial"]}


def test_both_histories_are_kept(hand: Hand, pack: tuple[str, list[str]]) -> None:
    serial, (old, kept) = pack
    new = hand.make("LFP-CELL")
    more: dict[str, Any] = {
        "components": [{"serial": new, "position": 1}],
        "removed": [{"serial": old, "position": 1, "reason": "Rests 12 mV low"}],
    }
    answer = hand.run(serial, "PACK", **more)
    assert answer["is_conforming"] and answer["attempt"] == 2, answer
    assert inside(hand, serial) == {kept, new}
    end = LinkEnd.objects.get()
    assert (end.link.input_unit.serial, end.link.output.serial) == (old, serial)  # type: ignore[union-attr]  # has one
    record = OperationRecord.objects.filter(serial=serial, operation="PACK").last()
    assert record and (end.record_id, end.at, end.reason) == (record.pk, record.source_time, "Rests 12 mV low")
    for each in (serial, old):
        told = hand.get(f"units/{each}/history").json()["taken_out"]
        assert [(row["part"], row["out_of"], row["reason"]) for row in told] == [(old, serial, "Rests 12 mV low")]
    out = Unit.objects.get(serial=old)
    assert (out.state, out.next_step_id) == ("COMPLETED", None)
    assert Unit.objects.get(serial=new).state == "CONSUMED"
    found = Nonconformance.objects.get(unit=out)
    assert found.codes == [errors.PART_REMOVED.code]
    assert out.held_by.filter(released_at=None).count() == 1
    # What it was in once is no hindrance; that nobody has decided about it is.
    again = [{"serial": old, "position": 1}]
    told = hand.tell(hand.body(hand.serial("PLF"), "PACK", components=again)).json()["deviations"]
    codes = {deviation["code"] for deviation in told}
    assert COMPONENT_HELD.code in codes and COMPONENT_TAKEN.code not in codes


def test_by_position_and_what_is_not_there(hand: Hand, pack: tuple[str, list[str]]) -> None:
    serial, (old, kept) = pack
    new = hand.make("LFP-CELL")
    # The new part is at the position too: it is the one from before that leaves.
    more: dict[str, Any] = {
        "components": [{"serial": new, "position": 2}],
        "removed": [{"position": 2, "reason": ""}, {"serial": new}, {"position": 9}],
    }
    answer = hand.tell(hand.body(serial, "PACK", **more)).json()
    (found,) = [d for d in answer["deviations"] if d["code"] == errors.PART_NOT_THERE.code]
    assert new in found["detail"] and "position 9" in found["detail"]
    assert inside(hand, serial) == {old, new}
    assert [end.link.input_unit.serial for end in LinkEnd.objects.all()] == [kept]  # type: ignore[union-attr]  # has one
    assert Unit.objects.get(serial=kept).state == "COMPLETED"
