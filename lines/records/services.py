"""Storing what stations posted: the post itself, its records with measurements, and what had to be refused."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from lines import errors
from lines.errors import Refusal
from lines.people.actors import acting
from lines.plant.models import Station
from lines.records.content import MEASUREMENT_FIELDS, RECORD_FIELDS, content_sha256
from lines.records.copying import copy_rows
from lines.records.models import QuarantinedPost, StationPost
from lines.stations.body import MAX_BODY_BYTES
from lines.stations.results import BadItem

# A concurrent copy of a post waits this long for the first to commit, then is told to come again.
LOCK_TIMEOUT = "2s"


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What was answered to the first post with this key."""

    status_code: int
    answer: dict[str, Any]


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


def open_post(station_id: int, key: str, body: bytes, now: datetime) -> int | StoredAnswer:
    """Claim the key in the current transaction: the new post's id, or the answer given before.

    The unique index makes a concurrent copy wait until the first commits; after LOCK_TIMEOUT the database gives up
    (psycopg.errors.LockNotAvailable). Raises Refusal KEY_REUSED for another body.
    """
    sha256 = hashlib.sha256(body).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute("select set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
        cursor.execute(
            "insert into lines_stationpost (station_id, key, body_sha256, received_at) values (%s, %s, %s, %s)"
            " on conflict (station_id, key) do nothing returning id",
            [station_id, key, sha256, now],
        )
        row = cursor.fetchone()
    if row is not None:
        return int(row[0])
    first = StationPost.objects.get(station_id=station_id, key=key)
    if first.body_sha256 != sha256:
        raise Refusal(errors.KEY_REUSED, key)
    assert first.status_code is not None and first.answer is not None  # noqa: S101 - stored in the same transaction
    return StoredAnswer(first.status_code, first.answer)


def close_post(post_id: int, status_code: int, answer: dict[str, Any]) -> None:
    """Keep the answer with the post."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update lines_stationpost set status_code = %s, answer = %s where id = %s",
            [status_code, json.dumps(answer), post_id],
        )


_RECORD_COLUMNS = ("id", "post_id", "station_id", *RECORD_FIELDS[1:], "content_sha256")
_MEASUREMENT_COLUMNS = ("received_at", "record_id", *MEASUREMENT_FIELDS)


def store_records(station: Station, post_id: int, received_at: datetime, records: Sequence[NewRecord]) -> list[int]:
    """Insert records and their measurements: three statements, however many. Returns the ids in their order."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval('lines_operationrecord_id_seq') from generate_series(1, %s)", [len(records)])
        ids = [row[0] for row in cursor.fetchall()]
    record_rows, measurement_rows = [], []
    for record_id, record in zip(ids, records, strict=True):
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
        content = {
            "station": station.code,
            "received_at": received_at,
            **{name: getattr(record, name) for name in RECORD_FIELDS if name not in ("station", "received_at")},
            "deviation_codes": list(record.deviation_codes),
            "reason_codes": list(record.reason_codes),
        }
        sha256 = content_sha256(content, measurements)
        record_rows.append((record_id, post_id, station.pk, *[content[n] for n in RECORD_FIELDS[1:]], sha256))
        measurement_rows += [(received_at, record_id, *m.values()) for m in measurements]
    copy_rows("lines_operationrecord", _RECORD_COLUMNS, record_rows)
    if measurement_rows:
        copy_rows("lines_measurement", _MEASUREMENT_COLUMNS, measurement_rows)
    return ids


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
