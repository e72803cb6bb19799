"""Run rules over a whole panel: Nelson 1-8 (Nelson 1984), Western Electric 1-4 (1956), other run lengths.

Both readings of "what is flagged" are reported: `end`, the last point of each satisfied window, and `all`, every
point of it (rules 5 and 6: the points beyond only). Beyond is strict: a point on a line is not beyond it, and one on
the centre breaks a run. Zones are each point's own standard errors. Every window is full: a gap resets it. With zero
sigma nothing signals but rule 7: limits that coincide with the centre tell nothing, while fifteen points all on it do.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from quality.spc.panels import Floats, Panel, Places

Flags: TypeAlias = NDArray[np.bool_]
Codes: TypeAlias = NDArray[np.int8]
Number = TypeVar("Number", float, Floats)

ROUNDING = 4 * float(np.finfo(np.float64).eps)

RUN_LENGTHS = {1: 1, 2: 9, 3: 6, 4: 14, 5: 3, 6: 5, 7: 15, 8: 8}
"""Points of a window, by Nelson's rule; rules 5 and 6 want all of them but one beyond, the last among them."""

SHORTEST = {1: 1, 2: 2, 3: 3, 4: 3, 5: 2, 6: 2, 7: 2, 8: 2}
LONGEST = 50

_ALL, _UNCORRELATED, _BEYOND = range(1, 9), range(1, 5), range(1, 2)
ALLOWED: dict[str, Sequence[int]] = {
    **dict.fromkeys(("I", "XBAR", "T"), _ALL),
    **dict.fromkeys(("R", "S", "P", "NP", "C", "U"), _UNCORRELATED),
    # Neighbouring points share values (MR, EWMA, CUSUM) or are far from symmetric (G, T2): runs on them mean nothing.
    **dict.fromkeys(("MR", "EWMA", "CUSUM", "C+", "C-", "G", "T2", "MEWMA"), _BEYOND),
}
"""Which rules may run on which panel."""

WESTERN_ELECTRIC = {1: 1, 2: 5, 3: 6, 4: 2}
"""Nelson's rule for each of Western Electric's; the fourth with windows of 8."""


@dataclass(frozen=True)
class Found:
    """Satisfied windows of one rule: shape (k,) for `end`, `first` and `side`: +1 above or rising, -1 below or falling,
    0 neither (rules 4, 7 and 8). `all`: every flagged place once, in order."""

    rule: int
    end: Places
    side: Places
    first: Places
    all: Places


def slack(line: Number, error: Number) -> Number:
    """How far off a line still counts as on it: rounding of decimal data, a billionth of a standard error."""
    return 1e-9 * error + ROUNDING * abs(line)


def lengths_of(run_lengths: Mapping[int, int] | Mapping[str, int] | None) -> dict[int, int]:
    """Points of each rule's window: Nelson's, or as given; keys may be strings, as JSON has them.

    Raises ValueError for a rule there is not and for a length that makes no window.
    """
    lengths = dict(RUN_LENGTHS)
    for key, length in (run_lengths or {}).items():
        rule = int(key)
        if rule not in RUN_LENGTHS or rule == 1:
            raise ValueError(f"There is no rule {key} with a run length.")
        if not SHORTEST[rule] <= int(length) <= LONGEST:
            raise ValueError(f"A run of rule {rule} has {SHORTEST[rule]} to {LONGEST} points, not {length}.")
        lengths[rule] = int(length)
    return lengths


def find(
    panel: Panel, rules: Sequence[int], run_lengths: Mapping[int, int] | Mapping[str, int] | None = None
) -> dict[int, Found]:
    """The chosen Nelson rules on one panel, by number. Rules that may not run on this panel are left out.

    run_lengths: other lengths than Nelson's, in points: {2: 8}; of rules 5 and 6 all but one of them have to be beyond.
    """
    lengths = lengths_of(run_lengths)
    zones = _Zones(panel)
    return {rule: RULES[rule](zones, lengths[rule]) for rule in rules if rule in ALLOWED[panel.name]}


def western_electric(panel: Panel) -> dict[int, Found]:
    """Western Electric 1-4: beyond 3 sigma, 2 of 3 beyond 2, 4 of 5 beyond 1, 8 on one side. Nelson's 1, 5, 6 and 2."""
    found = find(panel, tuple(WESTERN_ELECTRIC.values()), {2: 8})
    return {rule: found[nelson] for rule, nelson in WESTERN_ELECTRIC.items() if nelson in found}


def end_any(panel: Panel, rule: int, length: int | None = None) -> Places:
    """Rules 5 and 6 read otherwise: the last point of each satisfied window, itself beyond or not."""
    zones, width, length = _Zones(panel), 2 if rule == 5 else 1, length or RUN_LENGTHS[rule]
    ends = [_most(zones.beyond(width, side), zones.known, length)[0] for side in (1, -1)]
    return _once_each(np.concatenate(ends), panel.points.size)


def end_both(panel: Panel, length: int = RUN_LENGTHS[8]) -> Places:
    """Rule 8 read otherwise: of its windows only those with points on both sides."""
    zones = _Zones(panel)
    end = _outside_one(zones, length).end
    above = np.concatenate([[0], np.cumsum(zones.beyond(1, 1))])
    below = np.concatenate([[0], np.cumsum(zones.beyond(1, -1))])
    first = end - length + 1
    return end[(above[end + 1] > above[first]) & (below[end + 1] > below[first])]


class _Zones:
    """What the rules ask about the points of one panel, each answered once."""

    def __init__(self, panel: Panel) -> None:
        lines = (_once(line) for line in (panel.center, panel.lcl, panel.ucl, panel.error))
        self.panel = panel = Panel(panel.name, panel.points, *lines)
        self.offset = panel.points - panel.center

    @cached_property
    def has_sigma(self) -> Flags:
        return self.panel.error > 0

    @cached_property
    def known(self) -> Flags:
        """A point, with lines that tell something."""
        return np.isfinite(self.offset) & self.has_sigma

    @cached_property
    def side(self) -> Codes:
        """+1 strictly above the centre, -1 strictly below; 0 on it, or where nothing can be said."""
        near = slack(self.panel.center, self.panel.error)
        return ((self.offset > near).view(np.int8) - (self.offset < -near).view(np.int8)) * self.has_sigma

    def over(self, width: int, side: int) -> Flags:
        """Strictly more than `width` standard errors off the centre on that side, whatever sigma is."""
        step = self.panel.error * (width * side)
        line = self.panel.center + step
        near = slack(line, self.panel.error)
        return self.panel.points - line > near if side > 0 else line - self.panel.points > near

    def beyond(self, width: int, side: int) -> Flags:
        return self.over(width, side) & self.has_sigma

    @cached_property
    def outside_one(self) -> Flags:
        """Strictly more than one standard error off the centre, on either side."""
        return self.over(1, 1) | self.over(1, -1)

    @cached_property
    def step(self) -> Codes:
        """+1 a strict step up to this point, -1 a step down; 0 at a tie, the first point and next to a gap."""
        points, error = self.panel.points, self.panel.error
        steps = np.zeros(points.size, np.int8)
        if points.size > 1:
            change = np.diff(points)
            near = slack(points[1:], error[1:] if error.size == points.size else error)
            moved = (change > near).view(np.int8) - (change < -near).view(np.int8)
            steps[1:] = moved * (self.known[1:] & self.known[:-1])
        return steps


def _once(line: Floats) -> Floats:
    """A line that is the same number all along (broadcast by the chart): that number alone saves most of the work."""
    return line[:1] if line.strides == (0,) else line


def _beyond_limit(zones: _Zones, _length: int) -> Found:
    """A point strictly beyond a control limit."""
    panel = zones.panel
    over = panel.points - panel.ucl > slack(panel.ucl, panel.error)
    under = panel.lcl - panel.points > slack(panel.lcl, panel.error)
    end = np.flatnonzero((over | under) & zones.has_sigma)
    side = np.where(over[end], 1, -1)
    return Found(1, end, side, end, end)


def _one_side(zones: _Zones, length: int) -> Found:
    """In a row strictly on one side of the centre."""
    return _runs(2, zones.side, length)


def _monotone(zones: _Zones, length: int) -> Found:
    """Each strictly above, or each strictly below, the one before: `length` points are length - 1 steps."""
    return _runs(3, zones.step, length, steps=1)


def _alternating(zones: _Zones, length: int) -> Found:
    """Strictly up and down in turn: `length` points, length - 1 steps, length - 2 turns."""
    turns = np.zeros(zones.step.size, np.int8)
    turns[1:] = zones.step[1:] * zones.step[:-1] == -1
    return _runs(4, turns, length, steps=2)


def _beyond_two(zones: _Zones, length: int) -> Found:
    """All but one of the window strictly beyond 2 standard errors on the same side, the last one among them."""
    return _mostly(5, zones, 2, length)


def _beyond_one(zones: _Zones, length: int) -> Found:
    """All but one of the window strictly beyond 1 standard error on the same side, the last one among them."""
    return _mostly(6, zones, 1, length)


def _within_one(zones: _Zones, length: int) -> Found:
    """All within 1 standard error of the centre, or on the line: stratified, or a gauge that stands still."""
    return _runs(7, (~zones.outside_one & np.isfinite(zones.offset)).view(np.int8), length)


def _outside_one(zones: _Zones, length: int) -> Found:
    """None within 1 standard error of the centre, on either side: a mixture."""
    return _runs(8, (zones.outside_one & zones.has_sigma).view(np.int8), length)


RULES: dict[int, Callable[[_Zones, int], Found]] = {
    1: _beyond_limit,
    2: _one_side,
    3: _monotone,
    4: _alternating,
    5: _beyond_two,
    6: _beyond_one,
    7: _within_one,
    8: _outside_one,
}


def _runs(rule: int, codes: Codes, length: int, steps: int = 0) -> Found:
    """Stretches of equal codes that are not 0, long enough for a window.

    A code of `steps` > 0 speaks of the point and so many before it: fewer codes make a window, and it begins earlier.
    """
    needed = length - steps
    starts, stops, side = _stretches(codes, needed)
    if rule in (4, 7, 8):
        side = np.zeros_like(side)
    windows = stops - starts - needed + 1
    end = _ranges(starts + needed - 1, windows)
    # Steps of two stretches may meet in one point: a peak ends the rise and begins the fall.
    flagged = _once_each(_ranges(starts - steps, stops - starts + steps), codes.size)
    return Found(rule, end, np.repeat(side, windows), end - length + 1, flagged)


def _ranges(starts: Places, counts: Places) -> Places:
    """`counts[i]` places from `starts[i]` on, one after another."""
    before = np.cumsum(counts) - counts
    return np.repeat(starts - before, counts) + np.arange(int(counts.sum()))


def _once_each(places: Places, size: int) -> Places:
    """In order."""
    flags = np.zeros(size, np.bool_)
    flags[places] = True
    return np.flatnonzero(flags)


def _stretches(codes: Codes, needed: int) -> tuple[Places, Places, Places]:
    """Where stretches of at least `needed` equal codes other than 0 begin and end (exclusive), and their code."""
    if codes.size < needed:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64)
    bounds = np.flatnonzero(codes[1:] != codes[:-1]) + 1
    starts = np.concatenate([[0], bounds])
    stops = np.concatenate([bounds, [codes.size]])
    long = np.flatnonzero(stops - starts >= needed)
    long = long[codes[starts[long]] != 0]
    return starts[long], stops[long], codes[starts[long]].astype(np.int64)


def _mostly(rule: int, zones: _Zones, width: int, length: int) -> Found:
    found = []
    for side in (1, -1):
        beyond = zones.beyond(width, side)
        end, window = _most(beyond, zones.known, length)
        end, window = end[beyond[end]], window[beyond[end]]
        found.append((end, np.full(end.size, side), window[beyond[window]]))
    end = np.concatenate([one[0] for one in found])
    order = np.argsort(end, kind="stable")
    sides = np.concatenate([one[1] for one in found])[order]
    flagged = _once_each(np.concatenate([one[2] for one in found]), zones.offset.size)
    return Found(rule, end[order], sides, end[order] - length + 1, flagged)


def _most(beyond: Flags, known: Flags, length: int) -> tuple[Places, Places]:
    """Ends of the full windows with all points but one, or all, beyond; and each one's places, shape (k, length)."""
    if beyond.size < length:
        return np.empty(0, np.int64), np.empty((0, length), np.int64)
    many = np.zeros(beyond.size - length + 1, np.int8)
    for place in range(length):
        many += beyond[place : beyond.size - length + 1 + place]
    end = np.flatnonzero(many >= length - 1) + length - 1
    window = end[:, None] + np.arange(1 - length, 1)
    full = known[window].all(axis=1)
    return end[full], window[full]
