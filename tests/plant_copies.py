"""A plant is loaded into a worker's database once; from then on its rows are copied in, which costs a tenth of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from lines.models import Person, Site

_TABLES = """
select quote_ident(c.relname), (
    select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '')
from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
"""

_Table = tuple[str, str]  # its name and its columns


@dataclass
class _Copy:
    returned: Any
    tables: dict[_Table, bytes]  # rows as COPY writes them


_copies: dict[str, _Copy] = {}


def load_once(name: str, load: Callable[[], Any]) -> Any:
    """What `load` returned when it filled an empty database; its rows are here. Where a plant or people are there
    already it is called again: what it does then is its own business, and a copy would lack what was there before.
    """
    if Site.objects.exists() or Person.objects.exists():
        return load()
    if name not in _copies:
        before = _filled()
        returned = load()
        new = _filled() - before
        _copies[name] = _Copy(returned, {table: _rows(table) for table in sorted(new)})
        return returned
    copy = _copies[name]
    with transaction.atomic(), connection.cursor() as cursor:
        # Triggers and foreign keys have seen these rows once.
        cursor.execute("set local session_replication_role = replica")
        for (table, columns), rows in copy.tables.items():
            with cursor.copy(f"copy {table} ({columns}) from stdin") as into:
                into.write(rows)
        cursor.execute("set local session_replication_role = origin")
    return copy.returned


def _filled() -> set[_Table]:
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        found = set()
        for table, columns in cursor.fetchall():
            cursor.execute(f"select exists (select 1 from {table})")  # noqa: S608 - names out of the catalogue
            if cursor.fetchone()[0]:
                found.add((table, columns))
        return found


def _rows(table: _Table) -> bytes:
    name, columns = table
    statement = f"copy (select {columns} from {name}) to stdout"  # noqa: S608 - names out of the catalogue
    with connection.cursor() as cursor, cursor.copy(statement) as out:
        return b"".join(out)
