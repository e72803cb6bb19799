"""Lists, one unit, one lot over the API; and that the answers are what the documentation says."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from rest_framework import serializers

from tests.traceability.conftest import Hand
from traceability import errors
from traceability.genealogy.services import NewLink, add_links
from traceability.holds.services import hold_unit
from traceability.interlock import permit_schemas as permits
from traceability.interlock import schemas as interlock
from traceability.lots import schemas as lots
from traceability.models import Lot, Unit
from traceability.units import schemas


def fits(shape: Any, answer: Any, path: str = "$") -> None:
    """The answer has the fields of the shape and no others, with values it takes."""
    if isinstance(shape, serializers.ListSerializer | serializers.ListField):
        assert isinstance(answer, list), path
        for item in answer:
            fits(shape.child, item, f"{path}[]")
    elif isinstance(shape, serializers.Serializer):
        if answer is None:
            assert shape.allow_null, path
            return
        needed = {name for name, field in shape.fields.items() if field.required}
        assert needed <= answer.keys() <= shape.fields.keys(), path
        for name, value in answer.items():
            fits(shape.fields[name], value, f"{path}.{name}")
    elif isinstance(shape, serializers.Field):
        if answer is None:
            assert shape.allow_null, path
        else:
            shape.run_validation(answer)


def test_the_documentation_is_complete_and_true(hand: Hand) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO())
    lane = hand.make("CATHODE-LANE")
    fits(schemas.UnitHistory(), hand.get(f"units/{lane}", depth=9).json())
    fits(schemas.UnitPage(), hand.get("units").json())
    lot = Lot.objects.get(number="LOT-NMP")
    fits(lots.LotHistory(), hand.get(f"lots/{lot.pk}").json())
    fits(lots.LotPage(), hand.get("lots").json())
    fits(lots.LotShape(), hand.receive("NMP", "N-2").json())
    station = hand.get("stations/FILL-1").json()
    fits(interlock.StationShape(), station)
    assert station["operations"] == ["FILL", "SOAK", "VISUAL"]
    fits(permits.PermitShape(), hand.ask(lane, "WIND"))
    told = hand.tell(hand.body(lane, "SLIT-C")).json()
    assert told["deviations"]
    fits(interlock.ResultShape(), told)
    for missing in ("stations/NOWHERE", "units/NOWHERE", "lots/999999"):
        response = hand.get(missing)
        assert response.status_code == 404
        fits(interlock.CodeShape(), response.json())


def test_units_are_listed_by_kind_product_and_state(hand: Hand) -> None:
    good, slurry = hand.make("LFP-JELLY"), hand.make("ZN-ELECTROLYTE")
    step = hand.step(good, "WIND")
    assert step
    scrapped = hand.serial("JRL")
    hand.run(scrapped, "WIND", "FAIL", **hand.inputs(step))
    held = Unit.objects.get(serial=slurry)
    hold_unit(held.pk, reason="recall", by="person:q", now=timezone.now())

    def listed(**query: Any) -> list[str]:
        return [item["serial"] for item in hand.get("units", **query).json()["items"]]

    assert listed(kind="jelly_roll") == [scrapped, good]
    assert listed(kind="jelly_roll", state="passed") == listed(kind="jelly_roll", state="failed") == []  # no tests
    assert listed(kind="jelly_roll", state="scrapped") == [scrapped]
    assert listed(kind="jelly_roll", state="completed", product="LFP-314") == [good]
    assert listed(product="ZNH-100") == listed(state="held") == [slurry]
    assert listed(kind="cell") == []
    for wrong in ({"kind": "lot"}, {"state": "happy"}, {"limit": "501"}, {"limit": "x"}, {"cursor": "%%"}):
        response = hand.get("units", **wrong)
        assert (response.status_code, response.json()["code"]) == (400, "MES-L-0007"), wrong


def test_pages_follow_each_other_without_a_gap(hand: Hand) -> None:
    serials = [hand.serial("SLA") for _ in range(7)]
    for serial in serials:
        hand.run(serial, "MIX-A")
    seen: list[str] = []
    cursor = ""
    while True:
        page = hand.get("units", kind="slurry_batch", limit=3, cursor=cursor).json()
        seen += [item["serial"] for item in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
        hand.run(hand.serial("SLA"), "MIX-A")  # newer units move nothing
    assert seen == serials[::-1]


def test_depth_walks_down_to_the_lots_and_a_loop_in_the_links_ends(hand: Hand) -> None:
    cell = hand.make("LFP-CELL", until="CAN")
    direct = hand.get(f"units/{cell}").json()["made_of"]["links"]
    assert {link["level"] for link in direct} == {1}
    whole = hand.get(f"units/{cell}", depth=12).json()["made_of"]["links"]
    assert {"GRAPHITE", "LFP-POWDER", "AL-FOIL", "SEPARATOR", "LID-LFP"} <= {link["material"] for link in whole}
    assert len({(link["record"], link["output"], link["serial"], str(link["lot"])) for link in whole}) == len(whole)
    slurry = next(link["serial"] for link in whole if link["material"] == "CATHODE-SLURRY")
    ahead = hand.get(f"units/{slurry}", depth=12).json()["used_in"]["links"]
    assert cell in {link["output"] for link in ahead}
    # Wrong data must not hang a query: the slurry is made of the cell.
    ids = dict(Unit.objects.values_list("serial", "id"))
    record = hand.get(f"units/{cell}").json()["records"][0]["record"]
    add_links([NewLink(ids[slurry], record, input_unit_id=ids[cell])])
    assert hand.get(f"units/{cell}", depth=12).status_code == 200
    lot = Lot.objects.get(number="LOT-GRAPHITE")
    assert hand.get(f"lots/{lot.pk}", kind="cell").json()["n_units"] == 1


def test_a_lot_shows_every_unit_it_went_into(hand: Hand) -> None:
    cells = [hand.make("LFP-CELL", until="CAN") for _ in range(2)]
    whole = hand.get(f"units/{cells[0]}", depth=12).json()["made_of"]["links"]
    lot = next(link["lot"]["id"] for link in whole if link["material"] == "NMP")
    first = hand.get(f"lots/{lot}", kind="cell", limit=1).json()
    assert first["n_units"] == 2
    second = hand.get(f"lots/{lot}", kind="cell", limit=1, cursor=first["units"]["next_cursor"]).json()
    found = [item["serial"] for page in (first, second) for item in page["units"]["items"]]
    assert found == cells[::-1]
    kinds = {item["kind"] for item in hand.get(f"lots/{lot}", limit=500).json()["units"]["items"]}
    assert kinds == {"slurry_batch", "roll", "jelly_roll", "cell"}


@pytest.mark.parametrize("path", ["units", "units/X", "lots", "lots/1", "stations/WIND-1"])
def test_reading_needs_a_token(hand: Hand, path: str) -> None:
    response = hand.client.get(f"/api/v1/{path}")
    assert (response.status_code, response.json()["code"]) == (401, "MES-L-0001")
    assert hand.get(path).status_code in (200, 404)


def test_not_found_names_its_code(hand: Hand) -> None:
    assert hand.get("units/NOWHERE").json()["code"] == errors.UNIT_NOT_FOUND.code
    assert hand.get("lots/999999").json()["code"] == errors.LOT_NOT_FOUND.code
    assert hand.get("stations/NOWHERE").json()["code"] == "MES-L-0220"
