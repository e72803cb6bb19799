"""A wide table as a file, written row by row: Parquet with types and units of measure, CSV, XLSX without formulas."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from lines.spreadsheets import Cell, neutral, write_xlsx
from traceability.wide.columns import Column
from traceability.wide.queries import FACTS, Row

CONTENT_TYPES = {
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_AT_ONCE = 10_000  # rows of a group of a Parquet file
_PIECE_ROWS = 500


def header(columns: Sequence[Column]) -> list[str]:
    return [*FACTS, *(column.name for column in columns)]


def csv_pieces(columns: Sequence[Column], rows: Iterable[Row]) -> Iterator[bytes]:
    """With the mark that makes spreadsheets read it as UTF-8."""
    text = io.StringIO("")
    text.write("\ufeff")
    writer = csv.writer(text)
    writer.writerow(header(columns))
    for n, row in enumerate(rows, start=1):
        writer.writerow(_cells(row))
        if n % _PIECE_ROWS == 0:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def write_workbook(name: str, columns: Sequence[Column], rows: Iterable[Row], into: IO[bytes]) -> None:
    """Two sheets: the table, and what its columns mean."""
    meanings = [
        [column.name, column.name_en, column.name_ja, column.unit, column.operation, column.definition]
        for column in columns
    ]
    write_xlsx(
        [
            (name, header(columns), (_cells(row, neutralise=False) for row in rows)),
            ("columns", ["column", "name_en", "name_ja", "unit", "operation", "definition"], meanings),
        ],
        into,
    )


def write_parquet(columns: Sequence[Column], rows: Iterable[Row], into: IO[bytes]) -> None:
    """Each column of a characteristic carries its unit, operation and names as metadata."""
    types = {"created_at": pa.timestamp("us", tz="UTC"), "last_test_passed": pa.bool_()}
    schema = pa.schema(
        [pa.field(name, types.get(name, pa.string())) for name in FACTS]
        + [
            pa.field(
                column.name,
                pa.float64(),
                metadata={
                    "unit": column.unit, "operation": column.operation, "definition": column.definition,
                    "name_en": column.name_en, "name_ja": column.name_ja,
                },
            )
            for column in columns
        ]
    )  # fmt: skip
    with pq.ParquetWriter(into, schema, compression="zstd") as writer:
        left = iter(rows)
        while some := list(islice(left, _AT_ONCE)):
            arrays = [
                pa.array([row[0][place] for row in some], type=schema.field(place).type) for place in range(len(FACTS))
            ]
            arrays += [pa.array([row[1][place] for row in some], type=pa.float64()) for place in range(len(columns))]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def _cells(row: Row, *, neutralise: bool = True) -> list[Cell]:
    facts: list[Cell] = []
    for fact in row[0]:
        if isinstance(fact, datetime):
            facts.append(fact.isoformat())
        elif isinstance(fact, bool):
            facts.append("true" if fact else "false")
        else:
            facts.append(neutral(fact) if neutralise and isinstance(fact, str) else fact)
    return [*facts, *row[1]]
