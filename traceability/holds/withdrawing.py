"""Nonconformances that the interlock opened and takes back, or changes, when it judges a record again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from traceability.holds.services import PLACED_BY


@dataclass(frozen=True, slots=True)
class Standing:
    """The open nonconformance of a record. `is_decided`: a person has, so it is no longer ours."""

    id: int
    unit_id: int
    codes: tuple[str, ...]
    is_decided: bool
    is_holding: bool


def standing_nonconformances(record_ids: Collection[int]) -> dict[int, Standing]:
    """By record. A closed one that a person decided on stands as well; one that we took back does not."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select n.record_id, n.id, n.unit_id, n.codes,"
            " exists (select 1 from traceability_dispositiondecision d where d.nonconformance_id = n.id),"
            " exists (select 1 from traceability_hold h where h.nonconformance_id = n.id and h.released_at is null)"
            " from traceability_nonconformance n where n.record_id = any(%s) order by n.id",
            [list(record_ids)],
        )
        rows = cursor.fetchall()
        cursor.execute(
            "select id from traceability_nonconformance where record_id = any(%s) and closed_at is null",
            [list(record_ids)],
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


def hold_again(found: Standing, codes: Collection[str], reason: str, now: datetime) -> None:
    """Other codes now; held for `reason` where it is not, released where there is none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update traceability_nonconformance set codes = string_to_array(%s, ' ') where id = %s",
            [" ".join(codes), found.id],
        )
        if reason and not found.is_holding:
            cursor.execute(
                "with placed as (insert into traceability_hold (scope, unit_id, nonconformance_id, reason, placed_at,"
                " placed_by, tray, channel, at_operation, released_by, release_reason)"
                " values ('UNIT', %s, %s, %s, %s, %s, '', '', '', '', '') returning id, unit_id)"
                " insert into traceability_holdunit (hold_id, unit_id, added_at, released_by)"
                " select id, unit_id, %s, '' from placed",
                [found.unit_id, found.id, reason, now, PLACED_BY, now],
            )
        elif reason:
            cursor.execute(
                "update traceability_hold set reason = %s where nonconformance_id = %s and released_at is null",
                [reason, found.id],
            )
    if not reason:
        _release([found.id], "Judged again: nothing to hold it for", now)


def _release(nonconformance_ids: Collection[int], reason: str, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "with ended as (update traceability_hold set released_at = %s, released_by = %s, release_reason = %s"
            " where nonconformance_id = any(%s) and placed_by = %s and released_at is null returning id)"
            " update traceability_holdunit set released_at = %s, released_by = %s, release_reason = %s"
            " where released_at is null and hold_id in (select id from ended)",
            [now, PLACED_BY, reason, list(nonconformance_ids), PLACED_BY, now, PLACED_BY, reason],
        )
