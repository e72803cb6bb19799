"""What is in the plant: units, the lots that are mounted, and where each of them is."""

import random
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from lines.orders.serials import Serial, make_serial
from lines.plant.files import MaterialFile

FLOW, STOCK, TAKEN, GONE, ASIDE = "FLOW", "STOCK", "TAKEN", "GONE", "ASIDE"
"""On its way; finished and free to be used; promised to a unit that is being made; used up; on the reject rack."""


@dataclass(slots=True)
class Unit:
    """A slurry batch, roll, jelly roll, stack, cell, pack or container."""

    serial: str
    product: str
    definition: str
    step: int | None  # sequence of the step it waits for or is in; None when its route is done
    born: int = 0  # how many of its definition were made before
    length_m: float | None = None
    mass_kg: float | None = None
    used: float = 0.0  # metres or kilograms already built into others
    lane: int = 0
    place: str = FLOW
    tray: str = ""
    slot: int = 0
    rack: int = 0
    since: float = 0.0  # start of the work that goes on with it; 0: none
    recipe: str = ""  # that the MES named for the step it is in
    key: str = ""  # of the result that was sent and is not answered yet
    attempts: dict[str, int] = field(default_factory=dict)
    times: dict[str, float] = field(default_factory=dict)  # by operation: end of the last visit, true time
    traits: dict[str, float] = field(default_factory=dict)  # what its makers know of it and later steps depend on
    lanes: int = 0  # of a roll, side by side
    marks: list[dict[str, Any]] = field(default_factory=list)  # of a roll, as web.Mark
    built: list[dict[str, Any]] = field(default_factory=list)  # of a pack: serial, position and traits of each cell

    @property
    def left(self) -> float:
        """Metres or kilograms not used yet; 1 for what is used as a whole."""
        amount = self.length_m if self.length_m is not None else self.mass_kg
        return 1.0 if amount is None else amount - self.used


@dataclass(slots=True)
class MountedLot:
    material: str
    supplier: str
    number: str
    left: float
    expires_at: float


class Store:
    """Every unit the simulator still has to do with, and the numbers that must never come twice."""

    def __init__(self, serial_head: str, time_zone: str) -> None:
        self._head = serial_head
        self._zone = ZoneInfo(time_zone)
        self.units: dict[str, Unit] = {}
        self._by_kind: dict[tuple[str, str], dict[str, Unit]] = {}
        self.sequences: dict[str, int] = {}  # by design code
        self._skipped = 0  # where a design starts that has no number yet
        self.lots: dict[str, MountedLot] = {}  # by material
        self.feeds: dict[str, str] = {}  # what is mounted, by station and feed point
        self.lot_count = 0

    def new_unit(self, product: str, definition: str, design_code: str, step: int, now: float) -> Unit:
        sequence = self.sequences.get(design_code, self._skipped) + 1
        self.sequences[design_code] = sequence
        day = datetime.fromtimestamp(now, self._zone).date()
        serial = make_serial(Serial(self._head[:2], self._head[2:], design_code, day, sequence))
        unit = Unit(serial, product, definition, step, born=sequence - 1)
        self.add(unit)
        return unit

    def add(self, unit: Unit) -> None:
        self.units[unit.serial] = unit
        self._by_kind.setdefault((unit.product, unit.definition), {})[unit.serial] = unit

    def of(self, product: str, definition: str, *places: str) -> list[Unit]:
        """Oldest first."""
        return [u for u in self._by_kind.get((product, definition), {}).values() if u.place in places]

    def drop(self, unit: Unit, place: str) -> None:
        """It leaves the simulator's care: used up or on the reject rack."""
        unit.place = place
        self.units.pop(unit.serial, None)
        self._by_kind.get((unit.product, unit.definition), {}).pop(unit.serial, None)

    def mounted(self, material: str, quantity: float, now: float) -> MountedLot | None:
        """The lot of a material that is in use, if it still holds enough and is within its date."""
        lot = self.lots.get(material)
        return lot if lot is not None and lot.left >= quantity and lot.expires_at > now else None

    def fresh_lot(self, material: MaterialFile, quantity: float, now: float, mount: bool = True) -> MountedLot:
        self.lot_count += 1
        supplier = material.suppliers[self.lot_count % len(material.suppliers)]
        day = datetime.fromtimestamp(now, self._zone).date()
        initials = "".join(word[0] for word in supplier.split()).upper()
        lot = MountedLot(
            material.code,
            supplier,
            f"{initials}{day:%y%m}-{self.lot_count:04d}",
            max(material.lot_size, quantity),
            now + material.shelf_life_days * 86_400.0,
        )
        if mount:
            self.lots[material.code] = lot
        return lot

    def as_json(self) -> dict[str, Any]:
        return {
            "units": [asdict(u) for u in self.units.values()],
            "sequences": self.sequences,
            "lots": [asdict(lot) for lot in self.lots.values()],
            "feeds": self.feeds,
            "lot_count": self.lot_count,
        }

    def restore(self, saved: dict[str, Any], without: Iterable[str] = (), skip: int = 0) -> None:
        """Take a saved store back; `skip` numbers are left out where it is not known which were used."""
        lost = set(without)
        for entry in saved["units"]:
            unit = Unit(**entry)
            if unit.place == TAKEN:  # what it was promised to was never told to the MES
                unit.place = STOCK
            if unit.serial not in lost:
                self.add(unit)
        self._skipped = skip
        self.sequences = {code: number + skip for code, number in saved["sequences"].items()}
        self.lots = {entry["material"]: MountedLot(**entry) for entry in saved["lots"]}
        self.feeds = {} if skip else saved.get("feeds", {})  # in doubt it is mounted again
        self.lot_count = saved["lot_count"] + skip


def weighed(rng: random.Random, quantity: float, tolerance_pct: float, uom: str) -> float:
    """What a scale or counter shows for a nominal quantity: pieces exactly, the rest within a third of tolerance
    as one sigma, never outside it."""
    if uom == "pcs":
        return round(quantity)
    off = max(-0.9, min(0.9, rng.gauss(0, 1 / 3)))
    return round(quantity * (1 + off * tolerance_pct / 100), 4)
