"""What is said of metres, or asked, against what is known of the rolls: beyond their end, taken before. Pure.

A fact is stored all the same; only a circle is refused, as nobody could walk it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lines.stations.results import CutOut, RollRange, UnitResult
from traceability.interlock.checks import Finding
from traceability.rolls.errors import BEYOND_OWN_LENGTH, BEYOND_ROLL, METRES_TAKEN
from traceability.rolls.maps import BALANCE_TOLERANCE

# What an encoder may run on at the end of a roll, where it is more than the tolerance of its length.
_RUN_ON_M = 1.0
# Two posts that follow each other on a lane round their metres, and start the encoder anew.
_SHARED_M = 0.05
# Two stations that take metres in a row round them: less than this is no overlap.
_ROUNDING_M = 0.001


@dataclass(frozen=True, slots=True)
class TakenMetres:
    """Metres of a roll that went into a unit before, or were cut out for it."""

    roll: str
    lane: int | None
    from_m: float
    to_m: float
    delta_m: float
    by: str  # serial
    is_cut: bool = False


def taken_of(result: UnitResult) -> list[TakenMetres]:
    """What this result takes, for the next ones of the same post."""
    found = [TakenMetres(r.serial, r.lane, r.from_m, r.to_m, r.delta_m or 0.0, result.serial) for r in result.ranges]
    return found + [TakenMetres(c.serial, c.lane, c.from_m, c.to_m, 0.0, result.serial, True) for c in result.cut_outs]


def check_web(
    result: UnitResult, lengths: Mapping[str, float], taken: Iterable[TakenMetres], own_length_m: float | None
) -> list[Finding]:
    """`lengths`: of the rolls by serial, where they are known; `taken`: by other units than this one."""
    used: list[RollRange | CutOut] = [*result.ranges, *result.cut_outs]
    findings = []
    for piece in used:
        length_m = own_length_m if piece.serial == result.serial else lengths.get(piece.serial)
        delta_m = (piece.delta_m or 0.0) if isinstance(piece, RollRange) else 0.0
        if length_m is not None and piece.to_m > _end(length_m) + delta_m:
            code = BEYOND_OWN_LENGTH if piece.serial == result.serial else BEYOND_ROLL
            findings.append(Finding(code, f"{piece.serial}: {piece.to_m:g} m of {length_m:g} m"))
    if own_length_m is not None:
        ends = [*result.own_ends, *(mark.to_m for mark in result.marks), *(scan.at_m for scan in result.scans)]
        if ends and max(ends) > _end(own_length_m):
            findings.append(Finding(BEYOND_OWN_LENGTH, f"{max(ends):g} m of {own_length_m:g} m"))
    by_roll: dict[str, list[TakenMetres]] = {}
    for each in taken:
        by_roll.setdefault(each.roll, []).append(each)
    for piece in used:
        findings += [
            Finding(METRES_TAKEN, _words(piece, other))
            for other in by_roll.get(piece.serial, ())
            if _both(piece, other)
        ]
    return findings


def _end(length_m: float) -> float:
    return length_m + max(_RUN_ON_M, BALANCE_TOLERANCE * length_m)


def _both(piece: RollRange | CutOut, other: TakenMetres) -> bool:
    """Whether one metre of a lane would be used twice. Cut out twice it is gone once."""
    if isinstance(piece, CutOut) and other.is_cut:
        return False
    if piece.lane is not None and other.lane is not None and piece.lane != other.lane:
        return False
    delta_m = (piece.delta_m or 0.0) if isinstance(piece, RollRange) else 0.0
    shared = min(piece.to_m, other.to_m) - max(piece.from_m, other.from_m)
    return shared > max(_SHARED_M, delta_m + other.delta_m) + _ROUNDING_M


def _words(piece: RollRange | CutOut, other: TakenMetres) -> str:
    lane = f" lane {piece.lane}" if piece.lane is not None else ""
    how = "cut out for" if other.is_cut else "in"
    return f"{piece.serial}{lane}: {other.from_m:g} to {other.to_m:g} m are {how} {other.by}"


def circle(outputs: Mapping[str, Sequence[str]], ahead: Iterable[tuple[str, str]]) -> str:
    """A serial that would be made of itself; empty: none. `outputs`: the inputs of each unit of the post; `ahead`:
    (unit of the post, unit that it went into before)."""
    into: dict[str, set[str]] = {}
    for unit, inputs in outputs.items():
        for part in inputs:
            into.setdefault(part, set()).add(unit)
    for unit, above in ahead:
        into.setdefault(unit, set()).add(above)
    for start in outputs:
        seen: set[str] = set()
        waiting = list(into.get(start, ()))
        while waiting:
            here = waiting.pop()
            if here == start:
                return start
            if here not in seen:
                seen.add(here)
                waiting += into.get(here, ())
    return ""


def off_roll(
    length_m: float | None, lanes: int | None, *, lane: int | None, from_m: float | None, to_m: float | None
) -> str:
    """Why a roll of this length and so many lanes has no such metres, in words; empty: it may have them. None: not
    known, or not asked for. Whoever asks for metres that are not there would take "nothing" for a clean answer.
    """
    if lane is not None and lanes is not None and lane > lanes:
        return f"lane {lane} of {lanes}"
    far_m = max(from_m or 0.0, to_m or 0.0)
    if length_m is not None and (far_m > _end(length_m) or (from_m or 0.0) >= length_m):
        return f"{far_m:g} m of {length_m:g} m"
    return ""
