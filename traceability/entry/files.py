"""Results in a file: lines of values, grouped to one result for each unit and operation. Pure.

Columns: serial, operation, characteristic, value, unit, position, source_time, outcome, reason_codes, station, sample.
One line is one value. Lines of the same serial and operation, or of the same sample, are one result.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lines.errors import Code, Refusal
from lines.stations.body import MAX_BODY_BYTES
from traceability.entry import errors
from traceability.entry.reading import plain, shown

COLUMNS = (
    "serial", "operation", "characteristic", "value", "unit", "position", "source_time", "outcome", "reason_codes",
    "station", "sample",
)  # fmt: skip
NEEDED = ("characteristic", "value")
MOST_LINES = 2000


@dataclass
class Line:
    """One line as it stands in the file; `number` as a text editor counts."""

    number: int
    words: dict[str, str]
    problems: list[tuple[Code, str]] = field(default_factory=list)

    def cell(self, column: str) -> str:
        return self.words.get(column, "")

    def wrong(self, code: Code, detail: str = "") -> None:
        self.problems.append((code, detail))


@dataclass
class Group:
    """The lines of one result. `key` is its place in the file, the same however often the file is read."""

    key: int
    lines: list[Line]
    serial: str = ""
    operation: str = ""
    sample: str = ""
    station: str = ""
    outcome: str = "PASS"
    at: datetime | None = None
    reasons: Sequence[str] = ()
    values: list[tuple[str, float, str, str]] = field(default_factory=list)  # characteristic, value, unit, position


def decode(raw: bytes) -> str:
    """UTF-8, or Shift_JIS as spreadsheets of a Japanese desk write it. Raises Refusal FILE_UNREADABLE."""
    if len(raw) > MAX_BODY_BYTES:
        raise Refusal(errors.FILE_UNREADABLE, f"{len(raw)} bytes")
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Refusal(errors.FILE_UNREADABLE, "neither UTF-8 nor Shift_JIS")


def read_lines(text: str) -> list[Line]:
    """The lines below the header. Raises Refusal FILE_UNREADABLE or FILE_COLUMNS."""
    if "\0" in text or len(text) > MAX_BODY_BYTES:
        raise Refusal(errors.FILE_UNREADABLE, f"{len(text)} characters")
    delimiter = "\t" if "\t" in text.partition("\n")[0] else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        header = [plain(name).lower() for name in next(reader, [])]
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise Refusal(errors.FILE_UNREADABLE, str(error)) from error
    for name in header:
        if name not in COLUMNS or header.count(name) > 1:
            raise Refusal(errors.FILE_COLUMNS, shown(name) or "an empty name")
    for name in NEEDED:
        if name not in header:
            raise Refusal(errors.FILE_COLUMNS, name)
    if not 1 <= len(rows) <= MOST_LINES:
        raise Refusal(errors.FILE_UNREADABLE, f"{len(rows)} lines, 1 to {MOST_LINES} are taken")
    lines = []
    for number, row in rows:
        line = Line(number, dict(zip(header, (plain(cell) for cell in row), strict=False)))
        if len(row) > len(header):
            line.wrong(errors.FILE_COLUMNS, f"{len(row)} cells, {len(header)} columns")
        lines.append(line)
    return lines


def grouped(lines: Iterable[Line]) -> list[Group]:
    """Results in the order of their first lines."""
    groups: dict[tuple[str, str], Group] = {}
    for line in lines:
        key = (
            ("", line.cell("sample").upper())
            if line.cell("sample")
            else (line.cell("serial").upper(), line.cell("operation").upper())
        )
        groups.setdefault(key, Group(len(groups), [])).lines.append(line)
    return list(groups.values())


def one_word(group: Group, column: str) -> str:
    """What the group's lines say in a column; empty cells say nothing. Marks the line that says something else."""
    said = ""
    for line in group.lines:
        if line.cell(column) and said and line.cell(column) != said:
            line.wrong(errors.LINES_DISAGREE, f"{column}: {shown(said)}, {shown(line.cell(column))}")
        said = said or line.cell(column)
    return said
