"""The run rules at one place: which windows end there. Point by point what quality.spc.rules is over a whole panel.

The tests hold one against the other; what a rule says, and the conventions, stand there.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from quality.spc.panels import Lines
from quality.spc.rules import ROUNDING, slack


class Edges(NamedTuple):
    """The lines a point stands against, each with how far off it still counts as on it."""

    lines: Lines
    near_center: float
    near_lcl: float
    near_ucl: float
    up_1: float
    near_up_1: float
    down_1: float
    near_down_1: float
    up_2: float
    near_up_2: float
    down_2: float
    near_down_2: float


class Mark(NamedTuple):
    """One point of a panel against its lines. Each is +1 above, -1 below, 0 on or between the lines it is named by.

    Where sigma is 0 all are 0, and only `is_within` tells.
    """

    value: float
    limit: int
    side: int
    two: int
    one: int
    is_within: bool
    error: float


Marks: TypeAlias = Callable[[int], Mark | None]
"""The mark of a place; None: a gap."""


def edges_of(lines: Lines) -> Edges:
    """Worked out once for each n or size, not for each point."""
    center, lcl, ucl, error = lines
    zones = [center + error * width for width in (1, -1, 2, -2)]
    pairs = [number for line in zones for number in (line, slack(line, error))]
    return Edges(lines, slack(center, error), slack(lcl, error), slack(ucl, error), *pairs)


def mark(value: float, edges: Edges) -> Mark:
    """Where a value stands."""
    center, lcl, ucl, error = edges.lines
    above, below = value - edges.up_1 > edges.near_up_1, edges.down_1 - value > edges.near_down_1
    is_within = not (above or below)
    if not error > 0:
        return Mark(value, 0, 0, 0, 0, is_within, error)
    offset = value - center
    return Mark(
        value,
        (value - ucl > edges.near_ucl) - (lcl - value > edges.near_lcl),
        (offset > edges.near_center) - (offset < -edges.near_center),
        0 if is_within else (value - edges.up_2 > edges.near_up_2) - (edges.down_2 - value > edges.near_down_2),
        above - below,
        is_within,
        error,
    )


def ending_at(place: int, marks: Marks, rules: Sequence[int], lengths: Sequence[int]) -> list[tuple[int, int, int]]:
    """(rule, side, length) of every window that ends at a place; lengths[rule] points each. No window at a gap."""
    last = marks(place)
    if last is None:
        return []
    found = []
    for rule in rules:
        side = _RULES[rule](place, last, marks, lengths[rule])
        if side is not None:
            found.append((rule, side, lengths[rule]))
    return found


def _beyond_limit(_place: int, last: Mark, _marks: Marks, _length: int) -> int | None:
    return last.limit or None


def _one_side(place: int, last: Mark, marks: Marks, length: int) -> int | None:
    if not last.side:
        return None
    for before in range(place - 1, place - length, -1):
        point = marks(before)
        if point is None or point.side != last.side:
            return None
    return last.side


def _monotone(place: int, last: Mark, marks: Marks, length: int) -> int | None:
    before = marks(place - 1)
    first = step = _step(before, last)
    for earlier in range(place - 2, place - length, -1):
        if not step or step != first:
            return None
        after, before = before, marks(earlier)
        step = _step(before, after)
    return first if step and step == first else None


def _alternating(place: int, last: Mark, marks: Marks, length: int) -> int | None:
    before = marks(place - 1)
    step = _step(before, last)
    for earlier in range(place - 2, place - length, -1):
        if not step:
            return None
        after, before = before, marks(earlier)
        was, step = step, _step(before, after)
        if step != -was:
            return None
    return 0 if step else None


def _beyond_two(place: int, last: Mark, marks: Marks, length: int) -> int | None:
    return _mostly(place, last.two, marks, length, "two") if last.two else None


def _beyond_one(place: int, last: Mark, marks: Marks, length: int) -> int | None:
    return _mostly(place, last.one, marks, length, "one") if last.one else None


def _within_one(place: int, last: Mark, marks: Marks, length: int) -> int | None:
    if not last.is_within:
        return None
    for before in range(place - 1, place - length, -1):
        point = marks(before)
        if point is None or not point.is_within:
            return None
    return 0


def _outside_one(place: int, last: Mark, marks: Marks, length: int) -> int | None:
    if not last.one:
        return None
    for before in range(place - 1, place - length, -1):
        point = marks(before)
        if point is None or not point.one:
            return None
    return 0


_RULES: dict[int, Callable[[int, Mark, Marks, int], int | None]] = {
    1: _beyond_limit,
    2: _one_side,
    3: _monotone,
    4: _alternating,
    5: _beyond_two,
    6: _beyond_one,
    7: _within_one,
    8: _outside_one,
}


def _step(before: Mark | None, after: Mark | None) -> int:
    """+1 a strict step up, -1 down, 0 a tie or next to a gap."""
    if before is None or after is None or not (before.error > 0 and after.error > 0):
        return 0
    change = after.value - before.value
    near = 1e-9 * after.error + ROUNDING * abs(after.value)
    return (change > near) - (change < -near)


def _mostly(place: int, side: int, marks: Marks, length: int, zone: str) -> int | None:
    missed = 0
    for before in range(place - 1, place - length, -1):
        point = marks(before)
        if point is None or not point.error > 0:
            return None
        if (point.two if zone == "two" else point.one) != side:
            missed += 1
            if missed > 1:
                return None
    return side
