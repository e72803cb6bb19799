"""A chart followed point by point on frozen limits: a new point costs a look at the last ones, nothing is recomputed.

A chart's order is (time, number): a late point takes its place by time, the windows it touches are judged again, what
they show now is new, and what no longer holds is named, so that the caller keeps and marks it. Without late points
the violations are those of quality.spc.rules over the whole chart; with late ones those that have not ended are those
of the plain batch over the final order.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from quality.spc.panels import FrozenLimits

Key: TypeAlias = tuple[int, str, int, int]
"""(number of the point that ends the window, panel, rule, side): what a signal is known by."""


class Plotted(NamedTuple):
    """One point of a chart. Values in the unit of the characteristic.

    `spread`: the moving range, range or standard deviation; `within`: three-way charts, range or sd inside the
    subgroup; `statistic`: EWMA: z, CUSUM: the upper sum, T: the transformed time; `statistic_low`: CUSUM: the lower sum.
    `size`: attribute charts, sample size (P, NP) or area of opportunity (U). `is_own` is False for a point judged on
    other limits: windows do not reach over it, a moving range does.

    To be inserted, a point needs `spread` of XBAR-R and XBAR-S and `within` of I-MR-R and I-MR-S (None: n = 1) from the
    caller; moving ranges and statistics are filled in by the series.
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
    new: Sequence[Violation]  # not standing before
    ended: Sequence[Key]  # stood before, hold no longer
    is_late: bool


def history(kind: str, rules: Sequence[int], run_lengths: Mapping[int, int] | None = None) -> int:
    """How many points before a place have to be known to judge a point there (15 and less, unless run lengths say)."""
    raise NotImplementedError


class Series:
    """One chart and stream on one version of its limits.

    kind: as ControlPlan.chart ("I-MR", "XBAR-R", ..., "T"). limits: mean and sigma within (P, C, U, G: the mean;
    sigma unused; T: both of the transformed times). parameters: what else was frozen (three-way: "sigma_mean"; Laney:
    "sigma_z"). options: EWMA "lambda" 0.2, "L" 2.7, "limits" "exact"; CUSUM "k" 0.5, "h" 5, "head_start" 0.
    rules: Nelson's numbers; those that may not run on a panel are left out there. run_lengths: {rule: points}; the keys
    may be strings, as JSON has them.
    earlier: the points so far, in any order: all, or the last ones, at least history(...) of them before any place where
    a point may be inserted. older: how many own points stand before them. standing: keys of the signals on `earlier`
    that hold; others are neither repeated nor reported as ended.
    """

    def __init__(
        self,
        kind: str,
        limits: FrozenLimits,
        parameters: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        rules: Sequence[int] = (1, 2),
        run_lengths: Mapping[int, int] | Mapping[str, int] | None = None,
        earlier: Sequence[Plotted] = (),
        standing: set[Key] | None = None,
        older: int = 0,
    ) -> None:
        raise NotImplementedError

    def reaches(self, time_us: int) -> bool:
        """May a point of that time be inserted, or does judging it need more of the earlier points?"""
        raise NotImplementedError

    def insert(self, point: Plotted) -> Judged:
        """Place one point by (time, number), judge what it touches. Raises LookupError where `reaches` says no."""
        raise NotImplementedError

    @property
    def points(self) -> Sequence[Plotted]:
        """In order of time, as they stand now."""
        raise NotImplementedError

    @property
    def standing(self) -> set[Key]:
        """What holds now, of the points that are in reach."""
        raise NotImplementedError
