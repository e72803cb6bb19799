"""Storing batches: one transaction per (source, sequence), however often and in whatever order it comes."""

import hashlib
import logging
from datetime import UTC, datetime, timedelta

import numpy as np
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from lines.errors import (
    PARTITION_MISSING,
    VALUE_NOT_FINITE,
    VALUE_TIME,
    VALUE_UNKNOWN_SIGNAL,
    Code,
)
from lines.events.services import emit_all
from lines.ledger import services as ledger
from lines.people.actors import acting
from lines.records.prepared import prepared_cursor
from lines.states import services as states
from lines.telemetry import batches, news
from lines.telemetry.batches import Batch, Mask
from lines.telemetry.news import Known, Newest, SignalRow, moment
from lines.telemetry.repeats import TIME_OF_US, is_repeat

logger = logging.getLogger(__name__)

PARTITIONED = ("lines_sample", "lines_measurement")
DAYS_AHEAD = 8


def store(source: str, sequence: int, content: bytes) -> bool:
    """Store one batch as the gateway sent it. False if it was stored before. ValueError where these bytes are none."""
    batch = batches.decode(content)
    with acting("task:telemetry"):
        return _store(source, sequence, batch, hashlib.sha256(content).hexdigest())


def _store(source: str, sequence: int, batch: Batch, sha256: str) -> bool:
    signals = _signals(batch)
    if not _take_turn(source, sequence, signals):
        return False
    received_at = moment(batch.received_at_us)
    is_believable = batches.is_believable(batch)
    is_accepted = _is_accepted(source, sequence, batch, signals, is_believable)
    known = _newest_known(signals)
    # From here on in the order in which the rows are indexed and read.
    order = np.lexsort((batch.source_time_us, batch.signal_id))
    order = order[is_accepted[order]]
    order = order[batches.is_first(batch.where(order))]
    order = order[~is_repeat(batch.where(order), known, received_at)]
    kept = batch.where(order)
    _copy(kept)
    newest = _raise_latest(kept, signals, received_at)
    changes = states.apply(news.heard(kept, signals, known, newest), received_at)
    emit_all([*news.value_events(newest), *changes])
    is_kept = np.zeros(len(batch), np.bool_)
    is_kept[order] = True
    stations = news.station_news(
        batch, signals, known, is_accepted=is_accepted, is_kept=is_kept, is_believable=is_believable
    )
    ledger.record(source, sequence, received_at, stations, batch.notes)
    accepted = int(is_accepted.sum())
    with prepared_cursor() as cursor:
        cursor.execute(
            "insert into lines_telemetrybatch (source, sequence, received_at, rows, duplicates, rejected,"
            " first_source_time, last_source_time, content_sha256) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                *(source, sequence, received_at, len(kept), accepted - len(kept), len(batch) - accepted),
                moment(int(kept.source_time_us.min())) if len(kept) else None,
                moment(int(kept.source_time_us.max())) if len(kept) else None,
                sha256,
            ],
        )
    return True


def _signals(batch: Batch) -> dict[int, SignalRow]:
    with prepared_cursor() as cursor:
        cursor.execute(
            "select signal.id, signal.code, signal.kind, signal.deadband is not null, station.id, station.code"
            " from lines_signal as signal join lines_station as station on station.id = signal.station_id"
            " where signal.id = any(%s::bigint[])",
            [np.unique(batch.signal_id).tolist()],
        )
        return {row[0]: SignalRow(*row) for row in cursor.fetchall()}


def _take_turn(source: str, sequence: int, signals: dict[int, SignalRow]) -> bool:
    """Wait for other batches of this source and of these stations; False if this one is already stored.

    Latest values, states and repeats are decided against what is committed, so two batches of one station
    must not look at the same time. Ordered, so that two transactions never wait for each other.
    """
    stations = sorted({signal.station_id for signal in signals.values()})
    with prepared_cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('telemetry:' || %s, 0))", [source])
        cursor.execute(
            "select pg_advisory_xact_lock(hashtextextended('telemetry station', station))"
            " from (select unnest(%s::bigint[]) as station order by 1) as stations",
            [stations],
        )
        # Asked when the turn has come, not before.
        cursor.execute(
            "select not exists (select from lines_telemetrybatch where source = %s and sequence = %s::bigint)"
            " and not exists"
            " (select from lines_committedrange where source = %s and %s::bigint between first and last)",
            [source, sequence, source, sequence],
        )
        return bool(cursor.fetchone()[0])


def _is_accepted(source: str, sequence: int, batch: Batch, signals: dict[int, SignalRow], is_believable: Mask) -> Mask:
    """(n,) true for the rows that can be samples; the others are logged by code."""
    checks: list[tuple[Code, Mask]] = [
        (VALUE_UNKNOWN_SIGNAL, np.isin(batch.signal_id, np.array(list(signals), np.int32))),
        (VALUE_NOT_FINITE, batches.is_finite(batch)),
        (VALUE_TIME, is_believable),
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
    return is_accepted


def _newest_known(signals: dict[int, SignalRow]) -> dict[int, Known]:
    with prepared_cursor() as cursor:
        cursor.execute(
            "select signal_id, (extract(epoch from source_time) * 1000000)::bigint, value, status"
            " from lines_signallatest where signal_id = any(%s::bigint[])",
            [list(signals)],
        )
        return {row[0]: Known(*row[1:]) for row in cursor.fetchall()}


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


def _raise_latest(kept: Batch, signals: dict[int, SignalRow], received_at: datetime) -> list[Newest]:
    """Move SignalLatest forward, never back. Returns the values that are now the newest.

    `kept` is in order of signal and source time, of arrival among equals.
    """
    is_last = np.ones(len(kept), np.bool_)
    is_last[:-1] = kept.signal_id[1:] != kept.signal_id[:-1]
    part = kept.where(is_last)
    with prepared_cursor() as cursor:
        cursor.execute(
            f"""
            insert into lines_signallatest as latest (signal_id, source_time, received_at, value, status)
            select signal_id, {TIME_OF_US}, %s, value, status
            from unnest(%s::bigint[], %s::bigint[], %s::float8[], %s::bigint[]) as newest (signal_id, us, value, status)
            on conflict (signal_id) do update set source_time = excluded.source_time,
                received_at = excluded.received_at, value = excluded.value, status = excluded.status
            where excluded.source_time >= latest.source_time
            returning signal_id
            """,  # noqa: S608 - no input in it
            [
                *(received_at, part.signal_id.tolist(), part.source_time_us.tolist()),
                *(part.value.tolist(), part.status.tolist()),
            ],
        )
        raised = {row[0] for row in cursor.fetchall()}
    columns = zip(
        part.signal_id.tolist(), part.source_time_us.tolist(), part.value.tolist(), part.status.tolist(), strict=True
    )
    return [Newest(signals[row[0]], moment(row[1]), *row[2:]) for row in columns if row[0] in raised]


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
