"""What a batch says of each station: its state and counters, the gap ledger's news, the screens' values. No queries."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lines.events.models import EventKind
from lines.events.services import Happening
from lines.ledger.tally import StationNews
from lines.plant.models import SignalKind
from lines.states.services import Heard
from lines.telemetry import batches
from lines.telemetry.batches import Batch, Mask

# What a machine sends beyond these is kept as a sample, but is no state and no count.
GREATEST_STATE = 2**15 - 1
GREATEST_COUNT = 2**53
# How many values the station has given its server.
TELEMETRY_COUNT = "TelemetryCount"

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SignalRow(NamedTuple):
    """What storing needs to know of a signal."""

    id: int
    code: str
    kind: str
    has_deadband: bool
    station_id: int
    station_code: str


class Known(NamedTuple):
    """The newest value of a signal before this batch."""

    source_time_us: int
    value: float
    status: int


class Newest(NamedTuple):
    """The newest value of a signal in a batch, where it is also the newest of all."""

    signal: SignalRow
    source_time: datetime
    value: float
    status: int


def moment(microseconds: int) -> datetime:
    """The time so many microseconds after 1970, UTC."""
    return EPOCH + timedelta(microseconds=microseconds)


def heard(kept: Batch, signals: dict[int, SignalRow], known: dict[int, Known], newest: list[Newest]) -> list[Heard]:
    """Each station's states, counters and newest time. `kept` is in order of signal and source time."""
    stations: dict[int, Heard] = {}
    latest_us: dict[int, int] = {}
    starts, ends = _runs(kept.signal_id)
    for start, end in zip(starts, ends, strict=True):
        signal = signals[int(kept.signal_id[start])]
        station = stations.setdefault(signal.station_id, Heard(signal.station_id, signal.station_code))
        last_us = int(kept.source_time_us[end - 1])
        latest_us[signal.station_id] = max(last_us, latest_us.get(signal.station_id, last_us))
        if signal.kind == SignalKind.STATE:
            part = kept.where(np.arange(start, end))
            is_state = ((part.status & 0x8000_0000) == 0) & (part.value >= 0) & (part.value <= GREATEST_STATE)
            station.state_signal_id = signal.id
            station.is_late = signal.id in known and int(part.source_time_us[0]) < known[signal.id].source_time_us
            station.states = [
                (moment(us), int(value))
                for us, value in zip(part.source_time_us[is_state].tolist(), part.value[is_state].tolist(), strict=True)
            ]
    for station_id, us in latest_us.items():
        stations[station_id].newest_source_time = moment(us)
    for each in newest:
        if each.signal.kind == SignalKind.COUNTER and batches.is_good(each.status) and abs(each.value) < GREATEST_COUNT:
            stations[each.signal.station_id].counters[each.signal.code] = int(each.value)
    return list(stations.values())


def station_news(
    batch: Batch,
    signals: dict[int, SignalRow],
    known: dict[int, Known],
    *,
    is_accepted: Mask,
    is_kept: Mask,
    is_believable: Mask,
) -> dict[int, StationNews]:
    """The gap ledger's news by station id. The masks (n,) are of the batch's rows: which can be samples, which of them
    are stored by this batch, whose time can be true."""
    ids, where = np.unique(batch.signal_id, return_inverse=True)
    rows = [signals.get(signal) for signal in ids.tolist()]
    station = np.array([row.station_id if row else 0 for row in rows], np.int64)[where]
    is_measured = np.array([row is not None and row.kind == SignalKind.MEASUREMENT for row in rows], np.bool_)[where]
    is_counted = is_measured & ~np.array([row is not None and row.has_deadband for row in rows], np.bool_)[where]
    is_count = np.array([row is not None and row.code == TELEMETRY_COUNT for row in rows], np.bool_)[where]
    is_rejected, is_doubled = is_measured & ~is_accepted, is_measured & is_accepted & ~is_kept
    is_count &= is_kept & ((batch.status & 0x8000_0000) == 0) & (batch.value >= 0) & (batch.value < GREATEST_COUNT)
    is_after = np.zeros(len(batch), np.bool_)
    is_after[is_accepted] = is_late(batch.where(is_accepted), known)
    news: dict[int, StationNews] = {}
    for station_id in {row.station_id for row in rows if row}:
        is_here = station == station_id
        is_first, is_refused = is_here & is_measured & is_kept, is_here & is_rejected
        news[station_id] = StationNews(
            station_id=station_id,
            source_time_us=batch.source_time_us[is_first],
            is_counted=is_counted[is_first],
            is_late=is_after[is_first],
            duplicates=int((is_here & is_doubled).sum()),
            rejected_us=np.where(is_believable, batch.source_time_us, 0)[is_refused & is_counted],
            rejected=int(is_refused.sum()),
            counter=_readings(batch, np.flatnonzero(is_here & is_count)),
        )
    return news


def is_late(batch: Batch, known: dict[int, Known]) -> Mask:
    """(n,) true where a newer value of the signal came before, in this batch or an earlier one."""
    mask = np.zeros(len(batch), np.bool_)
    if not len(batch):
        return mask
    order = np.argsort(batch.signal_id, kind="stable")
    ids, counts = np.unique(batch.signal_id, return_counts=True)
    first_us = int(batch.source_time_us.min())
    span_us = int(batch.source_time_us.max()) - first_us + 1
    # Each signal's times lie in a span of their own, so that one running maximum serves all.
    base = np.repeat(np.arange(len(ids), dtype=np.int64) * span_us, counts)
    times = batch.source_time_us[order] - first_us + base
    mask[order[1:]] = times[1:] < np.maximum.accumulate(times)[:-1]
    newest = np.array([known[i].source_time_us if i in known else first_us for i in ids.tolist()], np.int64)
    mask[order] |= batch.source_time_us[order] < np.repeat(newest, counts)
    return mask


def value_events(newest: list[Newest]) -> list[Happening]:
    """One event a station for the screens that show its values."""
    values: dict[str, dict[str, Any]] = defaultdict(dict)
    for each in newest:
        if each.signal.kind == SignalKind.MEASUREMENT:
            values[each.signal.station_code][each.signal.code] = [
                each.source_time.isoformat(),
                each.value,
                each.status,
            ]
    return [Happening(EventKind.VALUES, station, {"values": codes}) for station, codes in values.items()]


def _readings(batch: Batch, rows: NDArray[np.intp]) -> list[tuple[int, int]]:
    """In order of source time, of arrival among equals."""
    rows = rows[np.argsort(batch.source_time_us[rows], kind="stable")]
    return list(zip(batch.source_time_us[rows].tolist(), batch.value[rows].astype(np.int64).tolist(), strict=True))


def _runs(column: NDArray[np.int32]) -> tuple[list[int], list[int]]:
    """Where the stretches of equal values of a sorted column begin and end."""
    if not len(column):
        return [], []
    cuts = np.flatnonzero(column[1:] != column[:-1]) + 1
    return [0, *cuts.tolist()], [*cuts.tolist(), len(column)]
