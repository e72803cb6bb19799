"""What the frame of every page shows."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from lines.alarms.queries import counts_by_station


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor. Counted only where a template shows it: JSON answers and partials pay nothing."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {"unacknowledged_alarms": SimpleLazyObject(_unacknowledged)}


def _unacknowledged() -> int:
    return sum(counts.unacknowledged for counts in counts_by_station().values())
