"""Opening nonconformances with their holds, as the interlock does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from traceability.holds.extending import extend_holds
from traceability.holds.models import Hold, HoldScope, HoldUnit

__all__ = ["NewNonconformance", "extend_holds", "hold_unit", "open_nonconformances"]

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
            "insert into traceability_nonconformance (unit_id, record_id, codes, opened_at, needs_two_people)"
            " select unit_id, record_id, string_to_array(codes, ' '), %s, %s or exists ("
            " select 1 from lines_reasoncode where severity = 'S' and code = any(string_to_array(codes, ' ')))"
            " from unnest(%s::bigint[], %s::bigint[], %s::text[]) as new (unit_id, record_id, codes)"
            " returning record_id, id",
            [
                now,
                settings.DENCHI_TWO_PEOPLE_DECIDE,
                [n.unit_id for n in found],
                [n.record_id for n in found],
                [" ".join(n.codes) for n in found],
            ],
        )
        ids = dict(cursor.fetchall())
        held = [n for n in found if n.hold_reason]
        if held:
            cursor.execute(
                "with placed as ("
                " insert into traceability_hold (scope, unit_id, nonconformance_id, reason, placed_at, placed_by, tray,"
                " channel, at_operation, released_by, release_reason)"
                " select 'UNIT', unit_id, nonconformance_id, reason, %s, %s, '', '', '', '', ''"
                " from unnest(%s::bigint[], %s::bigint[], %s::text[]) as new (unit_id, nonconformance_id, reason)"
                " returning id, unit_id)"
                " insert into traceability_holdunit (hold_id, unit_id, added_at, released_by)"
                " select id, unit_id, %s, '' from placed",
                [
                    now,
                    PLACED_BY,
                    [n.unit_id for n in held],
                    [ids[n.record_id] for n in held],
                    [n.hold_reason for n in held],
                    now,
                ],
            )


@transaction.atomic
def hold_unit(unit_id: int, *, reason: str, by: str, now: datetime) -> Hold:
    """Hold one unit. `by`: as actors are named, person:<username>."""
    hold = Hold.objects.create(scope=HoldScope.UNIT, unit_id=unit_id, reason=reason, placed_at=now, placed_by=by)
    HoldUnit.objects.create(hold=hold, unit_id=unit_id, added_at=now)
    return hold
