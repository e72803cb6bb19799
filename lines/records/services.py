"""Storing what stations posted: the post itself, its records with measurements, and what had to be refused."""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg.errors
from django.db import OperationalError

from lines import errors
from lines.errors import Refusal
from lines.people.actors import acting
from lines.plant.models import Station
from lines.records.content import COUNT_FIELDS, MEASUREMENT_FIELDS, RECORD_FIELDS, content_sha256
from lines.records.copying import copy_rows
from lines.records.models import QuarantinedPost, StationPost
from lines.records.prepared import prepared_cursor
from lines.stations.body import MAX_BODY_BYTES
from lines.stations.results import AttributeCount, BadItem

# A concurrent copy of a post waits this long for the first to commit, then is told to come again.
LOCK_TIMEOUT = "2s"
# What the database says when another transaction has a row for longer than that, or waits for ours.
LOCKED = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)


@contextmanager
def refusing_when_locked(detail: str) -> Iterator[None]:
    """Raise Refusal BUSY where the database gives up waiting for another transaction."""
    try:
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, LOCKED):
            raise Refusal(errors.BUSY, detail, retry_after_s=1) from error
        raise


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What was answered to the first post with this key."""

    status_code: int
    answer: str  # JSON as sent


@dataclass(frozen=True, slots=True)
class NewMeasurement:
    characteristic: str
    value: float
    unit: str
    position: str
    source_time: datetime
    judgement: int
    limits_version: int | None
    is_derived: bool


@dataclass(frozen=True, slots=True)
class NewRecord:
    """One visit to be stored; `source_time` is its end by the machine's clock."""

    operation: str
    serial: str
    product: str
    attempt: int
    started_at: datetime
    source_time: datetime
    machine_outcome: str
    verdict: str
    is_conforming: bool
    deviation_codes: tuple[str, ...]
    reason_codes: tuple[str, ...]
    recipe: str
    operator: str
    tray: str
    slot: int | None
    channel: str
    measurements: tuple[NewMeasurement, ...]
    grade: str = ""
    clock_offset_s: float | None = None
    is_offline: bool = False
    entered_by: str = ""
    counts: tuple[AttributeCount, ...] = ()


# Between quotes that no backslash escapes, followed by a colon: always a field's name, never a part of a text.
_SENT_AT = re.compile(rb'"sent_at"\s*:\s*(?:"[^"\\]*"|null)\s*,?\s*')


def body_sha256(body: bytes) -> str:
    """What makes a post the same post: its bytes, less the machine's clock when sending, which a repeat moves on."""
    return hashlib.sha256(_SENT_AT.sub(b"", body) if b'"sent_at"' in body else body).hexdigest()


def open_post(station_id: int, key: str, body: bytes, now: datetime) -> int | StoredAnswer:
    """Claim the key in the current transaction: the new post's id, or the answer given before.

    The unique index makes a concurrent copy wait until the first commits; after LOCK_TIMEOUT the database gives up
    (psycopg.errors.LockNotAvailable). Raises Refusal KEY_REUSED for another body.
    """
    sha256 = body_sha256(body)
    with prepared_cursor() as cursor:
        # The timeout is set by the statement that may wait first: one round trip less for every post.
        cursor.execute(
            "insert into lines_stationpost (station_id, key, body_sha256, received_at)"
            " select %s, %s, %s, %s from set_config('lock_timeout', %s, true)"
            " on conflict (station_id, key) do nothing returning id",
            [station_id, key, sha256, now, LOCK_TIMEOUT],
        )
        row = cursor.fetchone()
    if row is not None:
        return int(row[0])
    first = StationPost.objects.get(station_id=station_id, key=key)
    if first.body_sha256 != sha256:
        raise Refusal(errors.KEY_REUSED, key)
    assert first.status_code is not None and first.answer is not None  # noqa: S101 - stored in the same transaction
    return StoredAnswer(first.status_code, first.answer)


def as_text(answer: dict[str, Any]) -> str:
    """An answer as JSON, as it is sent and kept."""
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"))


def close_post(post_id: int, status_code: int, answer: dict[str, Any]) -> str:
    """Keep the answer with the post. Returns it as it is to be sent now and to every repeat."""
    text = as_text(answer)
    with prepared_cursor() as cursor:
        cursor.execute(
            "update lines_stationpost set status_code = %s, answer = %s where id = %s", [status_code, text, post_id]
        )
    return text


_MEASUREMENT_COLUMNS = ("received_at", "record_id", *MEASUREMENT_FIELDS)
_INSERT_RECORDS = """
insert into lines_operationrecord
    (post_id, station_id, received_at, operation, serial, product, attempt, started_at, source_time, machine_outcome,
     verdict, is_conforming, deviation_codes, reason_codes, recipe, operator, tray, slot, channel, grade,
     clock_offset_s, is_offline, entered_by, content_sha256)
select %s, %s, %s, operation, serial, product, attempt, started_at, source_time, machine_outcome, verdict,
       is_conforming, string_to_array(deviation_codes, ' '), string_to_array(reason_codes, ' '), recipe, operator,
       tray, slot, channel, grade, clock_offset_s, is_offline, entered_by, content_sha256
from unnest(%s::text[], %s::text[], %s::text[], %s::int[], %s::timestamptz[], %s::timestamptz[], %s::text[],
            %s::text[], %s::boolean[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::int[],
            %s::text[], %s::text[], %s::float8[], %s::boolean[], %s::text[], %s::text[])
     as new (operation, serial, product, attempt, started_at, source_time, machine_outcome, verdict, is_conforming,
             deviation_codes, reason_codes, recipe, operator, tray, slot, channel, grade, clock_offset_s, is_offline,
             entered_by, content_sha256)
returning serial, id
"""


def store_records(station: Station, post_id: int, received_at: datetime, records: Sequence[NewRecord]) -> list[int]:
    """Insert records of different units with their measurements and counts: three statements, however many.

    Returns the ids in the records' order.
    """
    contents = [_content(station.code, received_at, record) for record in records]
    counts_of = {r.serial: [{name: getattr(c, name) for name in COUNT_FIELDS} for c in r.counts] for r in records}
    columns: list[list[Any]] = [
        [r.operation for r in records],
        [r.serial for r in records],
        [r.product for r in records],
        [r.attempt for r in records],
        [r.started_at for r in records],
        [r.source_time for r in records],
        [r.machine_outcome for r in records],
        [r.verdict for r in records],
        [r.is_conforming for r in records],
        [" ".join(r.deviation_codes) for r in records],
        [" ".join(r.reason_codes) for r in records],
        [r.recipe for r in records],
        [r.operator for r in records],
        [r.tray for r in records],
        [r.slot for r in records],
        [r.channel for r in records],
        [r.grade for r in records],
        [r.clock_offset_s for r in records],
        [r.is_offline for r in records],
        [r.entered_by for r in records],
        [
            content_sha256(content, measurements, counts_of[record.serial])
            for record, (content, measurements) in zip(records, contents, strict=True)
        ],
    ]
    with prepared_cursor() as cursor:
        cursor.execute(_INSERT_RECORDS, [post_id, station.pk, received_at, *columns])
        id_by_serial = dict(cursor.fetchall())
    ids = [id_by_serial[record.serial] for record in records]
    rows = [
        (received_at, record_id, *measurement.values())
        for record_id, (_, measurements) in zip(ids, contents, strict=True)
        for measurement in measurements
    ]
    if rows:
        copy_rows("lines_measurement", _MEASUREMENT_COLUMNS, rows)
    counts = [
        (record_id, *count.values())
        for record_id, record in zip(ids, records, strict=True)
        for count in counts_of[record.serial]
    ]
    if counts:
        copy_rows("lines_attributecount", ("record_id", *COUNT_FIELDS), counts)
    return ids


def _content(station: str, received_at: datetime, record: NewRecord) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The record and its measurements by the names of their columns, as the hash and COPY take them."""
    own = {name: getattr(record, name) for name in RECORD_FIELDS if name not in ("station", "received_at")}
    measurements = [
        {
            "sequence": sequence,
            "characteristic": m.characteristic,
            "value": m.value,
            "unit": m.unit,
            "position": m.position,
            "source_time": m.source_time,
            "judgement": m.judgement,
            "limits_version": m.limits_version,
            "is_derived": m.is_derived,
        }
        for sequence, m in enumerate(record.measurements)
    ]
    return {**own, "station": station, "received_at": received_at}, measurements


def quarantine(
    station: Station | None, refusal: Refusal, *, path: str, key: str, body: bytes, received_at: datetime
) -> None:
    """Keep a post that was refused, for whoever has to find out why; in a transaction of its own."""
    with acting(f"station:{station.code}" if station else "task:quarantine"):
        QuarantinedPost.objects.create(
            station=station,
            received_at=received_at,
            path=path[:200],
            key=key[:128],
            body=body[:MAX_BODY_BYTES],
            code=refusal.code.code,
            detail=refusal.detail,
        )


def quarantine_items(
    station: Station, items: Sequence[tuple[Any, BadItem]], *, path: str, key: str, received_at: datetime
) -> None:
    """Keep the units of a tray that were refused, each as posted; in the current transaction."""
    QuarantinedPost.objects.bulk_create(
        [
            QuarantinedPost(
                station=station,
                received_at=received_at,
                path=f"{path}#items[{bad.index}]"[:200],
                key=key,
                body=json.dumps(item).encode(),
                code=bad.code.code,
                detail=bad.detail,
            )
            for item, bad in items
        ]
    )
