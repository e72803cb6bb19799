"""Storing batches: one transaction per (source, sequence), however often and in whatever order it comes."""

import hashlib
import logging
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from lines.errors import (
    BATCH_UNREADABLE,
    PARTITION_MISSING,
    VALUE_NOT_FINITE,
    VALUE_TIME,
    VALUE_UNKNOWN_SIGNAL,
    Code,
)
from lines.events.models import EventKind
from lines.events.services import Happening, emit_all
from lines.people.actors import acting
from lines.plant.models import Signal, SignalKind
from lines.states import services as states
from lines.telemetry import batches
from lines.telemetry.batches import Batch, Mask
from lines.telemetry.models import TelemetryBatch

logger = logging.getLogger(__name__)

# A server repeats what it has when a session or subscription is made anew; older repeats than this were stored.
RECONNECT_WINDOW = timedelta(days=1)
PARTITIONED = ("lines_sample", "lines_measurement")
DAYS_AHEAD = 8
# What a machine sends beyond these is kept as a sample, but is no state and no count.
GREATEST_STATE = 2**15 - 1
GREATEST_COUNT = 2**53

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SignalRow(NamedTuple):
    """What storing needs to know of a signal."""

    id: int
    code: str
    kind: str
    station_id: int
    station_code: str


class Newest(NamedTuple):
    """The newest value of a signal in a batch, where it is also the newest of all."""

    signal: SignalRow
    source_time: datetime
    value: float
    status: int


def store(source: str, sequence: int, content: bytes) -> bool:
    """Store one batch as the gateway sent it. False if it was stored before."""
    try:
        batch = batches.decode(content)
    except ValueError as error:
        # Counted as committed: sent again it would be no better, and it would hold up all that follow.
        logger.error("%s: batch %s/%s: %s", BATCH_UNREADABLE.code, source, sequence, error)
        batch = batches.make(int(timezone.now().timestamp() * 1e6), [], [], [], [])
    with acting("task:telemetry"):
        return _store(source, sequence, batch, hashlib.sha256(content).hexdigest())


def _store(source: str, sequence: int, batch: Batch, sha256: str) -> bool:
    signals = _signals(batch)
    if not _take_turn(source, sequence, signals):
        return False
    received_at = _moment(batch.received_at_us)
    accepted, rejected = _accepted(source, sequence, batch, signals)
    known = _newest_known(signals)
    kept = accepted.where(batches.is_first(accepted))
    kept = kept.where(~_is_repeat(kept, known, received_at))
    _copy(kept)
    newest = _raise_latest(kept, signals, received_at)
    changes = states.apply(_heard(kept, signals, known, newest), received_at)
    emit_all([*_value_events(newest), *changes])
    TelemetryBatch.objects.create(
        source=source,
        sequence=sequence,
        received_at=received_at,
        rows=len(kept),
        duplicates=len(accepted) - len(kept),
        rejected=rejected,
        first_source_time=_moment(int(kept.source_time_us.min())) if len(kept) else None,
        last_source_time=_moment(int(kept.source_time_us.max())) if len(kept) else None,
        content_sha256=sha256,
    )
    return True


def _signals(batch: Batch) -> dict[int, SignalRow]:
    ids = np.unique(batch.signal_id).tolist()
    found = Signal.objects.filter(id__in=ids).values_list("id", "code", "kind", "station_id", "station__code")
    return {row[0]: SignalRow(*row) for row in found}


def _take_turn(source: str, sequence: int, signals: dict[int, SignalRow]) -> bool:
    """Wait for other batches of this source and of these stations; False if this one is already stored.

    Latest values, states and repeats are decided against what is committed, so two batches of one station
    must not look at the same time. Ordered, so that two transactions never wait for each other.
    """
    stations = sorted({signal.station_id for signal in signals.values()})
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('telemetry:' || %s, 0))", [source])
        cursor.execute(
            "select pg_advisory_xact_lock(hashtextextended('telemetry station', station))"
            " from (select unnest(%s::bigint[]) as station order by 1) as stations",
            [stations],
        )
    return not TelemetryBatch.objects.filter(source=source, sequence=sequence).exists()


def _accepted(source: str, sequence: int, batch: Batch, signals: dict[int, SignalRow]) -> tuple[Batch, int]:
    """The rows that can be samples, and how many cannot; those are logged by code."""
    checks: list[tuple[Code, Mask]] = [
        (VALUE_UNKNOWN_SIGNAL, np.isin(batch.signal_id, np.array(list(signals), np.int32))),
        (VALUE_NOT_FINITE, batches.is_finite(batch)),
        (VALUE_TIME, batches.is_believable(batch)),
    ]
    is_accepted = np.ones(len(batch), np.bool_)
    for code, is_right in checks:
        is_wrong = is_accepted & ~is_right
        if is_wrong.any():
            ids = np.unique(batch.signal_id[is_wrong]).tolist()
            names = [f"{signals[i].station_code}/{signals[i].code}" if i in signals else str(i) for i in ids[:5]]
            logger.warning(
                "%s: batch %s/%s: %d values of %s%s not stored: %s",
                *(code.code, source, sequence, is_wrong.sum(), ", ".join(names)),
                *(" and others" if len(ids) > len(names) else "", code.what_en),
            )
        is_accepted &= is_right
    return batch.where(is_accepted), len(batch) - int(is_accepted.sum())


def _newest_known(signals: dict[int, SignalRow]) -> dict[int, tuple[datetime, float, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select signal_id, source_time, value, status from lines_signallatest where signal_id = any(%s)",
            [list(signals)],
        )
        return {row[0]: row[1:] for row in cursor.fetchall()}


def _is_repeat(batch: Batch, known: dict[int, tuple[datetime, float, int]], received_at: datetime) -> Mask:
    """(n,) true where the same value is stored already.

    Only rows not newer than the newest known can be; in quiet times that is none, or one per signal after a
    reconnect.
    """
    mask = np.zeros(len(batch), np.bool_)
    newest_us = {signal: _microseconds(row[0]) for signal, row in known.items()}
    ids, where = np.unique(batch.signal_id, return_inverse=True)
    limits = np.array([newest_us.get(signal, np.iinfo(np.int64).min) for signal in ids.tolist()], np.int64)
    candidates = np.flatnonzero(batch.source_time_us <= limits[where])
    if not len(candidates):
        return mask
    part = batch.where(candidates)
    times = [_moment(us) for us in part.source_time_us.tolist()]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select candidate.n from unnest(%s::int[], %s::bigint[], %s::timestamptz[], %s::float8[], %s::bigint[])
                as candidate (n, signal_id, source_time, value, status)
            where exists (
                select from lines_sample as sample
                where sample.signal_id = candidate.signal_id and sample.source_time = candidate.source_time
                    and sample.value = candidate.value and sample.status = candidate.status
                    and sample.received_at > %s
            ) or exists (
                select from lines_signallatest as latest
                where latest.signal_id = candidate.signal_id and latest.source_time = candidate.source_time
                    and latest.value = candidate.value and latest.status = candidate.status
            )
            """,
            [
                *(candidates.tolist(), part.signal_id.tolist(), times, part.value.tolist(), part.status.tolist()),
                received_at - RECONNECT_WINDOW,
            ],
        )
        mask[[row[0] for row in cursor.fetchall()]] = True
    return mask


def _copy(batch: Batch) -> None:
    if not len(batch):
        return
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "copy lines_sample (received_at, signal_id, source_time, value, status) from stdin (format binary)"
        ) as copy,
    ):
        copy.write(batches.copy_rows(batch))


def _raise_latest(batch: Batch, signals: dict[int, SignalRow], received_at: datetime) -> list[Newest]:
    """Move SignalLatest forward, never back. Returns the values that are now the newest."""
    part = batch.where(batches.is_newest(batch))
    times = [_moment(us) for us in part.source_time_us.tolist()]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            insert into lines_signallatest as latest (signal_id, source_time, received_at, value, status)
            select signal_id, source_time, %s, value, status
            from unnest(%s::bigint[], %s::timestamptz[], %s::float8[], %s::bigint[])
                as newest (signal_id, source_time, value, status)
            on conflict (signal_id) do update set source_time = excluded.source_time,
                received_at = excluded.received_at, value = excluded.value, status = excluded.status
            where excluded.source_time >= latest.source_time
            returning signal_id, source_time, value, status
            """,
            [received_at, part.signal_id.tolist(), times, part.value.tolist(), part.status.tolist()],
        )
        return [Newest(signals[row[0]], *row[1:]) for row in cursor.fetchall()]


def _heard(
    batch: Batch,
    signals: dict[int, SignalRow],
    known: dict[int, tuple[datetime, float, int]],
    newest: list[Newest],
) -> list[states.Heard]:
    """The batch as each station's news."""
    heard: dict[int, states.Heard] = {}
    order = np.argsort(batch.source_time_us, kind="stable")
    for signal_id in np.unique(batch.signal_id).tolist():
        signal = signals[signal_id]
        rows = order[batch.signal_id[order] == signal_id]
        station = heard.setdefault(signal.station_id, states.Heard(signal.station_id, signal.station_code))
        newest_time = _moment(int(batch.source_time_us[rows[-1]]))
        station.newest_source_time = max(newest_time, station.newest_source_time or newest_time)
        if signal.kind == SignalKind.STATE:
            station.state_signal_id = signal_id
            station.is_late = signal_id in known and _moment(int(batch.source_time_us[rows[0]])) < known[signal_id][0]
            station.states = [
                (_moment(int(batch.source_time_us[row])), int(batch.value[row]))
                for row in rows
                if batches.is_good(int(batch.status[row])) and 0 <= batch.value[row] <= GREATEST_STATE
            ]
    for each in newest:
        if each.signal.kind == SignalKind.COUNTER and batches.is_good(each.status) and abs(each.value) < GREATEST_COUNT:
            heard[each.signal.station_id].counters[each.signal.code] = int(each.value)
    return list(heard.values())


def _value_events(newest: list[Newest]) -> list[Happening]:
    values: dict[str, dict[str, Any]] = defaultdict(dict)
    for each in newest:
        if each.signal.kind == SignalKind.MEASUREMENT:
            values[each.signal.station_code][each.signal.code] = [
                each.source_time.isoformat(),
                each.value,
                each.status,
            ]
    return [Happening(EventKind.VALUES, station, {"values": codes}) for station, codes in values.items()]


def ensure_partitions() -> int:
    """Make each table's daily partitions from yesterday to a week ahead. Returns how many were made."""
    made = 0
    yesterday = timezone.now().astimezone(UTC).date() - timedelta(days=1)
    for table in PARTITIONED:
        for day in (yesterday + timedelta(days=n) for n in range(DAYS_AHEAD + 1)):
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute("select denchi_ensure_partitions(%s, %s, 1)", [table, day])
                    made += cursor.fetchone()[0]
            except IntegrityError as error:
                logger.error("%s: %s of %s: %s", PARTITION_MISSING.code, table, day, error)
    return made


def _moment(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
