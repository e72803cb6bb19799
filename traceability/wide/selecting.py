"""What an address asks of the wide table, looked up: kind, columns, how many units; and its file."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

from lines.errors import Refusal
from lines.models import MaterialDefinition
from traceability.wide.asked import AskedTable
from traceability.wide.columns import Column, chosen, definition_of
from traceability.wide.errors import TOO_MANY_UNITS
from traceability.wide.files import csv_pieces, write_parquet, write_workbook
from traceability.wide.queries import Row, rows_of, units_of

MOST_UNITS = 100_000  # of one file
_PIECE = 1 << 18


@dataclass(frozen=True, slots=True)
class Table:
    asked: AskedTable
    definition: MaterialDefinition
    columns: list[Column]
    n_units: int

    def rows(self) -> Iterator[Row]:
        return (row for _id, row in rows_of(self.asked, self.definition, self.columns))


def table(asked: AskedTable) -> Table:
    """Raises Refusal: no such kind of unit, no such column."""
    definition = definition_of(asked)
    return Table(asked, definition, chosen(asked, definition), units_of(asked, definition).count())


def file_pieces(of: Table, kind: str) -> Iterator[bytes]:
    """The bytes of a file, a piece at a time. Raises Refusal, before the first of them, where it has too many rows."""
    if of.n_units > MOST_UNITS:
        raise Refusal(TOO_MANY_UNITS, f"{of.n_units} units, at most {MOST_UNITS}")
    if kind == "csv":
        return csv_pieces(of.columns, of.rows())
    if kind == "xlsx":
        return _written(lambda into: write_workbook(of.definition.code, of.columns, of.rows(), into))
    return _written(lambda into: write_parquet(of.columns, of.rows(), into))


def _written(write: Callable[[IO[bytes]], None]) -> Iterator[bytes]:
    """Of a file whose end says where everything is: it lies in a temporary one first."""
    with tempfile.TemporaryFile() as content:
        write(content)
        content.seek(0)
        while piece := content.read(_PIECE):
            yield piece
