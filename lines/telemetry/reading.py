"""A signal's values, wherever they are: in the database or sealed in files. The one way to read them."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction

from lines.records.prepared import prepared_cursor
from lines.telemetry import cold, hot, storage
from lines.telemetry.cold import Rows
from lines.telemetry.errors import SEALED_DIFFERS
from lines.telemetry.models import SealedPartition
from lines.telemetry.news import EPOCH, moment
from lines.telemetry.thinning import Thinner

logger = logging.getLogger(__name__)

# Readers share it, sealing takes it alone for the moment in which rows leave the table and their file is entered.
SEALING_LOCK = "hashtextextended('telemetry sealing', 0)"


@dataclass(frozen=True, slots=True)
class Values:
    """Of one signal, in order of source time and receipt."""

    rows: Rows
    is_thinned: bool = False  # the least and the greatest of equal spans of time stand for all
    is_complete: bool = True  # False: a sealed file could not be read


def values(
    signals: Sequence[int], since: datetime, until: datetime, max_points: int | None = None
) -> dict[int, Values]:
    """The values with a source time in [since, until) of each of these signals, by their ids.

    More than `max_points` (at least 4) of a signal are thinned out to the least and the greatest of equal spans, so
    that no peak is lost. Without it all come, whatever memory that takes.
    """
    since_us, until_us = _microseconds(since), _microseconds(until)
    wanted = list(dict.fromkeys(signals))
    is_complete = True
    thinners = {signal: Thinner(since_us, until_us, max_points) for signal in wanted if max_points is not None}
    parts: dict[int, list[Rows]] = {signal: [] for signal in wanted}

    def take(signal: int, rows: Rows) -> None:
        if signal in thinners:
            thinners[signal].add(rows)
        else:
            parts[signal].append(rows)

    with _steady():
        for rows in hot.read(wanted, since_us, until_us) if since_us < until_us else ():
            take(int(rows.signal_id[0]), rows)
        for sealed in _sealed(since, until):
            try:
                with storage.opened(sealed.name) as file:
                    for rows in cold.read(file, wanted, since_us, until_us):
                        for signal in np.unique(rows.signal_id).tolist():
                            take(signal, rows.where(rows.signal_id == signal))
            except (OSError, ValueError) as error:
                is_complete = False
                logger.error("%s: %s: %s", SEALED_DIFFERS.code, sealed.name, error)
    return {
        signal: Values(thinners[signal].rows(), thinners[signal].is_thinned, is_complete)
        if signal in thinners
        else Values(_in_order(Rows.joined(parts[signal])), is_complete=is_complete)
        for signal in wanted
    }


@contextmanager
def _steady() -> Iterator[None]:
    """While this lasts no rows move from the table into a file."""
    with transaction.atomic(), prepared_cursor() as cursor:
        cursor.execute(f"select pg_advisory_xact_lock_shared({SEALING_LOCK})")
        yield


def _sealed(since: datetime, until: datetime) -> list[SealedPartition]:
    found = SealedPartition.objects.filter(removed_at=None, first_source_time__lt=until, last_source_time__gte=since)
    return list(found.order_by("day", "part"))


def _in_order(rows: Rows) -> Rows:
    return rows.where(np.lexsort((rows.received_at_us, rows.source_time_us)))


def _microseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


def times_of(rows: Rows) -> list[datetime]:
    """The rows' source times."""
    return [moment(us) for us in rows.source_time_us.tolist()]
