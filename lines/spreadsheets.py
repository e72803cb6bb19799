"""Tables for spreadsheets, as CSV and XLSX. No cell of either is ever taken for a formula. Pure."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import IO, Any

import xlsxwriter

# A cell that begins like this is a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
Cell = str | float | None
Table = tuple[str, Sequence[str], Iterable[Sequence[Cell]]]  # name, header, rows


def neutral(text: str) -> str:
    """A text that no spreadsheet takes for a formula: one that begins like one gets an apostrophe in front."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def as_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """One table, with the mark that makes spreadsheets read it as UTF-8. Texts are neutralised, numbers are numbers."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    for row in rows:
        writer.writerow([neutral(cell) if isinstance(cell, str) else cell for cell in row])
    return "\ufeff" + text.getvalue()


def as_xlsx(tables: Sequence[Table]) -> bytes:
    """A workbook with a sheet for each table."""
    content = io.BytesIO()
    write_xlsx(tables, content)
    return content.getvalue()


def write_xlsx(tables: Iterable[Table], into: IO[bytes]) -> None:
    """The same into an open file; rows are taken one at a time and none is held."""
    options = {
        "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False
    }  # fmt: skip
    with xlsxwriter.Workbook(into, options) as book:
        head = book.add_format({"bold": True, "bottom": 1})
        for name, header, rows in tables:
            sheet: Any = book.add_worksheet(_sheet_name(name))
            sheet.freeze_panes(1, 0)
            sheet.set_column(0, len(header) - 1, 18)
            sheet.write_row(0, 0, header, head)
            for n, row in enumerate(rows, start=1):
                for place, cell in enumerate(row):
                    if isinstance(cell, str):
                        sheet.write_string(n, place, neutral(cell))
                    elif cell is not None:
                        sheet.write_number(n, place, cell)


def _sheet_name(name: str) -> str:
    """At most 31 signs, and none of those that no sheet may have."""
    return re.sub(r"[\[\]:*?/\\]", " ", name)[:31].strip("'") or "-"
