"""Signal values for screens."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from lines.plant.models import Signal
from lines.telemetry.batches import AHEAD_TOLERANCE_US, is_good

_AHEAD = timedelta(microseconds=AHEAD_TOLERANCE_US)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TrendPoint(NamedTuple):
    source_time: datetime
    value: float
    is_good: bool


def trend(signal: Signal, since: datetime, until: datetime, max_points: int = 600) -> list[TrendPoint]:
    """The values of [since, until) in order of source time, at most `max_points`.

    More than that are thinned out to the least and the greatest of equal spans, so that no peak is lost.
    """
    with connection.cursor() as cursor:
        # A value is received at most the tolerance before its source time: older partitions are left out.
        where = "signal_id = %s and source_time >= %s and source_time < %s and received_at >= %s"
        values: list[Any] = [signal.id, since, until, since - _AHEAD]
        cursor.execute(
            f"select source_time, value, status from lines_sample where {where} order by source_time limit %s",  # noqa: S608 - no input in it
            [*values, max_points + 1],
        )
        rows = cursor.fetchall()
        if len(rows) <= max_points:
            return [TrendPoint(at, value, is_good(status)) for at, value, status in rows]
        span_us = max((until - since) // timedelta(microseconds=1) * 2 // max(max_points, 2), 1)
        cursor.execute(
            f"""
            with part as (
                select value, status & x'80000000'::bigint = 0 as is_good,
                    (extract(epoch from source_time) * 1000000)::bigint as us
                from lines_sample where {where}
            )
            select is_good, min(array[value, us]), max(array[value, us])
            from part group by is_good, us / %s
            """,  # noqa: S608 - no input in it
            [*values, span_us],
        )
        points = {
            TrendPoint(_EPOCH + timedelta(microseconds=int(us)), value, good)
            for good, least, greatest in cursor.fetchall()
            for value, us in (least, greatest)
        }
    return sorted(points)
