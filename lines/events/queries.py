"""Reading the event table without missing a row.

Ids are handed out before they commit, so a reader that remembers an id alone loses the slow writer's row. Rows are
read in order of (xid, id), and only those whose transaction is older than every transaction still open.
"""

from dataclasses import dataclass

from django.db import connection


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Everything up to and including this (xid, id) has been read."""

    xid: int
    id: int

    def __str__(self) -> str:
        return f"{self.xid}-{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """The inverse of str(). Raises ValueError."""
        xid, _, row = text.partition("-")
        position = cls(int(xid), int(row))
        if not (0 <= position.xid < 2**63 and 0 <= position.id < 2**63):
            raise ValueError(text)
        return position


@dataclass(frozen=True, slots=True)
class StoredEvent:
    position: Position
    kind: str
    station: str
    payload: str  # JSON text, as the database wrote it


def current_position() -> Position:
    """Where a page that is about to run its queries may begin to follow: what it does not see comes after this."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        (xmin,) = cursor.fetchone()
    # The oldest open transaction itself is not visible yet, so (xmin, 0) excludes none of its rows.
    return Position(int(xmin), 0)


def events_after(position: Position, limit: int) -> list[StoredEvent]:
    """The next rows that no open transaction can still come before, at most `limit`, in order of position."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select xid, id, kind, station, payload::text from lines_event"
            " where (xid, id) > (%s, %s) and xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
            " order by xid, id limit %s",
            [position.xid, position.id, limit],
        )
        return [
            StoredEvent(Position(xid, row), kind, station, payload)
            for xid, row, kind, station, payload in cursor.fetchall()
        ]


def is_forgotten(position: Position) -> bool:
    """Whether rows after this position may have been deleted by age: nothing as old as it is left."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select not exists(select from lines_event where (xid, id) <= (%s, %s))", [position.xid, position.id]
        )
        return bool(cursor.fetchone()[0])
