"""Whole days of samples from the database into Parquet files, and what is too old out of both.

At every moment a value is in exactly one of the two places. A crash leaves at worst a file that no row names; the next
pass uses or removes it. What comes for a day after it was sealed goes to the default partition and into a further part.
"""

import logging
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import IO, Any

import psycopg
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Max
from django.utils import timezone

from lines.people.actors import acting
from lines.telemetry import cold, hot, storage
from lines.telemetry.errors import SEAL_FAILED, SEALED_DIFFERS
from lines.telemetry.models import SealedPartition
from lines.telemetry.news import moment
from lines.telemetry.reading import SEALING_LOCK

logger = logging.getLogger(__name__)

DEFAULT = "lines_sample_default"
# The table stands still while a partition leaves it. Whoever uses it at the moment is not waited for longer than this,
# because everybody else waits with us; we come again.
_LOCK_TIMEOUT_MS = 300
_TRIES = 20
_PAUSE_S = 1.0
_READ_ROWS = 1_000_000
_KEPT_FOR_CRASHES = timedelta(days=7)

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Export:
    """What was read of a day, and the file it became."""

    file: IO[bytes]
    rows: int
    batches: tuple[int, int]  # of the day when it was read, and their rows: no more came as long as these are all
    first_source_us: int
    last_source_us: int
    proof: list[str]


def seal(now: datetime | None = None, tell: Tell = logger.info) -> list[SealedPartition]:
    """Seal every day that is past its time in the database, and what came late for sealed ones. Returns the new parts.

    One pass runs at a time; a second one returns at once. May be ended at any moment.
    """
    made: list[SealedPartition] = []
    if settings.DENCHI_HOT_DAYS <= 0:
        return made
    with alone() as is_ours:
        if not is_ours:
            tell("Another pass is sealing.")
            return made
        limit = _day_of(now) - timedelta(days=settings.DENCHI_HOT_DAYS)
        for table, day in [*_partitions(limit), *((DEFAULT, day) for day in _late_days(limit))]:
            part = _seal(table, day, tell)
            made += [part] if part else []
    return made


def remove_old(now: datetime | None = None, tell: Tell = logger.info) -> int:
    """Remove values older than DENCHI_COLD_DAYS, sealed or not, by whole days. Returns how many days' parts went."""
    if settings.DENCHI_COLD_DAYS <= 0:
        return 0
    limit = _day_of(now) - timedelta(days=settings.DENCHI_COLD_DAYS)
    gone = 0
    with alone() as is_ours:
        if not is_ours:
            return 0
        for table, day in [*_partitions(limit), *((DEFAULT, day) for day in _late_days(limit))]:
            if _switch(table, day, None, None):
                tell(f"{day}: removed from {table}")
                gone += 1
        for part in SealedPartition.objects.filter(removed_at=None, day__lt=limit).order_by("day", "part"):
            with acting("task:sealing"), connection.cursor() as cursor:
                cursor.execute(f"select pg_advisory_xact_lock({SEALING_LOCK})")
                SealedPartition.objects.filter(pk=part.pk).update(removed_at=timezone.now())
            tell(f"{part.day}: removed {part.name}")
            gone += 1
        # After a crash between the row and its file, too.
        for name in SealedPartition.objects.filter(removed_at__gt=timezone.now() - _KEPT_FOR_CRASHES).values_list(
            "name", flat=True
        ):
            storage.remove(name)
    return gone


def verify(tell: Tell = logger.info) -> list[str]:
    """Compare every sealed file with its hash. Returns the names of those that are missing or differ."""
    wrong = []
    parts = SealedPartition.objects.filter(removed_at=None).order_by("day", "part")
    for number, part in enumerate(parts, 1):
        try:
            with storage.opened(part.name) as file:
                is_right = storage.sha256_of(file) == part.content_sha256
        except OSError:
            is_right = False
        if not is_right:
            logger.error("%s: %s", SEALED_DIFFERS.code, part.name)
            wrong.append(part.name)
        tell(f"{number} of {len(parts)}: {part.name} {'is as sealed' if is_right else 'DIFFERS'}")
    return wrong


def _seal(table: str, day: date, tell: Tell) -> SealedPartition | None:
    started = time.monotonic()
    last = SealedPartition.objects.filter(day=day).aggregate(last=Max("part"))["last"] or 0
    with tempfile.TemporaryFile() as file:
        export = _export(table, day, file, tell)
        if not export.rows:
            if table != DEFAULT:
                _switch(table, day, export, None)
            return None
        sha256 = storage.sha256_of(file)
        part = SealedPartition(
            day=day,
            part=last + 1,
            name=f"{_folder(day)}/{day:%Y%m%d}-{last + 1}-{sha256[:16]}.parquet",
            rows=export.rows,
            size_bytes=file.seek(0, 2),
            first_source_time=moment(export.first_source_us),
            last_source_time=moment(export.last_source_us),
            content_sha256=sha256,
            sealed_at=timezone.now(),
        )
        storage.keep(part.name, file, sha256)
        if not _is_as_written(part, export):
            logger.error("%s: %s: %s", SEAL_FAILED.code, part.name, SEAL_FAILED.what_en)
            storage.remove(part.name)
            return None
    is_sealed = _switch(table, day, export, part)
    _remove_orphans(day)
    if not is_sealed:
        tell(f"{day}: values came meanwhile, or the table was in use; the next pass tries again.")
        return None
    size = f"{part.size_bytes / 1e6:.1f} MB, {part.size_bytes / part.rows:.2f} bytes a value"
    tell(f"{day} part {part.part}: {part.rows:,} values sealed, {size}, {time.monotonic() - started:.1f} s")
    return part


def _export(table: str, day: date, file: IO[bytes], tell: Tell) -> _Export:
    """Read the day as it is at one moment and write it to `file`. Signal by signal, so that memory stays bounded."""
    received = _span(day)
    writer = cold.Writer(file)
    told = time.monotonic()
    with _snapshot(), connection.cursor() as cursor:
        batches = _batches(cursor, day)
        cursor.execute(
            f"""
            select signal_id, count(*), (extract(epoch from min(source_time)) * 1000000)::bigint,
                (extract(epoch from max(source_time)) * 1000000)::bigint
            from only {table} where received_at >= %s and received_at < %s group by signal_id order by signal_id
            """,  # noqa: S608 - a table of ours
            received,
        )
        signals = cursor.fetchall()
        total = sum(row[1] for row in signals)
        for signal, count, first_us, last_us in signals:
            pieces = -(-count // _READ_ROWS)
            step = -(-(last_us + 1 - first_us) // pieces)
            for start in range(first_us, last_us + 1, step):
                writer.write(hot.read_sorted(table, signal, received, start, start + step))
            if time.monotonic() - told > 1:
                told = time.monotonic()
                tell(f"{day}: {writer.rows:,} of {total:,} values written")
    if signals:
        writer.close()
    if writer.rows != total:
        raise RuntimeError(f"{table}: {total} rows counted and {writer.rows} read")
    first, last = min((row[2] for row in signals), default=0), max((row[3] for row in signals), default=0)
    return _Export(file, writer.rows, batches, first, last, writer.proof)


def _is_as_written(part: SealedPartition, export: _Export) -> bool:
    try:
        with storage.opened(part.name) as stored:
            is_same = storage.sha256_of(stored) == part.content_sha256
            stored.seek(0)
            return is_same and cold.proof_of(stored) == export.proof
    except (OSError, ValueError) as error:
        logger.error("%s: %s: %s", SEAL_FAILED.code, part.name, error)
        return False


def _switch(table: str, day: date, export: _Export | None, part: SealedPartition | None) -> bool:
    """In one short transaction the rows leave the table and the part takes their place.

    False if something came for the day since it was read, or the table could not be had. Without an export the rows
    go, whatever has come.
    """
    for _ in range(_TRIES):
        try:
            with acting("task:sealing"), connection.cursor() as cursor:
                # Vacuuming gives way to this, and only vacuuming is hindered by it.
                if table != DEFAULT:
                    cursor.execute("set local lock_timeout = '10s'")
                    cursor.execute(f"lock table only {table} in share update exclusive mode")
                cursor.execute(f"set local lock_timeout = {_LOCK_TIMEOUT_MS}")
                cursor.execute(f"select pg_advisory_xact_lock({SEALING_LOCK})")
                parent, mode = (DEFAULT, "share row") if table == DEFAULT else ("only lines_sample", "access")
                cursor.execute(f"lock table {parent} in {mode} exclusive mode")
                # Every row comes in one transaction with its batch, and none can come now.
                if export is not None and _batches(cursor, day) != export.batches:
                    return False
                if table == DEFAULT:
                    cursor.execute(
                        f"delete from only {DEFAULT} where received_at >= %s and received_at < %s",  # noqa: S608 - ours
                        _span(day),
                    )
                else:
                    cursor.execute(f"alter table lines_sample detach partition {table}")
                    cursor.execute(f"drop table {table}")
                if part is not None:
                    part.save(force_insert=True)
                return True
        except OperationalError as error:
            if not isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
                raise
            time.sleep(_PAUSE_S)
    return False


def _remove_orphans(day: date) -> None:
    """Files of this day that a pass left which did not come to its end."""
    known = set(SealedPartition.objects.filter(day=day).values_list("name", flat=True))
    for name in storage.names_in(_folder(day)):
        if name.startswith(f"{_folder(day)}/{day:%Y%m%d}-") and name not in known:
            storage.remove(name)


def _folder(day: date) -> str:
    return f"{day:%Y/%m}"


def _day_of(now: datetime | None) -> date:
    return (now or timezone.now()).astimezone(UTC).date()


def _span(day: date) -> tuple[datetime, datetime]:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return start, start + timedelta(days=1)


def _batches(cursor: Any, day: date) -> tuple[int, int]:
    """How many, and their rows: a batch out of quarantine takes the place of one without rows."""
    cursor.execute(
        "select count(*), coalesce(sum(rows), 0) from lines_telemetrybatch"
        " where received_at >= %s and received_at < %s",
        _span(day),
    )
    count, rows = cursor.fetchone()
    return int(count), int(rows)


def _partitions(limit: date) -> list[tuple[str, date]]:
    """The daily partitions of days before `limit`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select relname from pg_inherits join pg_class on pg_class.oid = inhrelid"
            " where inhparent = 'lines_sample'::regclass and relname ~ '^lines_sample_[0-9]{8}$' order by 1"
        )
        names = [row[0] for row in cursor.fetchall()]
    days = [(name, datetime.strptime(name[-8:], "%Y%m%d").replace(tzinfo=UTC).date()) for name in names]
    return [(name, day) for name, day in days if day < limit]


def _late_days(limit: date) -> list[date]:
    """Days before `limit` whose values came to the default partition: theirs was sealed, or never made."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"select distinct (received_at at time zone 'UTC')::date from only {DEFAULT}"  # noqa: S608 - ours
            " where received_at < %s order by 1",
            [_span(limit)[0]],
        )
        return [row[0] for row in cursor.fetchall()]


@contextmanager
def _snapshot() -> Iterator[None]:
    """All queries see one moment. Without a transaction id: readers of new events wait for those."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("set transaction isolation level repeatable read, read only")
        yield


@contextmanager
def alone() -> Iterator[bool]:
    """Whether this connection may move or count telemetry now; another one does otherwise."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(hashtextextended('telemetry sealer', 0))")
        is_ours = bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("select pg_advisory_unlock(hashtextextended('telemetry sealer', 0))")
