"""Telling the screens what changed, in the transaction that changed it."""

from typing import Any

from lines.events.models import Event, EventKind


def emit(kind: EventKind, station: str = "", **payload: Any) -> None:
    """Store one event. `payload` must be JSON; it names what changed, screens read the rest by query."""
    Event.objects.create(kind=kind, station=station, payload=payload)
