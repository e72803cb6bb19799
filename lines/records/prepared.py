"""A cursor for the statements that every post repeats: prepared once for each connection, as planning them costs more
than running them."""

import re
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper

_UNSAID = 0  # the object id of no type
_PLACE = re.compile(r"(?<!%)%(\(\w+\))?s")


class _Preparing(psycopg.Cursor[Any]):
    """Parameters go apart from the statement, so that the database knows it again. Their types are those that the
    statement gives them, by a cast or by what they are compared to: by those of the Python values (a small number, a
    large one, an empty list, None) one text would be several statements, each planned anew. Without
    `prepare_threshold` in the settings nothing is prepared, for installations behind a pooler that cannot."""

    def execute(self, query: Any, params: Any = None, **more: Any) -> "_Preparing":
        return super().execute(_as_text(query), params, **(more | {"prepare": True}))

    def _convert_query(self, query: Any, params: Any = None) -> Any:
        # Django's log of statements looks here, and psycopg leaves it empty where nothing is prepared any more.
        self._query = super()._convert_query(query, params)
        self._query.types = (_UNSAID,) * len(self._query.types)
        return self._query


@cache
def _as_text(query: str) -> str:
    """Its values as text: only that has a meaning for whoever is not told their type."""
    return _PLACE.sub(r"%\1t", query)


def prepared_cursor() -> AbstractContextManager[CursorWrapper]:
    """In place of `connection.cursor()`, for statements of a fixed text."""
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    cursor: Any = _Preparing(connection.connection)
    return connection.make_debug_cursor(cursor) if connection.queries_logged else connection.make_cursor(cursor)
