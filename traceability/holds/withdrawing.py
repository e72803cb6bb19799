"""Nonconformances that the interlock opened and takes back, or changes, when it judges a record again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from traceability.corrections.errors import INPUT_CORRECTED, RECORD_GIVEN, RECORD_TAKEN_AWAY, VALUE_FAILS
from traceability.holds.services import PLACED_BY

# With one of these a person's correction opened it: what came late does not answer that.
OF_CORRECTIONS = [code.code for code in (VALUE_FAILS, INPUT_CORRECTED, RECORD_GIVEN, RECORD_TAKEN_AWAY)]


@dataclass(frozen=True, slots=True)
class Standing:
    """The open nonconformance of a record. `is_decided`: a person has, so it is no longer ours."""

    id: int
    unit_id: int
    codes: tuple[str, ...]
    is_decided: bool
    is_holding: bool


def standing_nonconformances(units: Mapping[int, int]) -> dict[int, Standing]:
    """By record; `units`: the unit of each record. A closed one that a person decided on stands as well; one that we
    took back does not. What corrections opened about a record, or about another unit of it, is not ours."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select n.record_id, n.id, n.unit_id, n.codes,"
            " exists (select 1 from traceability_dispositiondecision d where d.nonconformance_id = n.id),"
            " exists (select 1 from traceability_hold h where h.nonconformance_id = n.id and h.released_at is null)"
            " from unnest(%s::bigint[], %s::bigint[]) as of (record_id, unit_id)"
            " join traceability_nonconformance n on n.record_id = of.record_id and n.unit_id = of.unit_id"
            " where not n.codes && %s::varchar[] order by n.id",
            [list(units), list(units.values()), OF_CORRECTIONS],
        )
        rows = cursor.fetchall()
        cursor.execute(
            "select id from traceability_nonconformance where record_id = any(%s) and closed_at is null",
            [list(units)],
        )
        is_open = {row[0] for row in cursor.fetchall()}
    return {
        record_id: Standing(found_id, unit_id, tuple(codes), is_decided, is_holding)
        for record_id, found_id, unit_id, codes, is_decided, is_holding in rows
        if is_decided or found_id in is_open
    }


def withdraw(found: Sequence[Standing], reason: str, now: datetime) -> None:
    """Close them and release their holds."""
    if not found:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "update traceability_nonconformance set closed_at = %s where id = any(%s)", [now, [n.id for n in found]]
        )
    _release([n.id for n in found], reason, now)


@dataclass(frozen=True, slots=True)
class Changed:
    """What a standing nonconformance rests on now; held for `reason`, or not at all where it is empty."""

    standing: Standing
    codes: tuple[str, ...]
    reason: str


def change(found: Sequence[Changed], now: datetime) -> None:
    """Other codes, and other reasons to hold."""
    if not found:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "update traceability_nonconformance n set codes = string_to_array(c.codes, ' ')"
            " from unnest(%s::bigint[], %s::text[]) as c (id, codes) where n.id = c.id",
            [[c.standing.id for c in found], [" ".join(c.codes) for c in found]],
        )
        kept = [c for c in found if c.reason and c.standing.is_holding]
        cursor.execute(
            "update traceability_hold h set reason = c.reason from unnest(%s::bigint[], %s::text[]) as c (id, reason)"
            " where h.nonconformance_id = c.id and h.placed_by = %s and h.released_at is null",
            [[c.standing.id for c in kept], [c.reason for c in kept], PLACED_BY],
        )
        new = [c for c in found if c.reason and not c.standing.is_holding]
        cursor.execute(
            "with placed as (insert into traceability_hold (scope, unit_id, nonconformance_id, reason, placed_at,"
            " placed_by, tray, channel, at_operation, released_by, release_reason)"
            " select 'UNIT', unit_id, id, reason, %s, %s, '', '', '', '', ''"
            " from unnest(%s::bigint[], %s::bigint[], %s::text[]) as c (unit_id, id, reason) returning id, unit_id)"
            " insert into traceability_holdunit (hold_id, unit_id, added_at, released_by)"
            " select id, unit_id, %s, '' from placed",
            [
                now,
                PLACED_BY,
                [c.standing.unit_id for c in new],
                [c.standing.id for c in new],
                [c.reason for c in new],
                now,
            ],
        )
    _release([c.standing.id for c in found if not c.reason], "Judged again: nothing to hold it for", now)


def _release(nonconformance_ids: Collection[int], reason: str, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "with ended as (update traceability_hold set released_at = %s, released_by = %s, release_reason = %s"
            " where nonconformance_id = any(%s) and placed_by = %s and released_at is null returning id)"
            " update traceability_holdunit set released_at = %s, released_by = %s, release_reason = %s"
            " where released_at is null and hold_id in (select id from ended)",
            [now, PLACED_BY, reason, list(nonconformance_ids), PLACED_BY, now, PLACED_BY, reason],
        )
