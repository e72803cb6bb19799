"""Characteristics that no station posts as a result: a signal, or a scan across the web, becomes one value a period.

Decided here:
- Of an array each scan is summarised by itself, and the period's value is the mean over its scans: the range across the
  web is that of a scan, not of means. Of a plain signal the values of the period are summarised.
- A period is worked off once values of a later time have come from the station: what waits in a gateway during an
  outage is not lost to the chart. A period without values has no point.
- Values that are not Good do not count. A scan counts with all its elements or not at all.
- A station makes one product at a time: the one its newest result of before the period's end names.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from lines.ledger.times import microseconds
from lines.records.prepared import prepared_cursor
from lines.telemetry import reading
from lines.telemetry.news import moment
from quality.charts.followed import Key
from quality.charts.subgroups import Value
from quality.charts.watched import Watched
from quality.spc.panels import Floats

Column: TypeAlias = tuple[NDArray[np.int64], Floats]
Summary: TypeAlias = Callable[[Floats], float]

# Of one plan at a time: a plant that catches up has days behind it.
PERIODS_AT_ONCE = 200
_NEWEST_RESULTS = 200


@dataclass(frozen=True)
class Read:
    """Values of one plan's next periods, and until when its telemetry is worked off."""

    values: list[Value]
    until_us: int


def next_values(plans: Sequence[Watched]) -> dict[Key, Read]:
    """What the plans of telemetry have to plot; plans with nothing new are absent. A plan that is new starts with the
    period after the newest value. Two statements for all, and a few for each plan that has something."""
    if not plans:
        return {}
    signals = _signals([plan.pk for plan in plans])
    watched = _watched_until([plan.pk for plan in plans])
    found = {}
    for plan in plans:
        ids, newest_us = signals.get(plan.pk, ([], None))
        if newest_us is None:
            continue
        period = plan.grouping.period_us
        heard = newest_us // period * period
        since = watched.get(plan.pk)
        if since is None:
            found[plan.pk, ""] = Read([], heard + period)
        elif heard > since:
            until = min(heard, since + PERIODS_AT_ONCE * period)
            values = _summarised(plan, ids, since, until)
            found[plan.pk, ""] = Read(_of_product(plan, values) if values else [], until)
    return found


def past_values(plan: Watched, since: datetime | None, until: datetime | None, most: timedelta) -> list[Value]:
    """The values that a plan, stored or not, would have plotted in [since, until), cut to whole periods and to the
    newest `most` of it. Without an end, up to the newest value of its signals."""
    with prepared_cursor() as cursor:
        cursor.execute(
            "select s.id, (extract(epoch from l.source_time) * 1000000)::bigint from lines_signal s"
            " left join lines_signallatest l on l.signal_id = s.id where s.station_id = %s"
            " and (s.code = %s or (s.elements > 0 and split_part(s.code, '[', 1) = %s)) order by s.id",
            [plan.station_id, plan.signal_code, plan.signal_code],
        )
        rows = cursor.fetchall()
    newest = [at for _, at in rows if at is not None]
    if not newest:
        return []
    period = plan.grouping.period_us
    end = min(newest) if until is None else min(*newest, microseconds(until))
    start = end - round(most.total_seconds() * 1_000_000)
    start = start if since is None else max(start, microseconds(since))
    values = _summarised(plan, [pk for pk, _ in rows], -(-start // period) * period, end // period * period)
    return _of_product(plan, values) if values else []


def _signals(plan_ids: list[int]) -> dict[int, tuple[list[int], int | None]]:
    """By plan: the signal, or the elements of the array of that name, and until when all of them are known."""
    with prepared_cursor() as cursor:
        cursor.execute(
            "select p.id, array_agg(s.id order by s.id),"
            " case when count(*) = count(l.signal_id)"
            "  then (extract(epoch from min(l.source_time)) * 1000000)::bigint end"
            " from quality_controlplan p"
            " join lines_signal s on s.station_id = p.station_id"
            "  and (s.code = p.signal_code or (s.elements > 0 and split_part(s.code, '[', 1) = p.signal_code))"
            " left join lines_signallatest l on l.signal_id = s.id"
            " where p.id = any(%s) group by p.id",
            [plan_ids],
        )
        return {plan: (ids, newest) for plan, ids, newest in cursor.fetchall()}


def _watched_until(plan_ids: list[int]) -> dict[int, int]:
    with prepared_cursor() as cursor:
        cursor.execute(
            "select plan_id, (extract(epoch from watched_until) * 1000000)::bigint from quality_chartstream"
            " where plan_id = any(%s) and stream = '' and watched_until is not null",
            [plan_ids],
        )
        return dict(cursor.fetchall())


def _summarised(plan: Watched, ids: list[int], since_us: int, until_us: int) -> list[Value]:
    """One value for each period of [since, until) that has any, in order of time."""
    found = reading.values(ids, moment(since_us), moment(until_us))
    columns = [
        rows.where(((rows.status & 0x8000_0000) == 0) & np.isfinite(rows.value))
        for rows in (found[signal].rows for signal in ids)
    ]
    if len(ids) == 1:
        times, values = columns[0].source_time_us, columns[0].value
        return _each_period(plan, times, values, SUMMARIES[plan.summary])
    times, values = _scans([(column.source_time_us, column.value) for column in columns], SUMMARIES[plan.summary])
    return _each_period(plan, times, values, SUMMARIES["MEAN"])


def _scans(columns: Sequence[Column], summary: Summary) -> Column:
    """The summary of each scan: values of one source time, of which all elements are there."""
    times = columns[0][0]
    for others, _ in columns[1:]:
        times = np.intersect1d(times, others)
    scans = np.empty((times.size, len(columns)))
    for place, (own, values) in enumerate(columns):
        # Of a value that was said twice the last one counts.
        scans[:, place] = values[np.searchsorted(own, times, side="right") - 1]
    return times, np.array([summary(scan) for scan in scans])


def _each_period(plan: Watched, times: NDArray[np.int64], values: Floats, summary: Summary) -> list[Value]:
    period = plan.grouping.period_us
    found = []
    starts = np.flatnonzero(np.diff(times // period, prepend=-1))
    for start, stop in zip(starts, [*starts[1:], times.size], strict=True):
        if start < stop:
            found.append(Value(summary(values[start:stop]), 0, int(times[stop - 1])))
    return found


def _range_percent(values: Floats) -> float:
    mean = float(values.mean())
    return 100 * float(np.ptp(values)) / abs(mean) if mean else math.nan


SUMMARIES: Mapping[str, Summary] = {
    "MEAN": lambda values: float(values.mean()),
    "RANGE": lambda values: float(np.ptp(values)),
    "RANGE_PCT": _range_percent,
    "SD": lambda values: float(values.std(ddof=1)) if values.size > 1 else math.nan,
    "MIN": lambda values: float(values.min()),
    "MAX": lambda values: float(values.max()),
}
"""By name, of the values (n,) of one scan or one period; not a number where there is no such figure."""


def _of_product(plan: Watched, values: list[Value]) -> list[Value]:
    """Those of periods in which the station made the plan's product; all, where it has told no result at all."""
    with prepared_cursor() as cursor:
        cursor.execute(
            "select ((extract(epoch from source_time) - coalesce(clock_offset_s, 0)) * 1000000)::bigint, product"
            " from lines_operationrecord where station_id = %s::bigint order by id desc limit %s::int",
            [plan.station_id, _NEWEST_RESULTS],
        )
        results = sorted(cursor.fetchall())
    if not results:
        return values
    times = [at for at, _ in results]
    return [value for value in values if results[max(bisect_right(times, value.time_us) - 1, 0)][1] == plan.product]
