"""Genealogy of the plant that ran is the truth: forward and backward, by lot, batch, roll and metre, both products."""

import random
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.e2e.conftest import Plant
from tests.e2e.web_truth import Piece, Web

pytestmark = pytest.mark.timeout(600)
RANGES = 24


@pytest.fixture(scope="session")
def web(plant: Plant) -> Web:
    serials = {serial for _, key, serial in plant.truth.results if key in plant.open_keys}
    return Web(plant.truth, frozenset(serials))


def used(plant: Plant, **start: Any) -> tuple[set[str], set[str]]:
    """Serials that where-used names, and those of them that are not certain."""
    found: set[str] = set()
    inferred: set[str] = set()
    query = {name: value for name, value in start.items() if value is not None} | {"limit": 500}
    while True:
        page = plant.get(f"/api/v1/where-used?{urlencode(query)}")
        found |= {unit["serial"] for unit in page["units"]}
        inferred |= {unit["serial"] for unit in page["units"] if unit["is_inferred"]}
        if page["next_cursor"] is None:
            return found, inferred
        query["cursor"] = page["next_cursor"]


def made_of(plant: Plant, serial: str) -> set[str]:
    found: set[str] = set()
    query: dict[str, Any] = {"direction": "made_of", "limit": 500}
    while True:
        page = plant.get(f"/api/v1/units/{serial}/genealogy?{urlencode(query)}")
        for link in page["links"]:
            lot = link["lot"]
            found.add(f"{lot['supplier']} {lot['number']}" if lot else link["serial"])
        if page["next_cursor"] is None:
            return found
        query["cursor"] = page["next_cursor"]


def units(plant: Plant, *definitions: str) -> list[str]:
    return [serial for serial, definition in plant.truth.definitions.items() if definition in definitions]


@pytest.mark.parametrize(
    "definitions",
    [("LFP-CONTAINER", "LFP-PACK", "LFP-CELL", "CATHODE-LANE"), ("ZN-CONTAINER", "ZN-PACK", "ZN-CELL", "ZN-STACK")],
)
def test_what_a_unit_is_made_of(plant: Plant, web: Web, definitions: tuple[str, ...]) -> None:
    asked = 0
    for definition in definitions:
        for serial in [s for s in units(plant, definition) if s not in web.without][:8]:
            answer = made_of(plant, serial)
            assert answer == web.behind(serial, may=True) >= web.behind(serial), serial
            asked += bool(answer)
    assert asked >= 12


def test_where_lots_batches_and_rolls_were_used(plant: Plant, web: Web) -> None:
    """Each of them, so also: what is said forward is what is said backward."""
    lots = {f"{row['supplier']} {row['number']}": row["id"] for row in plant.rows("select * from traceability_lot")}
    whole = 0
    for name in web.by_input:
        start = {"kind": "lot", "lot": lots[name]} if name in lots else {"kind": "unit", "serial": name}
        if name not in lots and plant.truth.definitions[name] in ("LFP-CELL", "ZN-CELL", "LFP-JELLY", "ZN-STACK"):
            continue
        answer = used(plant, **start)[0] - web.without
        of: Piece = (name, None, None, None)
        assert answer == web.ahead(of, may=True) - web.without, name
        whole += bool(answer)
    assert whole >= 30


def _metres(plant: Plant, web: Web) -> list[Piece]:
    """Each mark that the coater saw, and metres drawn over all coated rolls."""
    rolls = {s: plant.truth.webs[s] for s in units(plant, "CATHODE-ROLL", "ANODE-ROLL", "ZN-HOST-ROLL")}
    rolls = {serial: roll for serial, roll in rolls.items() if serial in web.by_input}
    found: list[Piece] = [
        (serial, mark.get("lane"), mark["from_m"], max(mark["to_m"], mark["from_m"] + 0.001))
        for serial, roll in rolls.items()
        for mark in roll["marks"]
    ]
    rng = random.Random(7)
    for serial, roll in rolls.items():
        for _ in range(RANGES):
            start = rng.uniform(0, roll["length_m"] - 20)
            lane = rng.choice([None, *range(1, roll["lanes"] + 1)])
            found.append((serial, lane, round(start, 3), round(start + rng.choice([0.05, 2, 15]), 3)))
    return found


def test_metres_of_a_coated_roll_lead_to_exactly_the_cells_cut_there(plant: Plant, web: Web) -> None:
    """Certain is what the posted metres say; near an end of them, what may be in it is named too: the true cells are
    always among them."""
    hit = exact = 0
    for piece in _metres(plant, web):
        serial, lane, from_m, to_m = piece
        answer, inferred = used(plant, kind="range", serial=serial, lane=lane, from_m=from_m, to_m=to_m)
        answer, inferred = answer - web.without, inferred - web.without
        assert answer - inferred == web.ahead(piece) - web.without, piece
        assert web.ahead(piece, true=True) - web.without <= answer == web.ahead(piece, may=True) - web.without, piece
        hit += bool(answer)
        exact += bool(answer) and not inferred
    assert hit >= 40 and exact >= 20


def test_marks_scans_and_cuts_stand_on_their_rolls(plant: Plant, web: Web) -> None:
    def rows(query: str) -> list[tuple[Any, ...]]:
        return sorted(tuple(row.values()) for row in plant.rows(query) if row["serial"] not in web.without)

    told = {serial: roll for serial, roll in plant.truth.webs.items() if serial not in web.without}
    marks = [
        (s, m["code"], m["from_m"], m["to_m"], m.get("side", "")) for s, r in told.items() for m in r.get("marks", [])
    ]
    stored = "select u.serial, m.code, m.from_m, m.to_m, m.side from traceability_rollmark m join traceability_unit u"
    assert rows(f"{stored} on u.id = m.roll_id") == sorted(marks)
    assert len(marks) > 20
    scans = [(s, c["side"], c["at_m"], c["values"]) for s, r in told.items() for c in r.get("scans", [])]
    stored = "select u.serial, c.side, c.at_m, c.values from traceability_rollscan c join traceability_unit u"
    assert rows(f"{stored} on u.id = c.roll_id") == sorted(scans)
    assert len(scans) > 500
    cuts = [
        (c["serial"], c["from_m"], c["to_m"], c["code"]) for c in plant.truth.cuts if c["output"] not in web.without
    ]
    found = plant.rows(
        "select u.serial, c.from_m, c.to_m, c.code, r.serial as output from traceability_rollcut c"
        " join traceability_unit u on u.id = c.roll_id join lines_operationrecord r on r.id = c.record_id"
    )
    assert sorted(tuple(row.values())[:4] for row in found if row["output"] not in web.without) == sorted(cuts)
    assert cuts


def test_a_replaced_cell_was_in_the_pack_and_is_not_any_more(plant: Plant, web: Web) -> None:
    removed = [part for part in plant.truth.removed if part["output"] not in web.without]
    assert removed
    for part in removed:
        links = plant.get(f"/api/v1/units/{part['output']}/genealogy?direction=made_of&depth=1")["links"]
        at = [link["serial"] for link in links if link["position"] == part["position"] and link["serial"]]
        sent = [
            link["input_serial"]
            for link in plant.truth.links
            if link["output"] == part["output"] and link["position"] == part["position"]
        ]
        assert sent[0] == part["serial"] and at == sent[1:]
        (row,) = plant.rows(
            "select u.state, e.reason, o.serial as output from traceability_linkend e"
            " join traceability_genealogylink l on l.id = e.link_id join traceability_unit u on u.id = l.input_unit_id"
            " join traceability_unit o on o.id = l.output_id where u.serial = %s",
            part["serial"],
        )
        assert row == {"state": "COMPLETED", "reason": part["reason"], "output": part["output"]}


def test_containers_stand_at_the_sites_they_were_shipped_to(plant: Plant) -> None:
    assert plant.truth.shipments
    for sent in plant.truth.shipments:
        shipment = plant.get(f"/api/v1/shipments/{sent['number']}")
        assert (shipment["site"], [unit["serial"] for unit in shipment["units"]]) == (sent["site"], [sent["serial"]])
        assert plant.get(f"/api/v1/units/{sent['serial']}")["state"] == "SHIPPED"
        assert any(each["definition"].endswith("-CELL") and each["n_units"] >= 8 for each in shipment["contents"])
