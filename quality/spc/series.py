"""A chart followed point by point on frozen limits: a new point costs a look at the last ones, nothing is recomputed.

A chart's order is (time, number): a late point takes its place by time, the windows it touches are judged again, what
they show now is new, and what no longer holds is named, so that the caller keeps and marks it. Without late points
the violations are those of quality.spc.rules over the whole chart; with late ones those that have not ended are those
of the plain batch over the final order.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

from quality.spc.panels import FrozenLimits
from quality.spc.rare import t_value
from quality.spc.smoothing import Sums, cusum_next, ewma_next
from quality.spc.standards import PANELS
from quality.spc.watching import MOVING, REMEMBERING, RunLengths, Watch, history_of, setting_of
from quality.spc.windows import Mark, ending_at, mark

Key: TypeAlias = tuple[int, str, int, int]
"""(number of the point that ends the window, panel, rule, side): what a signal is known by."""


class Plotted(NamedTuple):
    """One point of a chart. Values in the unit of the characteristic.

    `location`: what is plotted first, the individual, mean, share (P), number (NP, C), rate (U), units (G) or time (T).
    `spread`: the moving range, range or standard deviation; `within`: three-way charts, range or sd inside the
    subgroup; `statistic`: EWMA: z, CUSUM: the upper sum, T: the transformed time; `statistic_low`: CUSUM: the lower
    sum, 0 or more. `size`: sample size (P, NP) or area of opportunity (U). `is_own` is False for a point judged on
    other limits: windows do not reach over it, a moving range does.

    To be inserted, a point needs `spread` of XBAR-R and XBAR-S and `within` of I-MR-R and I-MR-S (None: n = 1) from
    the caller; moving ranges and statistics are filled in by the series. All numbers are finite.
    """

    number: int
    time_us: int
    location: float
    spread: float | None = None
    within: float | None = None
    n: int = 1
    size: float | None = None
    statistic: float | None = None
    statistic_low: float | None = None
    is_own: bool = True


class Violation(NamedTuple):
    """A satisfied window: `number` of the point that ends it, `window_first` number of its first in order of time.

    `panel` is the name of the Panel; `side` +1 above, -1 below, 0 neither (rules 4, 7 and 8); `length` in points.
    """

    number: int
    panel: str
    rule: int
    side: int
    window_first: int
    length: int

    @property
    def key(self) -> Key:
        return self.number, self.panel, self.rule, self.side


class Judged(NamedTuple):
    """What inserting one point did. `is_late`: a point of a later time was there already."""

    point: Plotted
    changed: Sequence[Plotted]  # others, whose moving range or statistics are different now
    new: Sequence[Violation]  # not standing before; may have stood once and ended
    ended: Sequence[Key]  # stood before, hold no longer
    is_late: bool


_Value: TypeAlias = Callable[[Plotted], float | None]


def _location(point: Plotted) -> float | None:
    return point.location


def _spread(point: Plotted) -> float | None:
    return point.spread


def _within(point: Plotted) -> float | None:
    return point.within


def _statistic(point: Plotted) -> float | None:
    return point.statistic


def _minus_low(point: Plotted) -> float | None:
    return None if point.statistic_low is None else -point.statistic_low


def _values(kind: str) -> list[_Value]:
    """What each watched panel plots."""
    if kind == "CUSUM":
        return [_statistic, _minus_low]
    if kind in ("EWMA", "T"):
        return [_statistic]
    others = PANELS[kind][1:]
    return [_location, *(_within if name != "MR" and len(others) == 2 else _spread for name in others)]


def history(kind: str, rules: Sequence[int], run_lengths: RunLengths | None = None) -> int:
    """How many points before a place have to be known to judge a point there: 14 and less, unless run lengths say."""
    return history_of(kind, rules, run_lengths)


class Series:
    """One chart and stream on one version of its limits.

    kind: as ControlPlan.chart ("I-MR", "XBAR-R", ..., "T"). limits: mean and sigma within (P, C, U, G: the mean;
    sigma unused; T: both of the transformed times). parameters: what else was frozen (three-way: "sigma_mean"; Laney:
    "sigma_z"). options: EWMA "lambda" 0.2, "L" 2.7, "limits" "exact"; CUSUM "k" 0.5, "h" 5, "head_start" 0.
    rules: Nelson's numbers; those that may not run on a panel are left out there. run_lengths: {rule: points}; the
    keys may be strings, as JSON has them.
    earlier: the points so far, in any order: all, or the last ones, at least history(...) of them before any place
    where a point may be inserted. older: how many own points stand before them. standing: keys of the signals on
    `earlier` that hold; they are not repeated, and named once they end.

    Raises ValueError for limits, parameters, options or run lengths that make no chart (see Standard, lengths_of).
    """

    def __init__(
        self,
        kind: str,
        limits: FrozenLimits,
        *,
        parameters: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        rules: Sequence[int] = (1, 2),
        run_lengths: RunLengths | None = None,
        earlier: Sequence[Plotted] = (),
        standing: set[Key] | frozenset[Key] = frozenset(),
        older: int = 0,
    ) -> None:
        setting = setting_of(kind, limits, parameters=parameters, options=options, rules=rules, run_lengths=run_lengths)
        self.kind = kind
        self.standard = setting.standard
        self.history = setting.history
        self._panels = [
            _Followed(self, watch, value) for watch, value in zip(setting.watches, _values(kind), strict=True)
        ]
        self._older = older
        self._points = list(earlier)
        self._orders = [(point.time_us, point.number) for point in self._points]
        if any(after < before for before, after in pairwise(self._orders)):
            self._points.sort(key=_order)
            self._orders.sort()
        self._places: list[int] = []  # how many own points stand before each
        self._count(0)
        self._standing: dict[int, set[Key]] = {}
        for key in standing:
            self._standing.setdefault(key[0], set()).add(key)
        for panel in self._panels:
            panel.forget(0)

    @property
    def points(self) -> Sequence[Plotted]:
        """In order of time, as they stand now."""
        return self._points

    @property
    def standing(self) -> set[Key]:
        """What holds now, of the points that are in reach."""
        return set().union(*self._standing.values())

    def reaches(self, time_us: int) -> bool:
        """May a point of that time be inserted, or does judging it need more of the earlier points?"""
        return self._older == 0 or bisect_left(self._orders, (time_us, -1)) >= self.history

    def insert(self, point: Plotted) -> Judged:
        """Place one point by (time, number), judge what it touches. Raises LookupError where `reaches` says no."""
        order = _order(point)
        is_late = bool(self._orders) and order < self._orders[-1]
        place = bisect_left(self._orders, order) if is_late else len(self._orders)
        if self._older and place < self.history:
            raise LookupError(f"Point {point.number} belongs before the points that are known.")
        self._orders.insert(place, order)
        self._points.insert(place, point)
        if is_late:
            self._count(place)
        else:
            self._places.append(self._next_place(place))
        for panel in self._panels:
            panel.open(place)
        point = self._points[place] = self._filled(place)
        if not is_late:
            new, _ = self._judge([place])
            return Judged(point, (), new, (), False)
        changed, last = self._restate(place)
        reach = max(last, place) + max(panel.watch.longest for panel in self._panels)
        new, ended = self._judge(range(place, min(reach, len(self._points))))
        return Judged(point, changed, new, ended, True)

    def _judge(self, places: Sequence[int]) -> tuple[list[Violation], list[Key]]:
        """The windows that end at these places: which are new, and which of the standing ones hold no longer."""
        new, ended = [], []
        for place in places:
            if not self._points[place].is_own:
                continue  # its signals belong to other limits
            number = self._points[place].number
            held = self._standing.get(number, set())
            holds: set[Key] = set()
            for panel in self._panels:
                for rule, side, length in panel.ending_at(place):
                    key = (number, panel.name, rule, side)
                    holds.add(key)
                    if key not in held:
                        first = self._points[place - length + 1].number
                        new.append(Violation(number, panel.name, rule, side, first, length))
            if held:
                judged = {(panel.name, rule) for panel in self._panels for rule in panel.watch.rules}
                over = {key for key in held - holds if key[1:3] in judged}
                ended += sorted(over)
                holds |= held - over
            if holds:
                self._standing[number] = holds
            else:
                self._standing.pop(number, None)
        return new, ended

    def _restate(self, place: int) -> tuple[list[Plotted], int]:
        """Moving ranges and statistics after a late point. Returns the changed points and the last place touched."""
        changed, last = [], place
        stop = len(self._points) if self.kind in REMEMBERING else min(place + 2, len(self._points))
        for later in range(place + 1, stop):
            was = self._points[later]
            if not was.is_own:
                continue  # it keeps what it was judged with
            point = self._filled(later)
            if point != was:
                self._points[later] = point
                changed.append(point)
            elif self.kind == "CUSUM":
                break  # the sums are the same from here on
            last = later
        for panel in self._panels:
            panel.forget(place, last + 1)
        return changed, last

    def _filled(self, place: int) -> Plotted:
        """The point with what follows from those before it."""
        point = self._points[place]
        if not point.is_own:
            return point
        if self.kind in MOVING:
            spread = abs(point.location - self._points[place - 1].location) if place else None
            return point._replace(spread=_finite(spread))
        if self.kind == "T":
            return point._replace(statistic=_finite(t_value(point.location)))
        if self.kind in REMEMBERING:
            return self._remembering(place, point)
        return point

    def _remembering(self, place: int, point: Plotted) -> Plotted:
        standard = self.standard
        center, sigma = standard.limits
        earlier = (self._points[at] for at in range(place - 1, -1, -1))
        before = next((other for other in earlier if other.is_own and other.statistic is not None), None)
        if self.kind == "EWMA":
            z = 0.0 if before is None or before.statistic is None else before.statistic - center
            return point._replace(statistic=_finite(center + ewma_next(z, point.location - center, standard.weight)))
        if not sigma > 0:
            return point._replace(statistic=None, statistic_low=None)
        sums = Sums(standard.head_start, standard.head_start)
        if before is not None:
            sums = Sums(before.statistic or 0.0, before.statistic_low or 0.0)
        score = (point.location - center) / sigma * math.sqrt(point.n)
        upper, lower = cusum_next(sums, score, standard.slack)
        if not (math.isfinite(upper) and math.isfinite(lower)):
            return point._replace(statistic=None, statistic_low=None)
        return point._replace(statistic=upper, statistic_low=lower)

    def standing_before(self, place: int) -> int:
        """How many own points."""
        return self._places[place]

    def _count(self, place: int) -> None:
        del self._places[place:]
        before = self._next_place(place) if self._points[place:] else 0
        for point in self._points[place:]:
            self._places.append(before)
            before += point.is_own

    def _next_place(self, at: int) -> int:
        return self._places[at - 1] + self._points[at - 1].is_own if at else self._older


class _Followed:
    """One panel: the marks of its points, each made when a window first looks at it."""

    def __init__(self, series: Series, watch: Watch, value: _Value) -> None:
        self.series = series
        self.watch = watch
        self.value = value
        self.name = watch.name
        self._marks: list[Mark | None] = []
        self._is_made: list[bool] = []

    def open(self, place: int) -> None:
        """A place for a new point."""
        self._marks.insert(place, None)
        self._is_made.insert(place, False)

    def forget(self, start: int, stop: int | None = None) -> None:
        """Marks of points that have changed; without `stop` of all from `start` on."""
        count = len(self.series.points)
        stop = count if stop is None else stop
        self._marks[start:stop] = [None] * (stop - start)
        self._is_made[start:stop] = [False] * (stop - start)

    def ending_at(self, place: int) -> list[tuple[int, int, int]]:
        return ending_at(place, self.mark, self.watch.rules, self.watch.lengths)

    def mark(self, place: int) -> Mark | None:
        """None where there is a gap, and before the first point."""
        if place < 0:
            return None
        if not self._is_made[place]:
            self._is_made[place] = True
            point = self.series.points[place]
            value = self.value(point) if point.is_own else None
            if value is not None:
                edges = self.watch.edges(point.n, point.size, self.series.standing_before(place))
                self._marks[place] = None if edges is None else mark(value, edges)
        return self._marks[place]


def _order(point: Plotted) -> tuple[int, int]:
    return point.time_us, point.number


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
