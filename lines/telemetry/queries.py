"""Signal values for screens and for the API."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from lines.plant.models import Signal
from lines.telemetry import reading
from lines.telemetry.batches import is_good
from lines.telemetry.models import CommittedRange
from lines.telemetry.news import moment


class TrendPoint(NamedTuple):
    source_time: datetime
    value: float
    is_good: bool


def trends(
    signals: Iterable[Signal], since: datetime, until: datetime, max_points: int = 600
) -> dict[int, list[TrendPoint]]:
    """The values of [since, until) in order of source time, at most `max_points` of each signal, by signal id.

    More than that are thinned out to the least and the greatest of equal spans, so that no peak is lost.
    """
    found = reading.values([signal.id for signal in signals], since, until, max_points)
    return {
        signal: [
            TrendPoint(at, value, is_good(status))
            for at, value, status in zip(
                reading.times_of(values.rows), values.rows.value.tolist(), values.rows.status.tolist(), strict=True
            )
        ]
        for signal, values in found.items()
    }


def samples(signal: Signal, since: datetime, until: datetime, max_points: int) -> dict[str, Any]:
    """The same of one signal, with what it is and whether that is all, as the API tells it."""
    values = reading.values([signal.id], since, until, max_points)[signal.id]
    rows = values.rows
    columns = (rows.source_time_us.tolist(), rows.received_at_us.tolist(), rows.value.tolist(), rows.status.tolist())
    return {
        **{"station": signal.station.code, "signal": signal.code, "unit": signal.unit},
        **{"since": since, "until": until, "thinned": values.is_thinned, "complete": values.is_complete},
        "items": [
            {"source_time": moment(at), "received_at": moment(received), "value": value, "status": status}
            for at, received, value, status in zip(*columns, strict=True)
        ],
    }


def is_pruned(source: str, sequence: int) -> bool:
    """Whether a batch was committed so long ago that its own row is gone."""
    return CommittedRange.objects.filter(source=source, first__lte=sequence, last__gte=sequence).exists()


def signal_of(station: str, code: str) -> Signal | None:
    """By the codes of its station and its own; None where the plant has none."""
    return Signal.objects.select_related("station").filter(station__code=station, code=code).first()
