"""Values that a batch brings though they are stored already: what a server has is told again after a reconnect."""

import logging
from datetime import UTC, datetime, timedelta

import numpy as np

from lines.records.prepared import prepared_cursor
from lines.telemetry import cold, storage
from lines.telemetry.batches import Batch, Mask
from lines.telemetry.errors import SEALED_DIFFERS
from lines.telemetry.models import SealedPartition
from lines.telemetry.news import Known

logger = logging.getLogger(__name__)

# A server repeats what it has when a session or subscription is made anew; older repeats than this were stored.
RECONNECT_WINDOW = timedelta(days=1)
# Exact for whole microseconds, as adding so many of an interval is; a time made of seconds is not.
TIME_OF_US = "timestamptz 'epoch' + us * interval '1 microsecond'"


def is_repeat(batch: Batch, known: dict[int, Known], received_at: datetime) -> Mask:
    """(n,) true where the same value is stored already, in the table or in a sealed file.

    Only rows not newer than the newest known can be; in quiet times that is none, or one per signal after a
    reconnect.
    """
    mask = np.zeros(len(batch), np.bool_)
    ids, where = np.unique(batch.signal_id, return_inverse=True)
    never = Known(np.iinfo(np.int64).min, 0.0, 0)
    limits = np.array([known.get(signal, never).source_time_us for signal in ids.tolist()], np.int64)
    candidates = np.flatnonzero(batch.source_time_us <= limits[where])
    if not len(candidates):
        return mask
    part = batch.where(candidates)
    with prepared_cursor() as cursor:
        cursor.execute(
            f"""
            select candidate.n from (
                select n, signal_id, {TIME_OF_US} as source_time, value, status
                from unnest(%s::int[], %s::bigint[], %s::bigint[], %s::float8[], %s::bigint[])
                    as told (n, signal_id, us, value, status)
            ) as candidate
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
            """,  # noqa: S608 - no input in it
            [
                *(candidates.tolist(), part.signal_id.tolist(), part.source_time_us.tolist()),
                *(part.value.tolist(), part.status.tolist()),
                received_at - RECONNECT_WINDOW,
            ],
        )
        mask[[row[0] for row in cursor.fetchall()]] = True
    # After the table: what is sealed meanwhile is found in one of the two.
    is_left = ~mask[candidates]
    mask[candidates[is_left]] = _is_sealed(part.where(is_left), received_at)
    return mask


def _is_sealed(batch: Batch, received_at: datetime) -> Mask:
    """(n,) true where a sealed file has it: a gateway may be cut off for longer than values are hot."""
    mask = np.zeros(len(batch), np.bool_)
    days = [(received_at - RECONNECT_WINDOW).astimezone(UTC).date(), received_at.astimezone(UTC).date()]
    parts = SealedPartition.objects.filter(removed_at=None, day__in=days) if len(batch) else ()
    signals, times = np.unique(batch.signal_id).tolist(), batch.source_time_us
    for sealed in parts:
        try:
            with storage.opened(sealed.name) as file:
                for rows in cold.read(file, signals, int(times.min()), int(times.max()) + 1):
                    same = rows.where(np.isin(rows.source_time_us, times))
                    columns = (same.signal_id, same.source_time_us, same.value, same.status)
                    there = set(zip(*(column.tolist() for column in columns), strict=True))
                    told = (batch.signal_id, times, batch.value, batch.status)
                    mask |= [row in there for row in zip(*(column.tolist() for column in told), strict=True)]
        except (OSError, ValueError) as error:
            logger.error("%s: %s: %s", SEALED_DIFFERS.code, sealed.name, error)
    return mask
