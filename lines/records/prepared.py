"""A cursor for the statements that every post repeats: prepared once for each connection, as planning them costs more
than running them."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import psycopg
from django.db import InterfaceError, OperationalError, connection
from django.db.backends.utils import CursorWrapper


class _Preparing(psycopg.Cursor[Any]):
    """Parameters go apart from the statement, so that the database knows it again. Their types are those of the Python
    values: a statement casts where that would not do. Without `prepare_threshold` in the settings nothing is prepared,
    for installations behind a pooler that cannot."""

    def execute(self, query: Any, params: Any = None, **more: Any) -> "_Preparing":
        return super().execute(query, params, **(more | {"prepare": True}))

    def _convert_query(self, query: Any, params: Any = None) -> Any:
        # Django's log of statements looks here, and psycopg leaves it empty where nothing is prepared any more.
        self._query = super()._convert_query(query, params)
        return self._query


def prepared_cursor() -> AbstractContextManager[CursorWrapper]:
    """In place of `connection.cursor()`, for statements of a fixed text."""
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    cursor: Any = _Preparing(connection.connection)
    return connection.make_debug_cursor(cursor) if connection.queries_logged else connection.make_cursor(cursor)


def first_asked(statement: str, parameters: Sequence[Any]) -> tuple[Any, ...] | None:
    """The first row, where this is the first question of a request: the kept connection may have died since the last.

    Asked again on a new one then. That the answer came tells Django, which would ask `select 1` for it, that it lives.
    """
    try:
        row = _first_row(statement, parameters)
    except (InterfaceError, OperationalError):
        if connection.in_atomic_block or connection.is_usable():
            raise
        connection.close()
        row = _first_row(statement, parameters)
    wrapper: Any = connection  # its stubs do not know of it
    wrapper.health_check_done = True
    return row


def _first_row(statement: str, parameters: Sequence[Any]) -> tuple[Any, ...] | None:
    with prepared_cursor() as cursor:
        cursor.execute(statement, parameters)
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row
