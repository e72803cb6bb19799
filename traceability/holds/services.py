"""Opening nonconformances and placing holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

PLACED_BY = "interlock"


@dataclass(frozen=True, slots=True)
class NewNonconformance:
    """A record that deviated or a unit that failed for good; with a `hold_reason` the unit is held too."""

    unit_id: int
    record_id: int
    codes: tuple[str, ...]
    hold_reason: str


def open_nonconformances(found: Sequence[NewNonconformance], now: datetime) -> None:
    """Two statements, however many."""
    if not found:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into traceability_nonconformance (unit_id, record_id, codes, opened_at)"
            " select unit_id, record_id, string_to_array(codes, ' '), %s"
            " from unnest(%s::bigint[], %s::bigint[], %s::text[]) as new (unit_id, record_id, codes)"
            " returning record_id, id",
            [
                now,
                [n.unit_id for n in found],
                [n.record_id for n in found],
                [" ".join(n.codes) for n in found],
            ],
        )
        ids = dict(cursor.fetchall())
        held = [n for n in found if n.hold_reason]
        if held:
            cursor.execute(
                "insert into traceability_hold"
                " (unit_id, nonconformance_id, reason, placed_at, placed_by, released_by)"
                " select unit_id, nonconformance_id, reason, %s, %s, ''"
                " from unnest(%s::bigint[], %s::bigint[], %s::text[]) as new (unit_id, nonconformance_id, reason)",
                [
                    now,
                    PLACED_BY,
                    [n.unit_id for n in held],
                    [ids[n.record_id] for n in held],
                    [n.hold_reason for n in held],
                ],
            )
