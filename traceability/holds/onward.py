"""Holding what a unit was built into before anybody knew that it is bad."""

from datetime import datetime

from django.db import connection

from traceability.holds.placing import place_on_units


def hold_what_it_is_in(unit_id: int, *, reason: str, by: str, now: datetime) -> None:
    """The unit's own hold does not stop what was made of it already; nothing to do where nothing was. In the caller's
    transaction."""
    with connection.cursor() as cursor:
        cursor.execute("select from traceability_currentlink where input_unit_id = %s limit 1", [unit_id])
        is_in_something = cursor.rowcount > 0
    if is_in_something:
        place_on_units([unit_id], reason=reason, by=by, now=now)
