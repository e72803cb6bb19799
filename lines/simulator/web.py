"""A web from the coater to the winder: what is on it, and where that lies after each winding. Pure.

One axis a roll, in metres from the beginning of the operation that wound it. A later operation begins at the outer
end, so the axis turns round; sides and lanes may change with it. Positions that a machine posts come from its encoder:
they are off by up to ENCODER_M, which it says; the truth knows by how much.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise
from typing import Any

from lines.simulator.chance import autoregressive, dice
from lines.simulator.units import Unit

SCAN_EVERY_M = 5.0
ACROSS = 16  # values of one pass
SIDES = ("A", "B")
ENCODER_M = 0.1
BATCH_DELTA_M = 2.0  # of the ends of a transition at the die
TRANSITION_M = (20.0, 100.0)
SPLICE_M = 0.4
CUT_MARGIN_M = 0.5  # cut out on both sides of a mark
SLIT_OUT = ("COA-SPLICE", "COA-LINE")  # what the slitter cuts out; the winder sees to the rest
WOUND_IN = 0.3  # share of marks that the winder notices too late: the piece is no good
WEB_MM = 760.0  # where the recipe says nothing


@dataclass(frozen=True, slots=True)
class Turn:
    """What winding does to a roll's axis, sides and lanes."""

    is_reversed: bool = False
    is_flipped: bool = False
    is_mirrored: bool = False


STRAIGHT = Turn()
TURNS = {
    "CAL-C": Turn(is_reversed=True, is_flipped=True),
    "CAL-A": Turn(is_reversed=True, is_flipped=True, is_mirrored=True),  # the web is turned over a bar first
}


@dataclass(frozen=True, slots=True)
class Mark:
    """Seen on a roll, on its own axis. Lane 0: the whole width."""

    from_m: float
    to_m: float
    lane: int
    side: str
    y_mm: float | None
    code: str
    size_mm: float | None

    def as_posted(self) -> dict[str, Any]:
        told = {"code": self.code, "from_m": self.from_m, "to_m": self.to_m, "lane": self.lane, "side": self.side}
        told |= {"y_mm": self.y_mm, "size_mm": self.size_mm}
        return {name: value for name, value in told.items() if value not in (None, "") and (name, value) != ("lane", 0)}


@dataclass(frozen=True, slots=True)
class Piece:
    """Metres of a roll, and where they lie on the roll that is made of them; lane 0: the whole width."""

    roll: Unit
    lane: int
    from_m: float
    to_m: float
    own_from_m: float | None = None
    own_to_m: float | None = None
    turn: Turn = STRAIGHT

    @property
    def length_m(self) -> float:
        return self.to_m - self.from_m

    def as_posted(self) -> dict[str, Any]:
        told: dict[str, Any] = {"serial": self.roll.serial, "from_m": self.from_m, "to_m": self.to_m}
        told |= {"lane": self.lane} if self.lane else {}
        if self.own_from_m is not None:
            told |= {"own_from_m": self.own_from_m, "own_to_m": self.own_to_m}
        turns = (("reversed", self.turn.is_reversed), ("flipped", self.turn.is_flipped))
        told |= {name: True for name, is_so in (*turns, ("mirrored", self.turn.is_mirrored)) if is_so}
        return told | {"delta_m": ENCODER_M}


@dataclass(frozen=True, slots=True)
class Cut:
    """Metres cut out of a roll as scrap."""

    roll: Unit
    lane: int
    from_m: float
    to_m: float
    code: str

    def as_posted(self) -> dict[str, Any]:
        told: dict[str, Any] = {"serial": self.roll.serial, "from_m": self.from_m, "to_m": self.to_m}
        return told | {"code": self.code} | ({"lane": self.lane} if self.lane else {})


@dataclass(slots=True)
class Wound:
    """What the winder takes for one piece: metres, what it cuts out before them, and what it noticed too late."""

    from_m: float
    to_m: float
    cuts: list[Cut] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def marks_of(unit: Unit) -> list[Mark]:
    return [Mark(**mark) for mark in unit.marks]


def encoder_error(seed: int, roll: str, at_m: float, length_m: float) -> float:
    """True metres minus those that the encoder showed. Both ends of a roll are known; one place has one error."""
    if at_m <= 0 or at_m >= length_m:
        return 0.0
    return round(dice(seed, roll, "encoder", f"{at_m:.4f}").uniform(-0.8, 0.8) * ENCODER_M, 4)


def coated_marks(
    seed: int, serial: str, counts: Mapping[str, int], *, length_m: float, lanes: int, width_mm: float, splice_m: float
) -> list[Mark]:
    """One mark for each defect that the camera counted, anywhere; and the splice of the foil, at `splice_m` above 0."""
    rng = dice(seed, serial, "marks")
    marks = []
    for code, count in counts.items():
        for _ in range(count):
            at, lane, side = rng.uniform(0.5, length_m - 9), rng.randint(1, max(lanes, 1)), rng.choice(SIDES)
            y_mm = (lane - rng.uniform(0.05, 0.95)) * width_mm
            long_m = rng.uniform(2, 8) if code == "COA-LINE" else 0.0
            size = round(rng.uniform(0.2, 1.5), 2)
            start = round(at, 3)
            marks.append(Mark(start, round(at + long_m, 3), lane, side, round(y_mm, 1), code, size))
    if splice_m:
        marks.append(Mark(round(splice_m, 3), round(splice_m + SPLICE_M, 3), 0, "", None, "COA-SPLICE", None))
    return sorted(marks, key=lambda mark: mark.from_m)


@dataclass(frozen=True, slots=True)
class Loading:
    """The coater's loading: a level, a profile across the web by lane, and a wander along it by the eighth."""

    target: float
    sigma: float
    level: float
    profile: Sequence[float]
    wander: Sequence[float]
    length_m: float

    def _wander(self, at_m: float) -> float:
        n = len(self.wander)
        place = min(max(at_m / self.length_m * n - 0.5, 0.0), n - 1.0)
        low = min(int(place), n - 2)
        return self.wander[low] + (self.wander[low + 1] - self.wander[low]) * (place - low)

    def scans(self, seed: int, serial: str, characteristic: str, gauge: str) -> list[dict[str, Any]]:
        """A pass every few metres on both sides: the slow wander, a quick one of its own, and the gauge's noise."""
        lanes = len(self.profile)
        found = []
        for side in SIDES:
            rng = dice(seed, serial, characteristic, side, "scans")
            quick = autoregressive(rng, 0.3 * self.sigma)
            for number, fast in enumerate(islice(quick, max(1, int(self.length_m // SCAN_EVERY_M)))):
                at_m = (number + 0.5) * SCAN_EVERY_M
                here = self.target + self.level + self._wander(at_m) + fast
                values = [
                    round(here + self.profile[j * lanes // ACROSS] + rng.gauss(0, 0.1 * self.sigma), 4)
                    for j in range(ACROSS)
                ]
                found.append(
                    {"characteristic": characteristic, "side": side, "at_m": at_m, "values": values, "gauge": gauge}
                )
        return found


def scanned(scans: Iterable[Mapping[str, Any]], at_m: float, side: str, lane: int, lanes: int) -> float:
    """Mean of a lane in the pass that lies nearest to a place."""
    nearest = min((s for s in scans if s["side"] == side), key=lambda s: abs(s["at_m"] - at_m))
    values = nearest["values"]
    own = [value for j, value in enumerate(values) if j * lanes // len(values) == lane]
    return float(sum(own) / len(own))


def laid_out(pieces: Iterable[Piece], stretch_pct: float, turn: Turn) -> list[Piece]:
    """The pieces one behind the other on the axis of the roll that is made of them."""
    at, found = 0.0, []
    for piece in pieces:
        end = round(at + piece.length_m * (1 + stretch_pct / 100), 3)
        found.append(replace(piece, own_from_m=at, own_to_m=end, turn=turn))
        at = end
    return found


def slit(roll: Unit, lane: int) -> tuple[list[Piece], list[Cut]]:
    """What of a lane goes into the slit roll, and what is cut out around its worst marks."""
    length = roll.length_m or 0.0
    cuts: list[Cut] = []
    for mark in marks_of(roll):
        if mark.code not in SLIT_OUT or mark.lane not in (0, lane):
            continue
        start, end = max(0.0, round(mark.from_m - CUT_MARGIN_M, 3)), min(length, round(mark.to_m + CUT_MARGIN_M, 3))
        if cuts and start <= cuts[-1].to_m:
            cuts[-1] = replace(cuts[-1], to_m=max(end, cuts[-1].to_m))
        else:
            cuts.append(Cut(roll, lane, start, end, mark.code))
    ends = [0.0, *(metre for cut in cuts for metre in (cut.from_m, cut.to_m)), length]
    kept = [(a, b) for a, b in list(pairwise(ends))[::2] if b - a > 0]
    return [Piece(roll, lane, a, b) for a, b in kept], cuts


def carried(pieces: Sequence[Piece], lanes: int) -> Iterator[Mark]:
    """Marks of the rolls, on the axis of what was made of the pieces, with those of the joints between them."""
    for piece in pieces:
        own_from, own_to = piece.own_from_m or 0.0, piece.own_to_m or 0.0
        scale = (own_to - own_from) / piece.length_m
        for mark in marks_of(piece.roll):
            if mark.to_m < piece.from_m or mark.from_m > piece.to_m or piece.lane not in (0, mark.lane or piece.lane):
                continue
            a, b = max(mark.from_m, piece.from_m) - piece.from_m, min(mark.to_m, piece.to_m) - piece.from_m
            if piece.turn.is_reversed:
                a, b = piece.length_m - b, piece.length_m - a
            lane = mark.lane
            if lane and piece.turn.is_mirrored:
                lane = lanes + 1 - lane
            if piece.lane:
                lane = 1
            side = mark.side
            if side and piece.turn.is_flipped:
                side = "B" if side == "A" else "A"
            yield replace(
                mark, from_m=round(own_from + a * scale, 3), to_m=round(own_from + b * scale, 3), lane=lane, side=side
            )
    for piece in pieces[:-1]:
        joint = piece.own_to_m or 0.0
        yield Mark(round(joint - SPLICE_M / 2, 3), round(joint + SPLICE_M / 2, 3), 0, "", None, "COA-SPLICE", None)


def wind(seed: int, roll: Unit, quantity_m: float) -> Wound | None:
    """The next piece of a roll for the winder; None when what is left is too short for it."""
    length, start = roll.length_m or 0.0, round(roll.used, 4)
    wound = Wound(start, start)
    for mark in sorted(marks_of(roll), key=lambda mark: mark.from_m):
        if mark.to_m < start or mark.from_m >= start + quantity_m:
            continue
        is_late = dice(seed, roll.serial, "winder", f"{mark.from_m:.3f}").random() < WOUND_IN
        if is_late and mark.code != "COA-SPLICE":
            wound.faults.append(mark.code)
            continue
        end = min(length, round(mark.to_m + CUT_MARGIN_M, 4))
        wound.cuts.append(Cut(roll, 0, start, end, mark.code))
        # What was noticed too late lies in what is cut off now.
        start, wound.faults = end, []
    wound.from_m, wound.to_m = start, round(start + quantity_m, 4)
    return wound if wound.to_m <= length else None
