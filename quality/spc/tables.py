"""Tables that people paste or upload, as CSV text or an XLSX workbook, read cell by cell. Pure.

A cell that cannot be read as a number is named with its row and column, counts as missing, and the rest goes on: text,
a decimal comma, another unit. Nothing is guessed where it could be wrong: `1,5` is no number, `12 mm` is none in a
column of grams. Rows are counted as a spreadsheet does, from 1 with the header.
"""

import csv
import datetime as dt
import io
import math
import re
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from python_calamine import CalamineWorkbook

from lines.errors import Code, Refusal
from quality.spc.errors import (
    DECIMAL_COMMA,
    FILE_UNREADABLE,
    NO_COLUMN,
    NOT_A_NUMBER,
    NOT_FINITE,
    OTHER_UNIT,
    TOO_LARGE,
    WRONG_SHAPE,
    Undefined,
)

Cell: TypeAlias = str | float | None

MOST_ROWS = 200_000
MOST_BYTES = 20_000_000
MOST_UNPACKED = 200_000_000  # of a workbook, which is a zip archive
LARGEST = 1e150  # beyond it a square is infinite

_MISSING = {"", "-", "na", "n/a", "nan", "null", "none", "欠測"}
_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(\D.*)?")
_WITH_COMMA = re.compile(r"[+-]?\d[\d.]*(?:,\d+)+(?:\.\d*)?(?:[eE][+-]?\d+)?\s*\D*")
_INFINITE = re.compile(r"[+-]?inf(?:inity)?|[+-]?∞", re.IGNORECASE)
_UNIT_OF_HEADER = re.compile(r"[\[(（［]([^\])）］]+)[\])）］]\s*$")


class Message(NamedTuple):
    """What is wrong with one row (1-based, as a spreadsheet counts) and, where it is a cell, which column."""

    row: int
    column: str
    code: Code
    detail: str

    def as_dict(self) -> dict[str, str | int]:
        """As analyses print it: {"row", "column", "code", "reason"}."""
        return {"row": self.row, "column": self.column, "code": self.code.code, "reason": self.detail}


@dataclass(frozen=True)
class Table:
    """A header and rows of as many cells as it has. `first` is the file's row number of rows[0]."""

    header: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]
    numbers: Sequence[int]  # each row's number in the file
    messages: tuple[Message, ...] = field(default=())

    def column(self, name: str) -> int:
        """The place of a column by its name, ignoring case, a unit in brackets and width. Raises Refusal."""
        wanted = _plain(name)
        for place, title in enumerate(self.header):
            if wanted in (_plain(title), _plain(_UNIT_OF_HEADER.sub("", title))):
                return place
        raise Refusal(NO_COLUMN, f"{name}; there are: {', '.join(self.header)}")


def read_table(content: bytes | str, name: str = "", *, sheet: str = "", header: bool | None = None) -> Table:
    """A table from an uploaded file or pasted text. `header`: whether row 1 is one; None looks for words in it.

    CSV: UTF-8 or Shift JIS, separated by tabs, semicolons or commas. XLSX: the first sheet unless named.
    Raises Refusal (FILE_UNREADABLE, TOO_LARGE, NO_COLUMN for a sheet that is not there).
    """
    if len(content) > MOST_BYTES:
        raise Refusal(TOO_LARGE, f"At most {MOST_BYTES // 1_000_000} MB.")
    if isinstance(content, bytes) and (content[:2] == b"PK" or name.lower().endswith((".xlsx", ".xlsm"))):
        grid = _workbook(content, sheet)
    else:
        grid = _separated(content if isinstance(content, str) else _decoded(content))
    numbered = list(enumerate(grid, start=1))
    filled = [(number, cells) for number, cells in numbered if any(not is_missing(cell) for cell in cells)]
    if not filled:
        raise Refusal(FILE_UNREADABLE, "There is no row in it.")
    if max(len(cells) for _, cells in filled) == 1:
        # In a single column an empty row is a missing value, and no moving range may span it.
        filled = [row for row in numbered if filled[0][0] <= row[0] <= filled[-1][0]]
    if len(filled) > MOST_ROWS:
        raise Refusal(TOO_LARGE, f"At most {MOST_ROWS} rows.")
    top = filled[0][1]
    if header is None:
        header = any(isinstance(cell, str) and not is_missing(cell) and _is_word(cell) for cell in top)
    width = len(top) if header else max(len(cells) for _, cells in filled)
    titles = [str(cell).strip() if header and cell is not None else "" for cell in (*top, *[None] * width)][:width]
    names = tuple(title or f"column {place}" for place, title in enumerate(titles, start=1))
    return _squared(names, filled[1:] if header else filled)


def parse(cell: object, unit: str = "") -> tuple[float | None, Undefined | None]:
    """(number, None), (None, None) for a missing one, or (None, what is wrong). A unit behind it must be `unit`."""
    if is_missing(cell):
        return None, None
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return _finite(float(cell), str(cell))
    if not isinstance(cell, str):
        return None, Undefined(NOT_A_NUMBER, f"{str(cell)[:60]!r} is no number.")
    text = unicodedata.normalize("NFKC", cell).replace("\N{MINUS SIGN}", "-").strip()
    match = _NUMBER.fullmatch(text)
    behind = (match[2] or "").strip() if match else ""
    if match is None or behind.startswith(","):
        return None, _no_number(text)
    if behind and not _same_unit(behind, unit):
        wanted = f"the column is in {unit}" if unit else "the column has no unit"
        return None, Undefined(OTHER_UNIT if _is_unit(behind) else NOT_A_NUMBER, f"{text[:60]!r}: {wanted}.")
    return _finite(float(match[1]), text)


def is_missing(cell: object) -> bool:
    """Empty, or one of the usual words for it. Never 0."""
    if isinstance(cell, float):
        return math.isnan(cell)
    return cell is None or (isinstance(cell, str) and cell.strip().lower() in _MISSING)


def numbers(table: Table, column: str | int, unit: str = "") -> tuple[list[float | None], list[Message]]:
    """A column as numbers, None where missing, with what is wrong by row.

    The unit is the given one, else that in brackets in the title. Without either it is the one that most numbers carry,
    and then a number without it is refused as well: nobody can say what it is in.
    """
    place = column if isinstance(column, int) else table.column(column)
    title = table.header[place]
    in_title = _UNIT_OF_HEADER.search(title)
    declared = unit or (in_title[1].strip() if in_title else "")
    unit = declared or _usual_unit([row[place] for row in table.rows])
    values: list[float | None] = []
    messages: list[Message] = []
    for number, row in zip(table.numbers, table.rows, strict=True):
        value, wrong = parse(row[place], unit)
        if value is not None and unit and not declared and not _carries_unit(row[place]):
            value, wrong = None, Undefined(OTHER_UNIT, f"{row[place]} has no unit; most of the column are in {unit}.")
        values.append(value)
        if wrong:
            messages.append(Message(number, title, wrong.code, wrong.detail))
    return values, messages


def texts(table: Table, column: str | int) -> list[str]:
    """A column as texts, "" where missing; a whole number without its .0, as a spreadsheet shows it."""
    place = column if isinstance(column, int) else table.column(column)
    return [_as_text(row[place]) for row in table.rows]


def _as_text(cell: Cell) -> str:
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    return (cell or "").strip()


def _workbook(content: bytes, sheet: str) -> list[list[Cell]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MOST_UNPACKED:
                raise Refusal(TOO_LARGE, f"At most {MOST_UNPACKED // 1_000_000} MB when unpacked.")
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        if sheet and sheet not in book.sheet_names:
            raise Refusal(NO_COLUMN, f"Sheet {sheet}; there are: {', '.join(book.sheet_names)}")
        name = sheet or book.sheet_names[0]
        grid = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except Refusal:
        raise
    except Exception as error:  # a damaged workbook fails in many ways, all of them its own
        raise Refusal(FILE_UNREADABLE, f"Not an XLSX workbook: {error}"[:200]) from error
    return [[_plain_cell(cell) for cell in row] for row in grid]


def _plain_cell(cell: object) -> Cell:
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, int | float):
        return float(cell)
    if isinstance(cell, dt.datetime | dt.date | dt.time):
        return cell.isoformat()
    text = str(cell).strip()
    return text or None


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "cp932"):  # cp932: what Japanese spreadsheets save as CSV
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refusal(FILE_UNREADABLE, "The text is neither UTF-8 nor Shift JIS.")


def _separated(text: str) -> list[list[Cell]]:
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        raise Refusal(FILE_UNREADABLE, "It is not a text file.")
    lines = [line for line in text.splitlines() if line.strip()]
    # A semicolon is never part of a number, so it wins over a comma, which may be.
    separator = next((mark for mark in "\t;" if lines and mark in lines[0]), ",")
    if lines and separator == "," and "," not in lines[0] and any(";" in line for line in lines):
        separator = ";"
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        raise Refusal(FILE_UNREADABLE, str(error)) from error
    return [[cell.strip() or None for cell in row] for row in rows]


def _squared(names: tuple[str, ...], filled: Sequence[tuple[int, Sequence[Cell]]]) -> Table:
    """Rows of one width. More cells than the header has is most often a decimal comma in a file with commas."""
    rows: list[Sequence[Cell]] = []
    messages: list[Message] = []
    for number, cells in filled:
        extra = [cell for cell in cells[len(names) :] if not is_missing(cell)]
        if extra:
            comma = all(isinstance(cell, str) and cell.isdigit() for cell in extra)
            detail = f"{len(names) + len(extra)} cells where the header has {len(names)}."
            messages.append(Message(number, "", DECIMAL_COMMA if comma else WRONG_SHAPE, detail))
            rows.append([None] * len(names))
        else:
            rows.append([*cells[: len(names)], *[None] * (len(names) - len(cells))])
    return Table(names, rows, [number for number, _ in filled], tuple(messages))


def _finite(value: float, shown: str) -> tuple[float | None, Undefined | None]:
    if not abs(value) <= LARGEST:
        return None, Undefined(NOT_FINITE, f"{shown[:60]} is too large to calculate with.")
    return float(value), None


def _no_number(text: str) -> Undefined:
    if _INFINITE.fullmatch(text):
        return Undefined(NOT_FINITE, f"{text} is not finite.")
    if _WITH_COMMA.fullmatch(text):
        return Undefined(DECIMAL_COMMA, f"{text[:60]!r} is written with a comma.")
    return Undefined(NOT_A_NUMBER, f"{text[:60]!r} is no number.")


def _is_word(text: str) -> bool:
    return not re.match(r"[+-]?[.,]?\d", unicodedata.normalize("NFKC", text).strip()) and not _INFINITE.fullmatch(text)


def _is_unit(text: str) -> bool:
    return len(text) <= 12 and bool(re.fullmatch(r"[^\d\s].*", text))


def _same_unit(one: str, other: str) -> bool:
    return unicodedata.normalize("NFKC", one).strip() == unicodedata.normalize("NFKC", other).strip()


def _carries_unit(cell: Cell) -> bool:
    return isinstance(cell, str) and _unit_behind(cell) != ""


def _unit_behind(text: str) -> str:
    match = _NUMBER.fullmatch(unicodedata.normalize("NFKC", text).strip())
    behind = (match[2] or "").strip() if match else ""
    return behind if behind and _is_unit(behind) and not behind.startswith(",") else ""


def _usual_unit(cells: Sequence[Cell]) -> str:
    """The unit that more than half of what is there carries."""
    carried = Counter(unit for cell in cells if isinstance(cell, str) and (unit := _unit_behind(cell)))
    if not carried:
        return ""
    unit, count = carried.most_common(1)[0]
    return unit if 2 * count > sum(1 for cell in cells if not is_missing(cell)) else ""


def _plain(title: str) -> str:
    return unicodedata.normalize("NFKC", title).strip().casefold()
