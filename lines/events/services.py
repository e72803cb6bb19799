"""Telling the screens what changed, in the transaction that changed it."""

import json
from datetime import timedelta
from typing import Any, NamedTuple

from django.utils import timezone

from lines.events.models import Event, EventKind
from lines.records.prepared import prepared_cursor

KEPT_FOR = timedelta(days=1)
_CHUNK = 10_000


class Happening(NamedTuple):
    """One event to be stored."""

    kind: EventKind
    station: str
    payload: dict[str, Any]


def emit(kind: EventKind, station: str = "", **payload: Any) -> None:
    """Store one event. `payload` must be JSON; it names what changed, screens read the rest by query."""
    Event.objects.create(kind=kind, station=station, payload=payload)


def emit_all(happenings: list[Happening]) -> None:
    """Store several events in one statement."""
    if not happenings:
        return
    with prepared_cursor() as cursor:
        # By SQL: a tray of 256 units is 256 model instances otherwise, in the middle of a station's answer.
        cursor.execute(
            # As one document: of an array of documents the driver looks at each letter.
            "insert into lines_event (kind, station, payload) select e.kind, e.station, e.payload"
            " from jsonb_to_recordset(%s::jsonb) as e (kind text, station text, payload jsonb)",
            [json.dumps([each._asdict() for each in happenings])],
        )


def forget_old() -> int:
    """Delete events older than a day: screens that were away longer read the tables anew. Returns how many."""
    cutoff = timezone.now() - KEPT_FOR
    forgotten = 0
    while True:
        with prepared_cursor() as cursor:
            # By id, the only cheap order: the oldest chunk, of which the part that is old enough.
            cursor.execute(
                "delete from lines_event where created_at < %s"
                " and id in (select id from lines_event order by id limit %s)",
                [cutoff, _CHUNK],
            )
            deleted: int = cursor.rowcount
        forgotten += deleted
        if deleted < _CHUNK:
            return forgotten
