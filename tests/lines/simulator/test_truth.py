"""A whole small plant, both products up to tested packs: the truth holds together and equals what the MES was told."""

import asyncio
import time
from collections import Counter, defaultdict
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from lines.orders.serials import parse_serial
from lines.simulator.nodes import measured
from lines.simulator.routes import ROLL
from tests.lines.simulator.mes_stub import MesStub
from tests.lines.simulator.runs import Run, products_with_a_pack
from tests.plants import small_plant

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("truth")
    plant = small_plant(folder)
    run = Run(folder, plant, MesStub(plant))
    asyncio.run(run.until(lambda mes: len(products_with_a_pack(mes)) == 2))
    return run


@pytest.fixture(scope="module")
def truth(run: Run) -> list[dict[str, Any]]:
    return run.truth


def _of(truth: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [entry for entry in truth if entry["type"] == kind]


def _value(result: dict[str, Any], code: str) -> float:
    return float(next(m["value"] for m in result["measurements"] if m["code"] == code))


def test_the_truth_is_what_was_posted(run: Run, truth: list[dict[str, Any]]) -> None:
    told = {(r["station"], r["key"], r["serial"]): r for r in _of(truth, "result")}
    seen = set()
    for station, key, body in run.mes.posts:
        for item in body.get("items", [body]):
            entry = told[station, key, item["serial"]]
            seen.add((station, key, item["serial"]))
            assert entry["outcome"] == item["outcome"]
            assert entry["finished_at"] == body["finished_at"]
            assert entry["measurements"] == item["measurements"]
            assert (entry.get("tray"), entry.get("slot"), entry.get("channel")) == (
                body.get("tray"),
                item.get("slot"),
                item.get("channel"),
            )
    in_flight = told.keys() - seen  # told as it was sent, when the simulator was stopped
    assert len(in_flight) <= 60
    links = defaultdict(list)
    for link in _of(truth, "link"):
        links[link["output"]].append(link)
    for _, _, body in run.mes.posts:
        for item in body.get("items", [body]):
            for component in item.get("components", []):
                assert any(
                    link.get("input_serial") == component["serial"] and link["position"] == component["position"]
                    for link in links[item["serial"]]
                )
            for lot in item.get("consumed", []):
                assert any(link.get("lot", {}).get("number") == lot["lot"] for link in links[item["serial"]])


def test_every_unit_has_a_true_serial_and_goes_its_route_in_order(run: Run, truth: list[dict[str, Any]]) -> None:
    units = {u["serial"]: u for u in _of(truth, "unit")}
    assert len(units) == len(_of(truth, "unit"))
    last: dict[str, tuple[int, datetime]] = {}
    skipped = {p["serial"] for p in _of(truth, "planted") if p["what"] == "nonconforming"}
    for result in _of(truth, "result"):
        unit = units[result["serial"]]
        route = run.mes.plant.routes[unit["product"]]
        parse_serial(result["serial"])
        step = route.named(unit["definition"], result["operation"])
        assert step is not None
        started, finished = (datetime.fromisoformat(result[name]) for name in ("started_at", "finished_at"))
        assert started <= finished <= datetime.now(started.tzinfo)
        if result["serial"] in last and result["serial"] not in skipped:
            sequence, before = last[result["serial"]]
            is_rework = result["attempt"] > 1
            assert step.sequence > sequence or is_rework
            slow_clock_s = 240
            assert (started - before).total_seconds() >= -slow_clock_s - 1
        last[result["serial"]] = step.sequence, finished


def test_no_metre_no_piece_and_no_slot_is_used_twice(run: Run, truth: list[dict[str, Any]]) -> None:
    units = {u["serial"]: u for u in _of(truth, "unit")}
    length = {r["serial"]: r["length_m"] for r in _of(truth, "result") if r["length_m"]}
    ranges = defaultdict(list)
    pieces: dict[str, str] = {}
    mass: dict[str, float] = defaultdict(float)
    for link in _of(truth, "link"):
        serial = link.get("input_serial")
        if not serial:
            assert link["quantity"] > 0
        elif link["from_m"] is not None:
            ranges[serial, link["lane"]].append((link["from_m"], link["to_m"]))
            assert abs(link["true_from_m"] - link["from_m"]) <= link["delta_m"]
        elif link["quantity"] is not None:
            mass[serial] += link["quantity"]
        else:
            assert pieces.setdefault(serial, link["output"]) == link["output"], "one piece in two places"
    for cut in _of(truth, "cut"):
        ranges[cut["serial"], cut.get("lane")].append((cut["from_m"], cut["to_m"]))
    assert ranges
    for (serial, _lane), used in ranges.items():
        used.sort()
        assert all(a_to <= b_from for (_, a_to), (b_from, _) in pairwise(used)), f"{serial}: metres used twice"
        assert used[0][0] >= 0 and used[-1][1] <= length[serial] * 1.0001
    made_kg = {r["serial"]: r["mass_kg"] for r in _of(truth, "result") if r["mass_kg"]}
    assert all(kg <= made_kg[serial] * 1.001 for serial, kg in mass.items())
    # A roll made of a roll has its length, stretched by the calender.
    wound: dict[str, float] = defaultdict(float)
    for link in _of(truth, "link"):
        route = run.mes.plant.routes[units[link["output"]]["product"]]
        if link["from_m"] is not None and route.definitions[units[link["output"]]["definition"]].tracking == ROLL:
            wound[link["output"]] += link["to_m"] - link["from_m"]
    assert wound
    assert all(0.999 < length[serial] / metres < 1.01 for serial, metres in wound.items())
    slots: dict[tuple[str, int, str], set[str]] = defaultdict(set)
    for result in _of(truth, "result"):
        if "slot" in result:
            place = (result["tray"], result["slot"], result["key"])
            assert not slots[place]
            slots[place].add(result["serial"])
            route = run.mes.plant.routes[units[result["serial"]]["product"]]
            assert 1 <= result["slot"] <= route.product.tray_slots


def test_channels_and_trays_hold_one_cell_at_a_time(truth: list[dict[str, Any]]) -> None:
    busy = defaultdict(list)
    for result in _of(truth, "result"):
        if "slot" in result:
            when = (result["started_at"], result["finished_at"])
            busy["tray", result["tray"], result["slot"]].append((*when, result["serial"]))
            if "channel" in result:
                busy["channel", result["channel"], 0].append((*when, result["serial"]))
    assert any(kind == "channel" for kind, _, _ in busy)
    for visits in busy.values():
        visits.sort()
        assert all(a[1] <= b[0] for a, b in pairwise(visits))


def test_the_physics_agree_with_each_other(run: Run, truth: list[dict[str, Any]]) -> None:
    results: dict[str, dict[str, Any]] = defaultdict(dict)
    for result in _of(truth, "result"):
        results[result["serial"]][result["operation"]] = result
    parts = defaultdict(list)
    removed = {part["serial"] for part in _of(truth, "removed")}
    for link in _of(truth, "link"):
        if link.get("input_serial") and link["input_serial"] not in removed:
            parts[link["output"]].append(link["input_serial"])
    graded = packed = 0
    for serial, visits in results.items():
        second, first = visits.get("OCV2"), visits.get("OCV1")
        # A cell that failed grading is measured again from OCV1 on: the run may end between the two.
        if second and first and first["finished_at"] <= second["started_at"]:
            assert _value(second, "OCV-01") == _value(first, "OCV-01")
            k = 1000 * (_value(first, "OCV-01") - _value(second, "OCV-R2")) / _value(second, "OCV-RT")
            assert -0.01 < k < 0.12
        if "GRADE" in visits and "FORM" in visits:
            graded += 1
            grade = visits["GRADE"]
            charged = _value(grade, "FOR-03") + _value(grade, "GRA-RC")
            assert 87 < 100 * _value(grade, "GRA-01") / charged < 93.5
            assert _value(grade, "GRA-02") / _value(grade, "GRA-01") == pytest.approx(3.21, rel=0.003)
        if "DEGAS" in visits and visits["DEGAS"]["attempt"] == 1 and visits["FILL"]["attempt"] == 1:
            fills = [
                x["quantity"]
                for x in _of(truth, "link")
                if x["output"] == serial and x.get("lot", {}).get("material") == "ELECTROLYTE-LFP"
            ]
            assert 1000 * sum(fills) - 6 == pytest.approx(_value(visits["DEGAS"], "FOR-06"), abs=2)
        if "PACK" in visits and "EOL" in visits:
            packed += 1
            cells = [results[cell]["GRADE"] for cell in parts[serial]]
            capacities = [_value(cell, "GRA-01") for cell in cells]
            assert _value(visits["PACK"], "SOR-01") == pytest.approx(max(capacities) - min(capacities), abs=1e-3)
            joints = [m["value"] for m in visits["PACK"]["measurements"] if m["code"] == "PAC-02"]
            assert len(joints) == run.mes.plant.routes["LFP-314"].cells_per_pack + 1
    assert graded >= 8
    assert packed >= 2


def test_the_plantings_happened(run: Run, truth: list[dict[str, Any]]) -> None:
    planted = {p["what"]: p for p in _of(truth, "planted")}
    assert planted.keys() >= {"clock_fault", "nonconforming", "expired_lot", "spc_drift", "telemetry_missing"}
    results = defaultdict(list)
    for result in _of(truth, "result"):
        results[result["serial"]].append(result)
    rework = next(v for s, v in results.items() if parse_serial(s).design == "CLF" and parse_serial(s).sequence == 3)
    assert [(r["operation"], r["outcome"], r["attempt"]) for r in rework[:2]] == [
        ("WELD", "FAIL", 1),
        ("WELD", "PASS", 2),
    ]
    assert rework[0]["reason_codes"] == ["WEL-RES"]
    bypassed = results[planted["nonconforming"]["serial"]]
    assert [r["operation"] for r in bypassed] == ["WELD", "FILL"]
    assert run.mes.permits["DENY"] >= 1
    lot = planted["expired_lot"]["lot"]
    received = run.mes.lots[lot["supplier"], lot["number"]]
    consumed = next(r for r in results[planted["expired_lot"]["serial"]] if r["operation"] == "CAN")
    assert received["expires_at"] < consumed["finished_at"]
    first, last = planted["spc_drift"]["cells"]
    fills = {
        parse_serial(s).sequence - 1: _value(r, "FIL-01")
        for s, visits in results.items()
        for r in visits
        if r["operation"] == "FILL" and parse_serial(s).design == "CLF" and r["attempt"] == 1
    }
    drifted = [v for cell, v in fills.items() if first <= cell <= last]
    others = [v for cell, v in fills.items() if not first <= cell <= last]
    assert sum(drifted) / len(drifted) - sum(others) / len(others) == pytest.approx(2.7, abs=1.5)


def test_every_lot_was_received_before_it_was_used(run: Run) -> None:
    used = {
        (lot["supplier"], lot["lot"])
        for _, _, body in run.mes.posts
        for item in body.get("items", [body])
        for lot in item.get("consumed", [])
    }
    assert used
    assert used <= run.mes.lots.keys()


def test_no_source_time_lies_in_the_future_and_samples_are_counted(run: Run, truth: list[dict[str, Any]]) -> None:
    assert max(run.stamps) <= time.time()
    paths = {
        (station.code, signal.code): path
        for station in run.mes.plant.files.stations
        for path, signals in measured(station).items()
        for signal in signals
    }
    # The elements of an array are written together.
    counted = {paths[c["station"], c["signal"]]: c["count"] for c in _of(truth, "sample_count")}
    assert counted.keys() == run.values.keys()
    # What was written while the stub was connecting or in the last publishing interval is not seen by it.
    missed = {path: count - run.values[path] for path, count in counted.items()}
    assert min(missed.values()) >= 0
    assert max(missed.values()) <= 10, missed
    station = {s.code: s.opcua_server for s in run.mes.plant.files.stations}
    assert {station[path.split("/")[0]] for path in counted} == {"COATING", "ASSEMBLY", "FORMATION", "PACK"}


def test_it_stops_within_two_seconds(run: Run) -> None:
    assert run.stopped_in_s < 2


def test_rolls_have_marks_scans_splices_and_two_batches_where_they_meet(truth: list[dict[str, Any]]) -> None:
    webs = {web["serial"]: web for web in _of(truth, "web")}
    design = {serial: parse_serial(serial).design for serial in webs}
    coated = [serial for serial in webs if design[serial] == "RCC"]
    assert coated
    counted = {r["serial"]: r for r in _of(truth, "result")}
    for serial in coated:
        web, length = webs[serial], webs[serial]["length_m"]
        assert web["lanes"] == 4 and all(0 <= m["from_m"] <= m["to_m"] <= length for m in web["marks"])
        assert len(web["scans"]) == 2 * (length // 5)
        # The control chart's values are the gauge's: the mean of a lane in the pass that lies nearest.
        reading = next(m for m in counted[serial]["measurements"] if m["code"] == "COA-01")
        assert 18.7 <= reading["value"] <= 19.3
        nearest = min((s for s in web["scans"] if s["side"] == "A"), key=lambda s: abs(s["at_m"] - length / 16))
        assert reading["value"] == pytest.approx(sum(nearest["values"][:4]) / 4, abs=1e-4)
    links = defaultdict(list)
    for link in _of(truth, "link"):
        links[link["output"]].append(link)
    first = min(coated)
    batches = [link for link in links[first] if link.get("input_serial")]
    assert len(batches) == 2 and batches[0]["own_from_m"] == 0 and batches[1]["own_to_m"] == webs[first]["length_m"]
    assert 19 <= batches[0]["own_to_m"] - batches[1]["own_from_m"] <= 101
    foils = [link for link in links[first] if link.get("lot", {}).get("material") == "AL-FOIL"]
    assert [foil["own_from_m"] for foil in foils] == [0, foils[0]["own_to_m"]]
    assert any(m["code"] == "COA-SPLICE" and m["from_m"] == foils[0]["own_to_m"] for m in webs[first]["marks"])
    slit = [serial for serial in webs if design[serial] == "RLC"]
    cuts = Counter(cut["output"] for cut in _of(truth, "cut"))
    assert slit and cuts
    # Each cut ends a piece; one at the very start or end of a lane makes none more.
    assert all(0 <= cuts[serial] + 1 - len(links[serial]) <= 2 for serial in slit if links[serial][0]["lane"])
    assert any(len(links[serial]) >= 2 for serial in slit)


def test_the_reworked_pack_has_another_cell_in_the_place_of_one(truth: list[dict[str, Any]]) -> None:
    (part,) = _of(truth, "removed")
    pack = part["output"]
    tests = [r["outcome"] for r in _of(truth, "result") if r["serial"] == pack and r["operation"] == "EOL"]
    assert tests[:2] == ["FAIL", "PASS"]
    at = [link for link in _of(truth, "link") if link["output"] == pack and link["position"] == part["position"]]
    assert len(at) == 2 and at[0]["input_serial"] == part["serial"]
