"""From values in order to plotted points and the rules they break, for one control plan. Pure.

A stream is picked up where the database left it: the last points and the subgroup that is not full yet.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from quality.spc.following import Follower, Violation
from quality.spc.panels import FrozenLimits, Lines
from quality.spc.variables import mean_lines, range_lines, subgroup_mean

CHART_NAMES = {"I-MR": ("I", "MR"), "XBAR-R": ("XBAR", "R")}


class Value(NamedTuple):
    value: float
    record: int
    source_time: datetime


class EarlierPoint(NamedTuple):
    """A point as stored: enough of it to go on from there."""

    id: int
    number: int
    location: float
    spread: float | None
    n: int
    limits_id: int


class Broken(NamedTuple):
    """A rule violated on one chart of the pair: the plotted value, and the line it is beyond."""

    chart: str
    violation: Violation
    value: float
    line: float


@dataclass(frozen=True)
class NewPoint:
    number: int
    source_time: datetime
    location: float
    spread: float | None
    n: int
    records: tuple[int, ...]
    broken: tuple[Broken, ...]


@dataclass
class Stream:
    """`limits` are the frozen ones of row `limits_id`. Points on other limits do not count for a run.

    `left_out` collects the records of values that cannot be plotted; whatever the values, nothing raises.
    """

    chart: str
    by_record: bool
    subgroup_size: int
    rules: tuple[int, ...]
    limits: FrozenLimits
    limits_id: int
    earlier: Sequence[EarlierPoint] = ()
    waiting: list[Value] = field(default_factory=list)
    left_out: list[int] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        location, spread = CHART_NAMES[self.chart]
        self._location = Follower(location, self.rules)
        self._spread = Follower(spread, self.rules)
        self._number = self.earlier[-1].number + 1 if self.earlier else 0
        self._before = self.earlier[-1].location if self.earlier else None
        for point in self.earlier:
            if point.limits_id == self.limits_id:
                self._break(point.location, point.spread, point.n)
            else:
                self._location.reset()
                self._spread.reset()

    def take(self, values: Sequence[Value]) -> list[NewPoint]:
        """The values of one record, in the order they were posted. Returns the points they complete."""
        values = [value for value in values if math.isfinite(value.value)]
        if self.chart == "I-MR":
            groups = [[value] for value in values]
        elif self.by_record:
            groups = [values] if values else []
        else:
            self.waiting += values
            groups = []
            while len(self.waiting) >= self.subgroup_size:
                groups.append(self.waiting[: self.subgroup_size])
                del self.waiting[: self.subgroup_size]
        return [point for group in groups if (point := self._plot(group))]

    def _plot(self, group: Sequence[Value]) -> NewPoint | None:
        numbers = [value.value for value in group]
        try:
            location = subgroup_mean(numbers)
        except OverflowError:
            location = math.inf
        spread: float | None = None
        if self.chart == "I-MR":
            spread = None if self._before is None else abs(location - self._before)
        elif len(group) > 1:
            spread = max(numbers) - min(numbers)
        if not (math.isfinite(location) and math.isfinite(spread or 0.0)):
            # Values near the end of the number range: nothing that can be plotted, and no reason to stop.
            self.left_out += dict.fromkeys(value.record for value in group)
            return None
        point = NewPoint(
            number=self._number,
            source_time=max(value.source_time for value in group),
            location=location,
            spread=spread,
            n=len(group),
            records=tuple(dict.fromkeys(value.record for value in group)),
            broken=self._break(location, spread, len(group)),
        )
        self._number += 1
        self._before = location
        return point

    def _break(self, location: float, spread: float | None, n: int) -> tuple[Broken, ...]:
        broken = _broken(self._location, location, mean_lines(self.limits, n))
        if spread is None:
            self._spread.reset()
        else:
            broken += _broken(self._spread, spread, range_lines(self.limits, 2 if self.chart == "I-MR" else n))
        return tuple(broken)


def _broken(follower: Follower, plotted: float, lines: Lines) -> list[Broken]:
    found = []
    for violation in follower.add(plotted, lines):
        limit = lines.ucl if violation.side > 0 else lines.lcl
        found.append(Broken(follower.chart, violation, plotted, limit if violation.rule == 1 else lines.center))
    return found
