"""Seeded plants for the proof of the common-cause analysis: who passed what, with one planted cause or none. Pure.

A plant makes LFP cells for some days. Lots are used up one after the other and overlap in batches; two batches share a
roll over a transition zone; a coated roll (1000 m, anode 1040 m) is slit into four lanes, and three winders take the
lanes as they come, 15.75 and 16.3 m for a jelly roll, two of them for a cell. Parallel stations have lots of their own
mounted; cells overtake each other on the way to trays of 16 and racks of 16 channels; shifts, operators of three
levels and versions of recipes change meanwhile. So what could be the cause is entangled as it is in a plant.

A planted cause makes units fail that passed it, `ill` of them on the average, beside 1.5 % that fail anyway. How many
pass it is left to the plant: a channel sees some twenty cells, a station a third of all.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from traceability.causes.evidence import Axis, Evidence, Flags, Floats, Ints, Level, Name

KINDS = (
    "lot", "batch", "range", "lane", "side", "rack", "slot", "channel", "station", "recipe", "shift", "certification",
)  # fmt: skip
BASE = 0.015
FEWEST = 12  # units that a planted cause meets
MOST_ILL = 0.6  # share of those that passed the cause
_LANES, _SLOTS, _RACKS, _WINDERS = 4, 16, 4, 3


@dataclass(frozen=True, slots=True)
class Plant:
    """`cause` and `exposed`: what was planted and whom it met; None and nobody for a plant without."""

    seed: int
    evidence: Evidence
    cause: Name | None
    exposed: Ints


@dataclass
class _Maker:
    """Hours of each cell's winding, and the winder it comes from."""

    rng: np.random.Generator
    n: int

    def __post_init__(self) -> None:
        self.hours = np.sort(self.rng.uniform(0, 24 * self.n / 380, self.n))
        self.winder = self.rng.integers(0, _WINDERS, self.n)
        self.levels: list[Level] = []
        self.axes: list[Axis] = []

    def add(self, kind: str, factor: str, of: Ints, name: Callable[[int], str] = str) -> None:
        """A level for each value of `of`."""
        for value in np.unique(of).tolist():
            self.levels.append(Level(Name(kind, factor, name(value)), np.flatnonzero(of == value)))

    def in_turn(self, at: Floats, hours: float) -> Ints:
        """Numbers of things used up one after the other, each in about so many hours."""
        ends, reached = [], float(at.min()) - hours * float(self.rng.uniform(0, 1))
        while reached < at.max() + 1:
            reached += hours * float(self.rng.uniform(0.5, 1.5))
            ends.append(reached)
        return np.searchsorted(np.asarray(ends), at)

    def mounted(self, station: Ints, at: Floats, hours: float) -> Ints:
        """The lot that each cell got: every station has its own mounted, and takes the next of the store when it is
        used up."""
        found, ends = np.zeros(self.n, dtype=np.int64), []
        for each in np.unique(station).tolist():
            here = np.flatnonzero(station == each)
            turn = self.in_turn(at[here], hours)
            ends += [(float(at[here][turn == n].min()), each, n) for n in np.unique(turn).tolist()]
            found[here] = turn
        numbers = {(each, n): number for number, (_at, each, n) in enumerate(sorted(ends))}
        return np.asarray([numbers[pair] for pair in zip(station.tolist(), found.tolist(), strict=True)])


def plant(seed: int, kind: str | None, *, cells: int = 1500, ill: float = 30.0, base: float = BASE) -> Plant:
    """The plant of a seed, with a cause of a kind or none."""
    maker = _Maker(np.random.default_rng([seed, cells]), cells)
    for electrode, length, taken in (("CATHODE", 1000.0, 15.75), ("ANODE", 1040.0, 16.3)):
        _electrode(maker, electrode, length, taken)
    _cells(maker)
    _formation(maker)
    planted, exposed = _planted(maker, kind) if kind else (None, np.zeros(0, np.int64))
    risk = np.full(cells, base)
    if len(exposed):
        risk[exposed] = 1 - (1 - base) * (1 - min(MOST_ILL, ill / len(exposed)))
    failed: Flags = maker.rng.random(cells) < risk
    return Plant(seed, Evidence(failed, maker.levels, maker.axes), planted, exposed)


def _wound(maker: _Maker, length: float, taken: float) -> tuple[Ints, Ints, Floats, Floats]:
    """(roll, lane, from, to) of each cell: a winder takes a slit lane when its last one is used up, and winds it from
    the end that the calender turned to the front."""
    each = int(length / (2 * taken))  # cells of a lane
    roll, lane = np.zeros(maker.n, dtype=np.int64), np.zeros(maker.n, dtype=np.int64)
    end = np.zeros(maker.n)
    left = [int(left) for left in maker.rng.integers(1, each, _WINDERS)]
    having = list(range(_WINDERS))
    waiting = _WINDERS
    for cell, winder in enumerate(maker.winder.tolist()):
        if left[winder] == 0:
            left[winder], having[winder] = each, waiting
            waiting += 1
        number = having[winder]
        roll[cell], lane[cell] = number // _LANES, number % _LANES + 1
        end[cell] = length - (each - left[winder]) * 2 * taken
        left[winder] -= 1
    return roll, lane, end - 2 * taken, end


def _electrode(maker: _Maker, electrode: str, length: float, taken: float) -> None:
    rng = maker.rng
    roll, lane, begin, end = _wound(maker, length, taken)
    serial = f"{electrode}-ROLL"
    maker.add("roll", serial, roll, lambda n: f"{electrode[0]}{n:03}")
    maker.add("lane", serial, lane)
    maker.add("roll", f"{electrode}-LANE", roll * 10 + lane, lambda n: f"{electrode[0]}{n // 10:03}/{n % 10}")
    # After a splice the foil may lie with its other side up; sides are told apart from there on.
    maker.add("side", serial, maker.in_turn(roll + (length - end) / length, 1.7) % 2, lambda n: "AB"[n])
    for number in np.unique(roll).tolist():
        of_roll = np.flatnonzero(roll == number)
        name = f"{electrode[0]}{number:03}"
        maker.axes.append(Axis(Name("range", serial, name), of_roll, begin[of_roll], end[of_roll]))
        for k in range(1, _LANES + 1):
            some = of_roll[lane[of_roll] == k]
            maker.axes.append(Axis(Name("range", serial, name, lane=k), some, begin[some], end[some]))
    _batches(maker, electrode, length, roll=roll, begin=begin, end=end)
    order = np.unique(roll, return_inverse=True)[1].astype(np.int64)
    for operation, hours in (("COAT", 30.0), ("CAL", 20.0), ("SLIT", 10.0)):
        here = f"{operation}-{electrode[0]}"
        maker.add("station", here, rng.integers(0, 2, order.max() + 1)[order])
        # Rolls lie in the store for some hours, each its own time.
        at = np.asarray([maker.hours[order == n].min() for n in range(order.max() + 1)]) - hours
        made = at - rng.uniform(0, 8, len(at))
        maker.add("shift", here, (made[order] // 8 % 3).astype(np.int64))
    maker.add("recipe", f"COAT-{electrode[0]}", maker.in_turn(roll.astype(np.float64), 5))


def _batches(maker: _Maker, electrode: str, length: float, *, roll: Ints, begin: Floats, end: Floats) -> None:
    """Slurry batches along the coated metres, each into the next over 20 to 100 m; of two lots of powder at most."""
    rng = maker.rng
    coated_from = roll * length + (length - end)  # along all rolls in the order of their use
    coated_to = coated_from + (end - begin)
    reached, batches = float(coated_from.min()) - 600.0, []
    while reached < coated_to.max():
        size = float(rng.uniform(1100, 2300))
        zone = float(rng.uniform(20, 100))
        batches.append((reached, reached + size + zone))
        reached += size
    of_batch = [np.flatnonzero((coated_from < b) & (coated_to > a)) for a, b in batches]
    for n, units in enumerate(of_batch):
        maker.levels.append(Level(Name("batch", f"{electrode}-SLURRY", f"S{electrode[0]}{n:02}"), units))
    for material, size in (("POWDER", 2.5), ("CARBON", 6.0), ("BINDER", 4.0), ("SOLVENT", 3.0)):
        spans: dict[int, list[Ints]] = {}
        number, left = 0, size * float(rng.uniform(0.5, 1.5))
        for units in of_batch:
            need = 1.0
            while need > 0:
                spans.setdefault(number, []).append(units)
                used = min(need, left)
                need, left = need - used, left - used
                if left <= 1e-9:
                    number, left = number + 1, size * float(rng.uniform(0.5, 1.5))
        for n, parts in spans.items():
            name = Name("lot", f"{electrode}-{material}", f"{material[:2]}-{n:02}")
            maker.levels.append(Level(name, np.unique(np.concatenate(parts))))
    maker.add("lot", f"{electrode}-FOIL", maker.in_turn(roll + (length - end) / length, 2.5))


def _cells(maker: _Maker) -> None:
    """Parallel stations with bought parts, operators and recipes of cell assembly."""
    rng, n = maker.rng, maker.n
    hours = maker.hours
    parts = {"WIND": ("SEPARATOR", 20), "WELD": ("TAB", 60), "CAN": ("CAN", 30), "LID": ("LID", 24),
             "FILL": ("ELECTROLYTE", 24), "SEAL": ("PLUG", 70)}  # fmt: skip
    for operation, stations in (("WIND", 3), ("WELD", 2), ("CAN", 2), ("LID", 2), ("FILL", 3), ("SEAL", 2)):
        hours = hours + rng.exponential(0.4, n)  # cells overtake each other
        station = maker.winder if operation == "WIND" else rng.integers(0, stations, n)
        maker.add("station", operation, station)
        material, each = parts[operation]
        maker.add("lot", material, maker.mounted(station, hours, each))
        maker.add("shift", operation, (hours // 8 % 3).astype(np.int64))
        maker.add("recipe", operation, maker.in_turn(hours, 30))
        shifts = (hours // 8).astype(np.int64) * 3 + station
        person = rng.integers(0, 6, shifts.max() + 1)[shifts]  # one of six has a station for a shift
        maker.add("certification", operation, rng.permutation([0, 1, 2, 2, 1, 0])[person])
    maker.hours = hours


def _formation(maker: _Maker) -> None:
    """Trays of 16 as the cells come, on to racks twice: formation, and grading after cells were put together anew."""
    rng, n = maker.rng, maker.n
    hours = maker.hours
    for operation in ("FORM", "GRADE"):
        hours = hours + 20 + rng.exponential(1.5, n)
        order = np.empty(n, dtype=np.int64)
        order[np.argsort(hours, kind="stable")] = np.arange(n)
        tray, slot = order // _SLOTS, order % _SLOTS
        rack = rng.integers(0, _RACKS, tray.max() + 1)[tray]
        maker.add("tray", operation, tray, lambda t: f"T{t:04}")
        maker.add("rack", operation, rack, lambda r: f"R{r:02}")
        maker.add("slot", operation, slot)
        maker.add("channel", operation, rack * 100 + slot, lambda c: f"R{c // 100:02}-C{c % 100:02}")
        maker.add("recipe", operation, maker.in_turn(hours, 40))
        maker.add("shift", operation, (hours // 8 % 3).astype(np.int64))


def _planted(maker: _Maker, kind: str) -> tuple[Name, Ints]:
    """One of the plant's own things, that met enough units and not most of them."""
    rng, n = maker.rng, maker.n
    if kind == "range":
        long = [axis for axis in maker.axes if len(axis.units) >= (60 if axis.name.lane is None else 24)]
        axis = long[int(rng.integers(0, len(long)))]
        low, high = float(axis.from_m.min()), float(axis.to_m.max())
        share = float(rng.uniform(0.1, 0.25)) if axis.name.lane is None else float(rng.uniform(0.25, 0.45))
        touched = np.zeros(0, np.int64)
        while len(touched) < FEWEST:
            begin = float(rng.uniform(low, high - share * (high - low)))
            end = begin + share * (high - low)
            touched = np.unique(axis.units[(axis.from_m < end) & (axis.to_m > begin)])
            share = min(0.5, share * 1.1)
        name = axis.name
        return Name("range", name.factor, name.level, name.lane, begin, end), touched
    fit = [level for level in maker.levels if level.name.kind == kind and FEWEST <= len(level.units) <= 0.6 * n]
    level = fit[int(rng.integers(0, len(fit)))]
    return level.name, level.units


def is_found(planted: Plant, names: tuple[Name, ...]) -> bool:
    """The cause itself among the names of a factor; of metres, a window of the same axis that shares at least half of
    all metres that either has."""
    cause = planted.cause
    for name in names:
        if cause is None or name.question != cause.question or name.level != cause.level or name.lane != cause.lane:
            continue
        if cause.from_m is None or cause.to_m is None or name.from_m is None or name.to_m is None:
            return True
        both = min(cause.to_m, name.to_m) - max(cause.from_m, name.from_m)
        if both >= 0.5 * (max(cause.to_m, name.to_m) - min(cause.from_m, name.from_m)):
            return True
    return False
