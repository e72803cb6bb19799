"""What a request is refused for is kept with its body, so that somebody can find out why."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection

from lines.errors import BUSY, Refusal
from lines.plant.models import Station
from lines.records.services import LOCK_TIMEOUT, quarantine, refusing_when_locked


@contextmanager
def keeping_refused(
    station: Station | None, *, path: str, key: str = "", body: bytes, received_at: datetime
) -> Iterator[None]:
    """Around a whole transaction: a Refusal puts the body into quarantine and goes on. BUSY keeps nothing, for the same
    body is right a moment later."""
    try:
        with refusing_when_locked(key):
            yield
    except Refusal as refusal:
        if refusal.code is not BUSY:
            quarantine(station, refusal, path=path, key=key, body=body, received_at=received_at)
        raise


def wait_for(name: str) -> None:
    """In a transaction: one at a time for everything of this name, and at most LOCK_TIMEOUT of waiting from now on."""
    with connection.cursor() as cursor:
        cursor.execute("select set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
