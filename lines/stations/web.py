"""Places on a roll's web as stations tell them: metres, lanes, sides; marks, scans, cut-outs; parts taken out. Pure."""

from collections.abc import Sequence
from typing import Any, TypedDict

from lines import errors
from lines.stations.body import (
    MAX_NUMBER,
    Fields,
    known_only,
    read_count,
    read_number,
    read_serial,
    read_text,
    refuse,
)
from lines.stations.errors import RANGES_OVERLAP
from lines.stations.results import CutOut, RemovedPart, RollRange, UnitResult, WebMark, WebScan

OWN = frozenset({"own_from_m", "own_to_m", "delta_m"})
_MARK = frozenset({"from_m", "to_m", "lane", "side", "y_mm", "code", "size_mm"})
_SCAN = frozenset({"characteristic", "side", "at_m", "values", "gauge"})
_CUT_OUT = frozenset({"serial", "lane", "from_m", "to_m", "code"})
_REMOVED = frozenset({"serial", "position", "reason"})
MOST_MARKS = 5_000
MOST_SCANS = 5_000
MOST_VALUES = 1_024  # of one pass across the web
# What no web is longer than, no piece shorter, no encoder off by: metres are divided by one another.
LONGEST_M, SHORTEST_M, MOST_DELTA_M = 1_000_000.0, 0.001, 500.0


class Own(TypedDict):
    """Where a part lies on the unit's own axis; all None where it was not told."""

    own_from_m: float | None
    own_to_m: float | None
    delta_m: float | None


def read_metres(row: Fields, path: str) -> tuple[float, float]:
    """`from_m` and `to_m` of a piece that is longer than nothing."""
    from_m, to_m = _number(row, "from_m", path), _number(row, "to_m", path)
    _check_piece(from_m, to_m, path)
    return from_m, to_m


def _check_piece(from_m: float, to_m: float, path: str) -> None:
    if not 0 <= from_m < to_m:
        refuse(errors.OUT_OF_RANGE, path, "from_m must be 0 or more and less than to_m")
    if to_m > LONGEST_M or to_m - from_m < SHORTEST_M:
        refuse(errors.OUT_OF_RANGE, path, f"at least {SHORTEST_M} m long, at most at {LONGEST_M:.0f} m")


def read_own(row: Fields, path: str) -> Own:
    """`own_from_m` and `own_to_m`, both or none, and `delta_m`."""
    start, end = read_number(row, "own_from_m", path), read_number(row, "own_to_m", path)
    if (start is None) != (end is None):
        refuse(errors.MISSING_FIELD, path, "'own_from_m' and 'own_to_m' stand together")
    if start is not None and end is not None:
        _check_piece(start, end, path)
    delta_m = read_number(row, "delta_m", path)
    if delta_m is not None and not 0 <= delta_m <= MOST_DELTA_M:
        refuse(errors.OUT_OF_RANGE, f"{path}.delta_m", f"0 to {MOST_DELTA_M:.0f}")
    return {"own_from_m": start, "own_to_m": end, "delta_m": delta_m}


def read_mark(row: Fields, path: str) -> WebMark:
    """Of a point `to_m` may be left out."""
    known_only(row, _MARK, path)
    from_m = _number(row, "from_m", path)
    to_m = read_number(row, "to_m", path)
    to_m = from_m if to_m is None else to_m
    if not 0 <= from_m <= to_m <= LONGEST_M:
        refuse(errors.OUT_OF_RANGE, path, f"from_m must be 0 or more and at most to_m, to_m at most {LONGEST_M:.0f}")
    return WebMark(
        from_m=from_m,
        to_m=to_m,
        lane=read_count(row, "lane", path),
        side=_side(row, path),
        y_mm=read_number(row, "y_mm", path),
        code=read_text(row, "code", path, required=True, longest=24),
        size_mm=read_number(row, "size_mm", path, above=0),
    )


def read_scan(row: Fields, path: str) -> WebScan:
    known_only(row, _SCAN, path)
    at_m = _number(row, "at_m", path)
    if not 0 <= at_m <= LONGEST_M:
        refuse(errors.OUT_OF_RANGE, f"{path}.at_m", f"0 to {LONGEST_M:.0f}")
    return WebScan(
        characteristic=read_text(row, "characteristic", path, required=True, longest=24),
        side=_side(row, path),
        at_m=at_m,
        values=_values(row.get("values"), path),
        gauge=read_text(row, "gauge", path, longest=32),
    )


def read_cut_out(row: Fields, path: str) -> CutOut:
    """Without a serial it was cut out of the unit itself: the serial stays empty here."""
    known_only(row, _CUT_OUT, path)
    from_m, to_m = read_metres(row, path)
    return CutOut(
        serial=read_serial(row["serial"], f"{path}.serial") if row.get("serial") else "",
        lane=read_count(row, "lane", path),
        from_m=from_m,
        to_m=to_m,
        code=read_text(row, "code", path, longest=24),
    )


def read_removed(row: Fields, path: str) -> RemovedPart:
    known_only(row, _REMOVED, path)
    serial = read_serial(row["serial"], f"{path}.serial") if row.get("serial") else ""
    position = read_count(row, "position", path)
    if not serial and position is None:
        refuse(errors.MISSING_FIELD, path, "'serial' or 'position'")
    return RemovedPart(serial, position, read_text(row, "reason", path, longest=200))


def check_web(result: UnitResult, path: str) -> None:
    """Refuse what contradicts itself: a cut-out of a roll that is not there, metres of one lane taken twice."""
    if result.length_m is not None and not SHORTEST_M <= result.length_m <= LONGEST_M:
        refuse(errors.OUT_OF_RANGE, f"{path}.length_m", f"{SHORTEST_M} to {LONGEST_M:.0f}")
    rolls = {piece.serial for piece in result.ranges} | {result.serial}
    for index, cut in enumerate(result.cut_outs):
        if cut.serial not in rolls:
            what = f"{cut.serial!r} is neither the unit nor among its ranges"
            refuse(errors.OUT_OF_RANGE, f"{path}.cut_outs[{index}].serial", what)
    used: tuple[RollRange | CutOut, ...] = (*result.ranges, *result.cut_outs)
    _check_apart([(piece.serial, piece.lane, piece.from_m, piece.to_m) for piece in used], path)
    own = [
        (piece.serial, piece.lane, piece.own_from_m, piece.own_to_m)
        for piece in result.ranges
        if piece.own_from_m is not None and piece.own_to_m is not None
    ]
    _check_apart(own, path)


def _check_apart(pieces: Sequence[tuple[str, int | None, float, float]], path: str) -> None:
    """No two pieces of a roll share metres of a lane, but for rounding; the whole width (None) is on every lane."""
    ends: dict[str, dict[int | None, float]] = {}  # how far each lane of each roll is taken
    for serial, lane, from_m, to_m in sorted(pieces, key=lambda piece: (piece[0], *piece[2:])):
        taken = ends.setdefault(serial, {})
        end = max((taken[other] for other in taken if lane is None or other in (None, lane)), default=0.0)
        if from_m < end - SHORTEST_M:
            on = f" on lane {lane}" if lane is not None else ""
            refuse(RANGES_OVERLAP, path, f"{serial}{on}: {from_m:g} m is before {end:g} m")
        taken[lane] = max(to_m, taken.get(lane, 0.0))


def _number(row: Fields, name: str, path: str) -> float:
    value = read_number(row, name, path, required=True)
    assert value is not None  # noqa: S101 - required
    return value


def _side(row: Fields, path: str) -> str:
    side = read_text(row, "side", path)
    if side not in ("", "A", "B"):
        refuse(errors.OUT_OF_RANGE, f"{path}.side", "A or B")
    return side


def _values(values: Any, path: str) -> tuple[float, ...]:
    if not isinstance(values, list):
        refuse(errors.WRONG_TYPE, f"{path}.values", "expected a list")
    if not 1 <= len(values) <= MOST_VALUES:
        refuse(errors.TOO_MANY, f"{path}.values", f"1 to {MOST_VALUES}")
    # Most are plain numbers; what is not is read, and refused, with its place.
    return tuple(
        value if type(value) is float and abs(value) <= MAX_NUMBER else _number({name: value}, name, path)
        for value, name in ((value, f"values[{index}]") for index, value in enumerate(values))
    )
