"""A genealogy as a file for spreadsheets: every link of a unit, or every unit with something of a lot in it."""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO, Any

from lines.spreadsheets import Cell, neutral, write_xlsx
from traceability.genealogy.starts import Start, every_use
from traceability.genealogy.walking import DIRECTIONS, Walk, every_link

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
LINK_COLUMNS = (
    "direction", "level", "output", "output_definition", "input", "lot", "supplier", "material", "quantity", "uom",
    "position", "lane", "from_m", "to_m", "own_from_m", "own_to_m", "delta_m", "basis", "ended_at", "operation",
    "station", "at", "record",
)  # fmt: skip
USE_COLUMNS = ("serial", "kind", "definition", "state", "is_held", "is_inferred")
_PIECE = 500


def link_rows(unit_id: int) -> Iterator[list[Cell]]:
    """What the unit was made of, then what it went into; a line each, parts that were taken out again too."""
    for direction in DIRECTIONS:
        for link in every_link(Walk(unit_id, direction, with_ended=True)):
            lot = link["lot"] or {}
            told: dict[str, Any] = {**link, "direction": direction, "input": link["serial"]}
            told |= {"lot": lot.get("number"), "supplier": lot.get("supplier")}
            yield [told[column] for column in LINK_COLUMNS]


def use_rows(start: Start) -> Iterator[list[Cell]]:
    """Every unit with something of the start in it."""
    for use in every_use(start, ()):
        told = {**use, "is_held": int(use["is_held"]), "is_inferred": int(use["is_inferred"])}
        yield [told[column] for column in USE_COLUMNS]


def csv_pieces(header: tuple[str, ...], rows: Iterable[list[Cell]]) -> Iterator[bytes]:
    """A CSV by and by; spreadsheets read it as UTF-8 and take no cell for a formula."""
    text = io.StringIO()
    text.write("\ufeff")
    writer = csv.writer(text)
    writer.writerow(header)
    for n, row in enumerate(rows, 1):
        writer.writerow([neutral(cell) if isinstance(cell, str) else cell for cell in row])
        if n % _PIECE == 0:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def workbook(name: str, header: tuple[str, ...], rows: Iterable[list[Cell]]) -> IO[bytes]:
    """An open file at its beginning, which is gone when it is closed."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    write_xlsx([(name, header, rows)], file)
    file.seek(0)
    return file
