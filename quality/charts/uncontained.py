"""Signals whose units are not held yet: one narrow row each, claimed by deleting it, as lines.records.pending does."""

from collections.abc import Iterable, Sequence

from django.db import connection

from quality.charts.models import Signal, Uncontained
from quality.plans.models import Response


def add(signals: Iterable[Signal]) -> None:
    """To be called in the transaction that stores the signals."""
    Uncontained.objects.bulk_create(
        [Uncontained(signal=signal) for signal in signals if signal.plan.response == Response.CONTAIN]
    )


def claim(limit: int, aside: Sequence[int] = ()) -> list[int]:
    """Take up to `limit` signals but those `aside`, oldest first. To be called in the transaction that holds their
    units."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            with taken as (
                select signal_id from quality_uncontained where signal_id <> all(%s::bigint[])
                order by signal_id for update skip locked limit %s
            ), gone as (
                delete from quality_uncontained u using taken t where u.signal_id = t.signal_id returning u.signal_id
            )
            select signal_id from gone order by signal_id
            """,
            [list(aside), limit],
        )
        return [row[0] for row in cursor.fetchall()]
