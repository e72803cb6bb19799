"""From values in order of arrival to the points of a chart, for one control plan and stream. Pure.

Decided here:
- A subgroup that is closed stays closed. A value that comes after its time has passed is late: it becomes a point of
  its own, a subgroup of one. A late unit of an attribute chart counts in the sample that is open instead, for a share
  of one unit tells nothing.
- A period is closed by the first value of a later one, or by the clock. One with very many members is closed when it
  is full, and goes on with another point: a stream's open members are kept in one row.
- What cannot be plotted (not finite, a negative count, no area) is left out and named; nothing raises.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from quality.spc.variables import subgroup_mean, subgroup_sd

INDIVIDUALS = frozenset({"I-MR", "C"})
SHARES = frozenset({"P", "NP", "LANEY-P"})
RATES = frozenset({"U", "LANEY-U"})
BETWEEN = frozenset({"G", "T"})
ATTRIBUTE = SHARES | RATES | BETWEEN | {"C"}
_BY_SD = frozenset({"XBAR-S", "I-MR-S"})
THREE_WAY = frozenset({"I-MR-R", "I-MR-S"})
_EVENTS_KEPT = 20  # T: as many events back a late one finds its place
HOUR_US = 3_600_000_000
FULL = 20_000  # members of one period's point; ChartPoint.n takes 32,767


class Value(NamedTuple):
    """One value as it came. `time_us`: machine time less the clock's offset; `size`: what a count looked at."""

    value: float
    record: int
    time_us: int
    is_nonconforming: bool = False
    size: float = 1.0


class NewPoint(NamedTuple):
    """A point to be judged; `quality.spc.series.Plotted` names the figures."""

    time_us: int
    location: float
    spread: float | None
    within: float | None
    n: int
    size: float | None
    records: tuple[int, ...]


@dataclass(frozen=True)
class Grouping:
    """What becomes one point: the columns of the plan of the same names."""

    chart: str
    subgroup_by: str = "CONSECUTIVE"
    subgroup_size: int = 1
    period_us: int = 0
    every_nth: int = 1


@dataclass
class Intake:
    """Where one stream stands: the members of the subgroup that is not full yet, in order of time.

    closed_us: the latest time of a value in a closed subgroup; is_full: it was closed because it was full, so that its
    period goes on. `seen` counts what came, charted or not: values, or records where a record is a subgroup.
    """

    grouping: Grouping
    waiting: list[Value] = field(default_factory=list)
    seen: int = 0
    closed_us: int | None = None
    since_event: float = 0.0  # G: conforming units since the last nonconforming one
    events_us: list[int] = field(default_factory=list)  # T: the last nonconforming units
    left_out: list[int] = field(default_factory=list)
    is_full: bool = False

    def take(self, values: Sequence[Value]) -> list[NewPoint]:
        """The values of one record, in the order they were posted. Returns the points they complete."""
        grouping = self.grouping
        if grouping.subgroup_by == "RECORD" and grouping.chart not in INDIVIDUALS | BETWEEN:
            if not values or not self._is_sampled():
                return []
            return self._points([values])
        points = []
        for value in values:
            if self._is_sampled():
                points += self._one(value)
        return points

    def close_until(self, now_us: int) -> list[NewPoint]:
        """The period that is over by the clock, if one is open."""
        period = self.grouping.period_us
        if self.grouping.subgroup_by != "PERIOD" or not self.waiting:
            return []
        if (self.waiting[-1].time_us // period + 1) * period > now_us:
            return []
        return self._close()

    def _is_sampled(self) -> bool:
        self.seen += 1
        return (self.seen - 1) % self.grouping.every_nth == 0

    def _one(self, value: Value) -> list[NewPoint]:
        chart = self.grouping.chart
        if not math.isfinite(value.value):
            self.left_out.append(value.record)
            return []
        if chart in BETWEEN:
            return self._between_units(value) if chart == "G" else self._between_times(value)
        if chart in INDIVIDUALS:
            return self._points([[value]])
        is_attribute = chart in ATTRIBUTE
        if self.grouping.subgroup_by == "PERIOD":
            return self._in_period(value, is_attribute)
        return self._in_sample(value, is_attribute)

    def _in_sample(self, value: Value, is_attribute: bool) -> list[NewPoint]:
        size = self.grouping.subgroup_size
        if size > 1 and not is_attribute and self.closed_us is not None and value.time_us < self.closed_us:
            return self._points([[value]])
        self._wait(value)
        return self._close() if len(self.waiting) >= size else []

    def _in_period(self, value: Value, is_attribute: bool) -> list[NewPoint]:
        period = self.grouping.period_us
        index = value.time_us // period
        over = -1 if self.closed_us is None else self.closed_us // period  # closed by the clock
        after = over if self.is_full else over + 1
        begun = self.waiting[-1].time_us // period if self.waiting else after
        if index < begun and is_attribute:
            value = value._replace(time_us=max(begun * period, self.waiting[-1].time_us if self.waiting else 0))
        elif index < begun:
            return self._points([[value]])
        points = self._close() if self.waiting and index > begun else []
        self._wait(value)
        if len(self.waiting) >= FULL:
            points += self._close()
            self.is_full = True
        return points

    def _wait(self, value: Value) -> None:
        place = len(self.waiting)
        while place and self.waiting[place - 1].time_us > value.time_us:
            place -= 1
        self.waiting.insert(place, value)

    def _close(self) -> list[NewPoint]:
        members, self.waiting, self.is_full = self.waiting, [], False
        return self._points([members])

    def _between_units(self, value: Value) -> list[NewPoint]:
        """G: how many conforming units there were before a nonconforming one."""
        if not value.is_nonconforming:
            self.since_event += 1
            return []
        count, self.since_event = self.since_event, 0.0
        return [self._placed(NewPoint(value.time_us, count, None, None, 1, None, (value.record,)))]

    def _between_times(self, value: Value) -> list[NewPoint]:
        """T: hours since the nonconforming unit before; the first one only starts the clock."""
        if not value.is_nonconforming:
            return []
        before = [at for at in self.events_us if at <= value.time_us]
        self.events_us = sorted([*self.events_us, value.time_us])[-_EVENTS_KEPT:]
        if not before:
            return []
        hours = (value.time_us - max(before)) / HOUR_US
        return [self._placed(NewPoint(value.time_us, hours, None, None, 1, None, (value.record,)))]

    def _points(self, groups: Sequence[Sequence[Value]]) -> list[NewPoint]:
        return [point for group in groups if (point := self._plot(group)) is not None]

    def _placed(self, point: NewPoint) -> NewPoint:
        self.closed_us = point.time_us if self.closed_us is None else max(self.closed_us, point.time_us)
        return point

    def _plot(self, group: Sequence[Value]) -> NewPoint | None:
        figures = self._figures(group)
        if figures is None:
            self.left_out += dict.fromkeys(value.record for value in group)
            return None
        location, spread, within, n, size = figures
        time_us = max(value.time_us for value in group)
        records = tuple(dict.fromkeys(value.record for value in group if value.record))
        return self._placed(NewPoint(time_us, location, spread, within, n, size, records))

    def _figures(self, group: Sequence[Value]) -> tuple[float, float | None, float | None, int, float | None] | None:
        """(location, spread, within, n, size); None where they cannot be plotted."""
        chart = self.grouping.chart
        if chart in SHARES:
            n = len(group)
            nonconforming = sum(value.is_nonconforming for value in group)
            return (float(nonconforming) if chart == "NP" else nonconforming / n), None, None, n, float(n)
        numbers = [value.value for value in group]
        if chart in RATES:
            return _rate(numbers, [value.size for value in group])
        if chart == "C":
            return (numbers[0], None, None, 1, None) if numbers[0] >= 0 else None
        return _variables(chart, [number for number in numbers if math.isfinite(number)])


def _variables(chart: str, numbers: list[float]) -> tuple[float, float | None, float | None, int, None] | None:
    if not numbers:
        return None
    location, spread = _moments(numbers, by_sd=chart in _BY_SD)
    # Values near the end of the number range: nothing that can be plotted, and no reason to stop.
    if not (math.isfinite(location) and math.isfinite(spread or 0.0)):
        return None
    if chart in THREE_WAY:
        return location, None, spread, len(numbers), None
    return location, spread if chart in ("XBAR-R", "XBAR-S") else None, None, len(numbers), None


def _rate(counts: list[float], sizes: list[float]) -> tuple[float, None, None, int, float] | None:
    total, area = math.fsum(counts), math.fsum(sizes)
    if not (math.isfinite(total) and math.isfinite(area) and area > 0 and total >= 0):
        return None
    return total / area, None, None, len(counts), area


def _moments(numbers: list[float], *, by_sd: bool) -> tuple[float, float | None]:
    """Mean, and range or standard deviation; None for one value."""
    try:
        mean = subgroup_mean(numbers)
        if len(numbers) < 2:
            return mean, None
        if not by_sd:
            return mean, max(numbers) - min(numbers)
        return mean, subgroup_sd(numbers)
    except OverflowError:
        return math.inf, None


def nominal_of(options: Mapping[str, Any], recipe: str) -> float | None:
    """What DNOM subtracts: one number, or one for each recipe ("" for all others); None where there is none for it."""
    nominal = options.get("nominal", 0.0)
    if isinstance(nominal, Mapping):
        nominal = nominal.get(recipe, nominal.get(""))
    return float(nominal) if isinstance(nominal, int | float) and math.isfinite(nominal) else None
