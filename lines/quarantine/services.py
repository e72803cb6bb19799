"""A batch that can't be stored for a reason of its own is set aside, and those behind it go on; people settle it."""

import hashlib
import logging
from dataclasses import replace

import psycopg
from django.db import (
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
    connection,
    transaction,
)
from django.utils import timezone

from lines.alarms.models import Alarm, AlarmPriority
from lines.alarms.services import clear, raise_alarm
from lines.errors import BATCH_UNREADABLE, Code, Refusal
from lines.ledger import services as ledger
from lines.people.actors import acting
from lines.people.auth import may_settle_quarantine
from lines.people.models import Person
from lines.plant.models import Station
from lines.quarantine import errors
from lines.quarantine.models import BatchSettlement, QuarantinedBatch
from lines.quarantine.queries import readable
from lines.telemetry import batches
from lines.telemetry import services as telemetry
from lines.telemetry.batches import Batch
from lines.telemetry.models import TelemetryBatch
from lines.telemetry.news import moment
from lines.telemetry.queries import is_pruned

logger = logging.getLogger(__name__)

SUBJECT = "quarantine"
LONGEST_NOTE = 500
LONGEST_DETAIL = 4000
# The database is away, locked, full or not migrated: sent again later, the batch is stored. Some of these come from
# psycopg itself, for Django does not translate what COPY raises.
_NOT_ITS_FAULT = (
    *(OperationalError, InterfaceError, InternalError, ProgrammingError),
    *(psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError, psycopg.ProgrammingError),
)


def store_or_set_aside(source: str, sequence: int, content: bytes) -> None:
    """Store a batch, or set it aside where it is to blame itself. Raises what the database is to blame for."""
    try:
        try:
            telemetry.store(source, sequence, content)
        except _NOT_ITS_FAULT:
            raise
        except Exception as error:
            # What another transaction did at the same moment is past at the second try.
            logger.warning("Batch %s/%s, trying once more: %s", source, sequence, _described(error).partition("\n")[0])
            telemetry.store(source, sequence, content)
    except _NOT_ITS_FAULT:
        raise
    except Exception as error:
        code = BATCH_UNREADABLE if readable(content) is None else errors.BATCH_NOT_STORED
        set_aside(source, sequence, content, code, _described(error))


def set_aside(source: str, sequence: int, content: bytes, code: Code, detail: str) -> bool:
    """Put a batch into quarantine, which commits it for the gateway. False if it was stored or set aside before."""
    # Not where a worker died of it: it is left to the one who looks into that.
    batch = None if code == errors.BATCH_GIVEN_UP else readable(content)
    now, sha256 = timezone.now(), hashlib.sha256(content).hexdigest()
    try:
        with acting("task:telemetry"):
            _take_turn()
            if is_pruned(source, sequence):
                return False
            TelemetryBatch.objects.create(
                source=source, sequence=sequence, received_at=now, rows=0, content_sha256=sha256,
                rejected=0 if batch is None else len(batch),
            )  # fmt: skip
            QuarantinedBatch.objects.create(
                source=source, sequence=sequence, received_at=now, code=code.code,
                detail=detail.replace("\x00", "\\x00")[:LONGEST_DETAIL], content=content, content_sha256=sha256,
                notes_taken=batch is not None and _tell_ledger(source, sequence, batch),
            )  # fmt: skip
            _raise_alarm(source, batch, code)
    except IntegrityError:
        return False
    logger.error("%s: batch %s/%s: %s", code.code, source, sequence, detail.partition("\n")[0])
    return True


def try_again(batch_id: int, person: Person) -> None:
    """Store it after all. Raises Refusal; what can't be stored this time either stays as it was."""
    try:
        _store_after_all(batch_id, person)
    except (Refusal, *_NOT_ITS_FAULT):
        raise
    except Exception as error:
        raise Refusal(errors.QUARANTINE_AGAIN, _described(error)) from error


def _store_after_all(batch_id: int, person: Person) -> None:
    with acting(f"person:{person.username}"):
        found = _open_one(batch_id, person)
        # Its place in the sequence was taken only so that the gateway goes on.
        TelemetryBatch.objects.filter(source=found.source, sequence=found.sequence, rows=0).delete()
        telemetry.store(found.source, found.sequence, _without_notes(found))
        TelemetryBatch.objects.filter(source=found.source, sequence=found.sequence).update(
            content_sha256=found.content_sha256
        )
        _settle(found, person, BatchSettlement.STORED, "")


def discard(batch_id: int, person: Person, note: str) -> None:
    """Its values are not to be stored, and `note` says why; the bytes stay. Raises Refusal."""
    note = " ".join(note.split())
    if not note or len(note) > LONGEST_NOTE or not note.isprintable():
        raise Refusal(errors.QUARANTINE_REASON, f"the reason has {len(note)} characters")
    with acting(f"person:{person.username}"):
        _settle(_open_one(batch_id, person), person, BatchSettlement.DISCARDED, note)


def _raise_alarm(source: str, batch: Batch | None, code: Code) -> None:
    """One for each station while its quarantine is not empty; a batch that can't be read counts for the first one."""
    signals = () if batch is None else set(batch.signal_id.tolist())
    line = source.rpartition("-")[0]
    stations = Station.objects.order_by("sequence", "pk")
    station = (
        stations.filter(signals__pk__in=signals).first()
        or stations.filter(production_line__code=line).first()
        or stations.first()
    )
    open_alarms = Alarm.objects.filter(subject_kind=SUBJECT, cleared_at=None)
    if station is None or open_alarms.filter(station=station).exists():
        return
    raise_alarm(
        station,
        code.code,
        priority=AlarmPriority.HIGH,
        message_en=f"Values of the gateway {source} could not be stored; they lie in the telemetry quarantine.",
        message_ja=f"ゲートウェイ {source} の値を保存できず、テレメトリーの隔離に入れました。",
        subject_kind=SUBJECT,
        subject_id=source,
        source_time=timezone.now(),
    )


def _take_turn() -> None:
    """One after the other, to the end of the transaction: the alarm stands as long as anything is to be decided."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('telemetry quarantine', 0))")


def _open_one(batch_id: int, person: Person) -> QuarantinedBatch:
    if not may_settle_quarantine(person):
        raise Refusal(errors.QUARANTINE_NOT_YOURS, person.username)
    _take_turn()
    found = QuarantinedBatch.objects.select_for_update().filter(pk=batch_id).first()
    if found is None:
        raise Refusal(errors.QUARANTINE_UNKNOWN, str(batch_id))
    if found.settled_at is not None:
        raise Refusal(errors.QUARANTINE_SETTLED, f"{found.settlement} by {found.settled_by}")
    return found


def _settle(found: QuarantinedBatch, person: Person, settlement: BatchSettlement, note: str) -> None:
    found.settled_at, found.settled_by = timezone.now(), person.username
    found.settlement, found.note = settlement, note
    found.save(update_fields=["settled_at", "settled_by", "settlement", "note"])
    if not QuarantinedBatch.objects.filter(settled_at=None).exists():
        for alarm in Alarm.objects.filter(subject_kind=SUBJECT, cleared_at=None).values_list("pk", flat=True):
            clear(alarm)


def _described(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _tell_ledger(source: str, sequence: int, batch: Batch) -> bool:
    """A break that the gateway tells of is known at once, with values or without. False if the notes are to blame."""
    try:
        with transaction.atomic():
            ledger.record(source, sequence, moment(batch.received_at_us), {}, batch.notes)
    except _NOT_ITS_FAULT:
        raise
    except Exception:
        logger.exception("The notes of batch %s/%s", source, sequence)
        return False
    return True


def _without_notes(found: QuarantinedBatch) -> bytes:
    """What is left to store: the ledger takes notes once."""
    content = bytes(found.content)
    return batches.encode(replace(batches.decode(content), notes=())) if found.notes_taken else content
