"""A plant's year in rows: slurry, coated, calendered and slit rolls, jelly rolls, cells, packs, written by COPY.

Geometry as on the line: 4 lanes, the calender turns a roll round and stretches it by half a percent, the slitter turns
it again; 15.75 m of a cathode lane and 16.3 m of an anode lane make a jelly roll, two of them a cell.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from django.db import connection
from django.utils import timezone

from lines.models import MaterialDefinition, Station
from lines.orders.serials import Serial, make_serial
from lines.records.copying import copy_rows

MADE_ON = date(2026, 11, 20)
STRETCH = 1.005
LANES = 4
CUT = (400.0, 404.0)  # metres of lane 2 of each calendered cathode roll, taken out at slitting
MARK = (402.0, 403.5)  # on that roll's axis
TAKEN = {"C": 15.75, "A": 16.3}
BATCHES = {"C": 490.0, "A": 290.0}  # kg of slurry a coated roll
LENGTH = {"C": 1000.0, "A": 1040.0}
_UNIT = ("id", "serial", "definition_id", "product_id", "state", "length_m", "lanes", "mass_kg", "created_at",
         "updated_at", "last_test_passed")  # fmt: skip
_LINK = ("id", "output_id", "record_id", "input_unit_id", "input_lot_id", "quantity", "uom", "position", "lane",
         "from_m", "to_m", "own_from_m", "own_to_m", "delta_m", "is_reversed", "basis")  # fmt: skip
_RECORD = ("id", "post_id", "station_id", "operation", "serial", "product", "attempt", "source_time", "received_at",
           "machine_outcome", "verdict", "is_conforming", "deviation_codes", "reason_codes", "recipe", "operator",
           "tray", "slot", "channel", "grade", "is_offline", "entered_by", "content_sha256")  # fmt: skip
_POST = ("id", "station_id", "key", "body_sha256", "received_at")
_LOT = ("id", "supplier", "number", "material_id", "material_code", "state", "created_at")
_MARK = ("roll_id", "record_id", "from_m", "to_m", "lane", "side", "y_mm", "code", "size_mm")
_CUT = ("roll_id", "record_id", "lane", "from_m", "to_m", "code")
_SCAN = ("roll_id", "record_id", "characteristic", "side", "at_m", "values", "gauge")
_PLACED = ("unit_id", "record_id", "tray", "slot", "channel", "source_time")


def _next(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"select coalesce(max(id), 0) + 1 from {table}")  # noqa: S608 - the test's own
        number: int = cursor.fetchone()[0]
        return number


@dataclass
class Wound:
    """What was made, by definition; serials in order."""

    serials: dict[str, list[str]] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    lots: dict[str, int] = field(default_factory=dict)  # by number
    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    clock: datetime = field(default_factory=lambda: timezone.now() - timedelta(days=40))

    def begin(self) -> None:
        self.definitions = {d.code: d for d in MaterialDefinition.objects.all()}
        self.stations = {code: station.pk for station in Station.objects.all() for code in _done_at(station)}
        tables = ("traceability_unit", "traceability_lot", "traceability_genealogylink", "lines_stationpost")
        self.numbers = {table: count(_next(table)) for table in (*tables, "lines_operationrecord")}
        self.sequence = count(_next("traceability_unit"))

    def put(self, table: str, *row: Any) -> None:
        self.rows.setdefault(table, []).append(row)

    def lot(self, material: str, number: str, supplier: str = "ACME") -> int:
        if number not in self.lots:
            self.lots[number] = next(self.numbers["traceability_lot"])
            definition = self.definitions[material]
            at = self.clock
            self.put("lot", self.lots[number], supplier, number, definition.pk, material, "RELEASED", at)
        return self.lots[number]

    def unit(self, code: str, *, state: str = "CONSUMED", length: float | None = None, lanes: int | None = None,
             mass: float | None = None, test: bool | None = None) -> int:  # fmt: skip
        definition = self.definitions[code]
        pk, self.clock = next(self.numbers["traceability_unit"]), self.clock + timedelta(seconds=20)
        serial = make_serial(Serial("SK", "1", definition.design_code, MADE_ON, next(self.sequence)))
        self.serials.setdefault(code, []).append(serial)
        self.ids[serial] = pk
        self.put("unit", pk, serial, definition.pk, definition.product_id, state, length, lanes, mass, self.clock,
                 self.clock, test)  # fmt: skip
        self.last = serial
        return pk

    def record(self, operation: str, serial: str, tray: str = "", slot: int | None = None, channel: str = "") -> int:
        pk, post = next(self.numbers["lines_operationrecord"]), next(self.numbers["lines_stationpost"])
        station, at = self.stations[operation], self.clock
        self.put("post", post, station, f"W-{post}", "0" * 64, at)
        self.put("record", pk, post, station, operation, serial, "LFP-314", 1, at, at + timedelta(seconds=1), "PASS",
                 "PASS", True, [], [], "", "", tray, slot, channel, "", False, "", "0" * 64)  # fmt: skip
        return pk

    def link(self, output: int, record: int, *, unit: int | None = None, lot: int | None = None,
             quantity: float | None = None, uom: str = "", position: int | None = None, lane: int | None = None,
             at: tuple[float, float] | None = None, own: tuple[float, float] | None = None, delta: float | None = None,
             is_reversed: bool = False, basis: str = "RECORDED") -> int:  # fmt: skip
        pk = next(self.numbers["traceability_genealogylink"])
        self.put("link", pk, output, record, unit, lot, quantity, uom, position, lane, *(at or (None, None)),
                 *(own or (None, None)), delta, is_reversed, basis)  # fmt: skip
        return pk

    def store(self) -> None:
        tables = {
            "lot": ("traceability_lot", _LOT), "post": ("lines_stationpost", _POST),
            "record": ("lines_operationrecord", _RECORD), "unit": ("traceability_unit", _UNIT),
            "link": ("traceability_genealogylink", _LINK), "mark": ("traceability_rollmark", _MARK),
            "cut": ("traceability_rollcut", _CUT), "scan": ("traceability_rollscan", _SCAN),
            "placed": ("traceability_trayplacement", _PLACED),
        }  # fmt: skip
        for name, (table, columns) in tables.items():
            copy_rows(table, columns, self.rows.pop(name, []))
        with connection.cursor() as cursor:
            for table in self.numbers:
                cursor.execute(f"select setval(pg_get_serial_sequence('{table}', 'id'), (select max(id) from {table}))")  # noqa: S608 - the test's own


def _done_at(station: Station) -> list[str]:
    return list(station.operations.values_list("code", flat=True))


def wind(n_cells: int, pack_of: int = 104, *, with_scans: bool = False) -> Wound:
    """So many cells with all behind them; whole packs of them are built, four in a container."""
    plant = Wound()
    plant.begin()
    webs = {pole: _Web(plant, pole, with_scans) for pole in ("C", "A")}
    cells = [_cell(plant, webs, n) for n in range(n_cells)]
    packs = [_pack(plant, cells[n : n + pack_of]) for n in range(0, len(cells) - pack_of + 1, pack_of)]
    for n in range(0, len(packs) - 3, 4):
        box = plant.unit("LFP-CONTAINER", state="COMPLETED")
        record = plant.record("CONT", plant.last)
        for position, pack in enumerate(packs[n : n + 4], 1):
            plant.link(box, record, unit=pack, position=position)
    plant.store()
    return plant


def _cell(plant: Wound, webs: "dict[str, _Web]", n: int) -> int:
    jellies = []
    for _ in range(2):
        taken = {pole: web.take() for pole, web in webs.items()}
        jelly = plant.unit("LFP-JELLY")
        record = plant.record("WIND", plant.last)
        for lane_roll, lane, at in taken.values():
            plant.link(jelly, record, unit=lane_roll, lane=lane, at=at, delta=0.05)
        lot = plant.lot("SEPARATOR", f"SEP-{n // 700:03d}")
        plant.link(jelly, record, lot=lot, quantity=34.0, uom="m", basis="MOUNTED")
        jellies.append(jelly)
    cell = plant.unit("LFP-CELL", test=True)
    serial = plant.last
    record = plant.record("WELD", serial)
    for position, jelly in enumerate(jellies, 1):
        plant.link(cell, record, unit=jelly, position=position)
    plant.link(cell, record, lot=plant.lot("LID-LFP", f"LID-{n // 500:03d}"), quantity=1.0, uom="pcs")
    can = plant.lot("CAN-LFP", f"CAN-{n // 500:03d}")
    plant.link(cell, plant.record("CAN", serial), lot=can, quantity=1.0, uom="pcs")
    electrolyte = plant.lot("ELECTROLYTE-LFP", f"ELY-{n // 900:03d}")
    plant.link(cell, plant.record("FILL", serial), lot=electrolyte, quantity=0.846, uom="kg")
    tray, slot = f"T-{n // 16:04d}", n % 16 + 1
    channel = f"R1-C{n % 16 + 1:02d}"
    record = plant.record("FORM", serial, tray, slot, channel)
    plant.put("placed", cell, record, tray, slot, channel, plant.clock)
    return cell


def _pack(plant: Wound, cells: list[int]) -> int:
    pack = plant.unit("LFP-PACK", test=True)
    record = plant.record("PACK", plant.last)
    for position, cell in enumerate(cells, 1):
        plant.link(pack, record, unit=cell, position=position)
    for material, quantity in (("ADHESIVE", 1.5), ("COLD-PLATE", 1.0), ("BUSBAR", 105.0), ("BMS-BOARD", 1.0)):
        plant.link(pack, record, lot=plant.lot(material, f"{material}-1"), quantity=quantity, uom="pcs")
    return pack


class _Web:
    """One electrode: mixes, coats, presses and slits as metres are asked for."""

    def __init__(self, plant: Wound, pole: str, with_scans: bool) -> None:
        self.plant, self.pole, self.with_scans = plant, pole, with_scans
        self.lanes: list[tuple[int, int, float]] = []  # roll, lane, length
        self.at = self.slurry_left = self.n_rolls = 0.0
        self.names = {"C": "CATHODE", "A": "ANODE"}[pole]

    def take(self) -> tuple[int, int, tuple[float, float]]:
        """Metres of a lane for one jelly roll."""
        metres = TAKEN[self.pole]
        while not self.lanes or self.at + metres > self.lanes[0][2]:
            if self.lanes:
                self.lanes.pop(0)
            self.at = 0.0
            if not self.lanes:
                self._coat()
        roll, lane, _length = self.lanes[0]
        at = (round(self.at, 3), round(self.at + metres, 3))
        self.at += metres
        return roll, lane, at

    def _mix(self) -> None:
        plant = self.plant
        self.slurry = plant.unit(f"{self.names}-SLURRY", mass=1200.0 if self.pole == "C" else 600.0)
        self.slurry_left = 1200.0 if self.pole == "C" else 600.0
        record = plant.record(f"MIX-{self.pole}", plant.last)
        n = len(plant.serials[f"{self.names}-SLURRY"])
        recipe = (
            [("LFP-POWDER", 677.4, 3), ("CARBON-BLACK", 10.6, 9), ("BINDER-PVDF", 14.0, 7), ("NMP", 498.0, 10_000)]
            if self.pole == "C"
            else [("GRAPHITE", 289.5, 6), ("BINDER-SBR", 9.0, 11), ("DI-WATER", 300.0, 16)]
        )
        for material, quantity, batches in recipe:
            lot = plant.lot(material, f"{material}-{n // batches:03d}")
            plant.link(self.slurry, record, lot=lot, quantity=quantity, uom="kg")

    def _coat(self) -> None:
        plant, length = self.plant, LENGTH[self.pole]
        needed = BATCHES[self.pole]
        if not self.slurry_left:
            self._mix()
        parts: list[tuple[int, float]] = []
        while needed > 1e-9:
            if self.slurry_left <= 1e-9:
                self._mix()
            amount = min(needed, self.slurry_left)
            parts.append((self.slurry, amount))
            self.slurry_left -= amount
            needed -= amount
        coated = plant.unit(f"{self.names}-ROLL", length=length, lanes=LANES)
        record = plant.record(f"COAT-{self.pole}", plant.last)
        done = 0.0
        for n, (slurry, amount) in enumerate(parts):
            begin = done - (40.0 if n else 0.0)  # the transition zone belongs to both
            done += amount / BATCHES[self.pole] * length
            own = (round(max(begin, 0.0), 3), round(min(done, length), 3))
            plant.link(coated, record, unit=slurry, quantity=amount, uom="kg", own=own, delta=2.0)
        foil = plant.lot("AL-FOIL" if self.pole == "C" else "CU-FOIL", f"FOIL-{self.pole}-{int(self.n_rolls) // 5:03d}")
        plant.link(coated, record, lot=foil, quantity=length + 10, uom="m")
        self._see(coated, record, length)
        self.n_rolls += 1
        pressed = plant.unit(f"{self.names}-CAL", length=length * STRETCH, lanes=LANES)
        cal = plant.record(f"CAL-{self.pole}", plant.last)
        at, own = (0.0, length), (0.0, length * STRETCH)
        plant.link(pressed, cal, unit=coated, at=at, own=own, is_reversed=True, delta=0.5)
        for lane in range(1, LANES + 1):
            self._slit(pressed, lane, length * STRETCH)

    def _see(self, coated: int, record: int, length: float) -> None:
        plant = self.plant
        # On the calendered roll's axis MARK; this axis runs the other way and is shorter.
        at = (round(length - MARK[1] / STRETCH, 3), round(length - MARK[0] / STRETCH, 3))
        plant.put("mark", coated, record, *at, 2, "A", 250.0, "COA-LINE", 12.0)
        plant.put("mark", coated, record, 812.0, 812.0, 3, "B", 470.0, "COA-PIN", 0.8)
        if self.with_scans:
            code, middle = ("COA-01", 19.0) if self.pole == "C" else ("COA-02", 9.03)
            for n in range(int(length // 5)):
                values = [round(middle + 0.05 * ((n * 7 + y * 3) % 11 - 5) / 5, 3) for y in range(16)]
                plant.put("scan", coated, record, code, "A", n * 5.0, values, "BETA-1")

    def _slit(self, pressed: int, lane: int, length: float) -> None:
        plant = self.plant
        is_cut = lane == 2 and self.pole == "C"
        own_length = length - (CUT[1] - CUT[0] if is_cut else 0.0)
        roll = plant.unit(f"{self.names}-LANE", length=own_length, lanes=1)
        record = plant.record(f"SLIT-{self.pole}", plant.last)
        pieces = [(0.0, CUT[0]), (CUT[1], length)] if is_cut else [(0.0, length)]
        done = 0.0
        # The slitter begins with what came last out of the calender.
        for begin, end in reversed(pieces):
            own = (done, done + end - begin)
            plant.link(roll, record, unit=pressed, lane=lane, at=(begin, end), own=own, is_reversed=True, delta=0.2)
            done = own[1]
        if is_cut:
            plant.put("cut", pressed, record, lane, *CUT, "COA-LINE")
        self.lanes.append((roll, 1, own_length))
