"""Receipts in a file. Pure.

Columns: supplier, number, material, quantity, expires_at, and property, value, unit, lower, upper of the certificate.
A line is a lot with at most one line of its certificate; further lines of the same supplier and number add others.
"""

import csv
import io
from dataclasses import dataclass, field
from datetime import tzinfo

from lines.errors import Code, Refusal
from traceability.entry.errors import FILE_COLUMNS, FILE_UNREADABLE
from traceability.entry.reading import plain, shown
from traceability.lots import errors
from traceability.lots.bodies import Receipt
from traceability.lots.words import CERTIFICATE_COLUMNS, read_words

COLUMNS = ("supplier", "number", "material", "quantity", "expires_at", *CERTIFICATE_COLUMNS)
NEEDED = ("supplier", "number", "material")
MOST_LINES = 1000
LONGEST_TEXT = 1_000_000


@dataclass
class Line:
    """One line as it stands in the file; `number` as a text editor counts."""

    number: int
    words: dict[str, str]
    problems: list[tuple[Code, str]] = field(default_factory=list)


@dataclass
class Filed:
    """One lot of the file. `receipt` None: something is wrong with its lines."""

    lines: list[Line]
    receipt: Receipt | None = None
    state: str = ""  # what the lot is after the receipt
    is_new: bool = True

    def wrong(self, code: Code, detail: str, place: int = 0) -> None:
        self.lines[place].problems.append((code, detail))
        self.receipt = None


def read_file(text: str, zone: tzinfo) -> list[Filed]:
    """The lots of a file, each with what is wrong. Raises Refusal FILE_UNREADABLE or FILE_COLUMNS."""
    lots: dict[tuple[str, str], Filed] = {}
    for line in _lines(text):
        key = line.words["supplier"], line.words["number"]
        lots.setdefault(key, Filed([])).lines.append(line)
    for filed in lots.values():
        _read(filed, zone)
    return list(lots.values())


def _read(filed: Filed, zone: tzinfo) -> None:
    first = filed.lines[0].words
    filed.receipt, wrong = read_words(first, [line.words for line in filed.lines], zone)
    for name, refusal in wrong.items():
        place = int(name.partition("-")[2]) if name.startswith("certificate-") else 0
        detail = refusal.detail if place or name.startswith("certificate-") else f"{name}: {refusal.detail}"
        filed.wrong(refusal.code, detail, place)
    for place, line in enumerate(filed.lines):
        for name in ("material", "quantity", "expires_at"):
            if line.words.get(name) and line.words[name] != first.get(name):
                filed.wrong(errors.LINE_DIFFERS, f"{name}: {shown(line.words[name])}", place)


def _lines(text: str) -> list[Line]:
    if "\0" in text or len(text) > LONGEST_TEXT:
        raise Refusal(FILE_UNREADABLE, f"{len(text)} characters")
    delimiter = "\t" if "\t" in text.partition("\n")[0] else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        header = [plain(name).lower() for name in next(reader, [])]
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise Refusal(FILE_UNREADABLE, str(error)) from error
    for name in header:
        if name not in COLUMNS or header.count(name) > 1:
            raise Refusal(FILE_COLUMNS, shown(name) or "an empty name")
    for name in NEEDED:
        if name not in header:
            raise Refusal(FILE_COLUMNS, name)
    if not 1 <= len(rows) <= MOST_LINES:
        raise Refusal(FILE_UNREADABLE, f"{len(rows)} lines, 1 to {MOST_LINES} are taken")
    lines = []
    for number, row in rows:
        words = dict.fromkeys(COLUMNS, "") | dict(zip(header, (plain(cell) for cell in row), strict=False))
        line = Line(number, words)
        if len(row) > len(header):
            line.problems.append((FILE_COLUMNS, f"{len(row)} cells, {len(header)} columns"))
        lines.append(line)
    return lines
