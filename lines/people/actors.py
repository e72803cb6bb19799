"""Every transaction that writes names its actor, for the database's own log and the audit ledger to come."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from lines.records.prepared import prepared_cursor


@contextmanager
def acting(actor: str) -> Iterator[None]:
    """One transaction in the name of `actor`: `person:<username>`, `station:<code>` or `task:<name>`.

    Nested use keeps the outer actor's transaction and name.
    """
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with prepared_cursor() as cursor:
                cursor.execute("select set_config('denchi.actor', %s, true)", [actor])
        yield
