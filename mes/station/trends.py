"""A station's measured signals over a stretch of machine time, as the browser draws them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from lines.plant.models import Signal, SignalKind, Station
from lines.telemetry.queries import TrendPoint, trends
from mes.station.queries import machine_now

# Offered on the page, seconds.
WINDOWS = (600, 3600, 28800, 259200)
# As many as a chart of half a page has pixels to show.
POINTS = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Drawn = list[tuple[int, float | None]]


def station_trend(station: Station, window_s: int) -> dict[str, Any]:
    """Times are milliseconds since 1970 by the machine's clock."""
    until = machine_now(station, timezone.now())
    since = until - timedelta(seconds=window_s)
    zone = ZoneInfo(station.area.site.time_zone)
    offset = until.astimezone(zone).utcoffset() or timedelta()
    signals = list(Signal.objects.filter(station=station, kind=SignalKind.MEASUREMENT).order_by("id"))
    points = trends(signals, since, until, POINTS)
    return {
        "until": _ms(until),
        "window_s": window_s,
        # The browser draws the site's wall clock, wherever it stands.
        "zone_offset_ms": int(offset / timedelta(milliseconds=1)),
        "gap_ms": station.stale_after_s * 1000,
        "signals": [
            {
                "code": signal.code,
                "points": with_gaps(points[signal.id], timedelta(seconds=station.stale_after_s)),
            }
            for signal in signals
        ],
    }


def with_gaps(points: Sequence[TrendPoint], patience: timedelta) -> Drawn:
    """(milliseconds, value) with a None where nothing was heard, so that no line is drawn across.

    A gap is a pause longer than `patience` and than five times the usual distance of these points: thinned-out
    points lie further apart. A value that its machine calls bad is a None as well.
    """
    pauses = [(b.source_time - a.source_time).total_seconds() for a, b in pairwise(points)]
    longest = timedelta(seconds=max(patience.total_seconds(), 5 * median(pauses))) if pauses else patience
    drawn: Drawn = []
    before: datetime | None = None
    for point in points:
        if before is not None and point.source_time - before > longest:
            drawn.append((_ms(before) + 1, None))
        drawn.append((_ms(point.source_time), point.value if point.is_good else None))
        before = point.source_time
    return drawn


def _ms(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(milliseconds=1)
