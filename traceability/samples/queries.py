"""Samples: which a unit waits for, and which wait for their result."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection


@dataclass(frozen=True, slots=True)
class WaitingSample:
    """A sample without a result. `waits_at`: its unit may not enter this operation before; empty: it waits nowhere."""

    code: str
    waits_at: str


def waiting(unit_ids: Collection[int]) -> dict[int, list[WaitingSample]]:
    """Samples without a result of each of these units, oldest first; one statement. No entry: none."""
    found: dict[int, list[WaitingSample]] = {}
    if not unit_ids:
        return found
    with connection.cursor() as cursor:
        cursor.execute(
            "select unit_id, code, waits_at from traceability_sample"
            " where state = 'TAKEN' and unit_id = any(%s) order by id",
            [list(unit_ids)],
        )
        for unit_id, code, waits_at in cursor.fetchall():
            found.setdefault(unit_id, []).append(WaitingSample(code, waits_at))
    return found
