"""Records that a consumer still has to work: one narrow row each, claimed by deleting it.

The consumer claims, works and stores its result in one transaction: if it dies, the rows are back. SKIP LOCKED
hands no row to two workers.
"""

from collections.abc import Collection

from lines.records.models import Consumer
from lines.records.prepared import prepared_cursor


def add(record_ids: Collection[int], consumers: Collection[Consumer]) -> None:
    """To be called in the transaction that stores the records."""
    with prepared_cursor() as cursor:
        cursor.execute(
            "insert into lines_pending (consumer, record_id)"
            " select c, r from unnest(%s::text[]) as c, unnest(%s::bigint[]) as r",
            [[str(consumer) for consumer in consumers], list(record_ids)],
        )


def claim(consumer: Consumer, limit: int) -> list[int]:
    """Take up to `limit` records, oldest first. To be called in the transaction that stores the consumer's result."""
    with prepared_cursor() as cursor:
        cursor.execute(
            """
            with taken as (
                select id from lines_pending where consumer = %s order by id for update skip locked limit %s
            ), gone as (
                delete from lines_pending p using taken t where p.id = t.id returning p.id, p.record_id
            )
            select record_id from gone order by id
            """,
            [str(consumer), limit],
        )
        return [row[0] for row in cursor.fetchall()]
