"""Telling the screens what changed, in the transaction that changed it."""

from collections.abc import Iterable
from typing import Any

from lines.events.models import Event, EventKind


def emit(kind: EventKind, station: str = "", **payload: Any) -> None:
    """Store one event. `payload` must be JSON; it names what changed, screens read the rest by query."""
    Event.objects.create(kind=kind, station=station, payload=payload)


def emit_all(rows: Iterable[tuple[EventKind, str, dict[str, Any]]]) -> None:
    """Store many events, given as (kind, station code, payload), in one statement and in this order."""
    Event.objects.bulk_create([Event(kind=kind, station=station, payload=payload) for kind, station, payload in rows])
