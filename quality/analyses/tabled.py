"""A table of a person as a case of the engine (quality.spc.columns), with the rows that each place is made of. Pure.

Columns that are not named are found: those in which most cells are numbers, without such as are called "No." or "ID".
A row keeps its number, so that a point, a signal or a bad cell can be told by it.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lines.errors import Code, Refusal
from quality.analyses.errors import NO_NUMBERS, NO_SIZES, TOO_FEW_COLUMNS
from quality.spc.columns import case_of as engine_case
from quality.spc.columns import column_of
from quality.spc.tables import Message, Table, is_missing, parse, texts

SINGLE = ("i-mr", "c", "g", "t", "i-mr-dnom")
GROUPED = ("xbar-r", "xbar-s", "i-mr-r", "i-mr-s", "xbar-r-dnom", "xbar-s-dnom")
EITHER = ("ewma", "cusum")  # single values, or subgroups where they are asked for
COUNTED = ("p", "np", "u", "laney-p", "laney-u")
VECTORS = ("hotelling-t2-individuals", "mewma")
CHARTS = (*SINGLE, *GROUPED, *EITHER, *COUNTED, *VECTORS)
USUAL_N = 5  # rows of one column that make a subgroup, where nothing says

_COUNTERS = {"no", "no.", "nr", "nr.", "#", "id", "index", "point", "番号", "連番"}
_UNIT = re.compile(r"\s*[\[(（［]([^\])）］]+)[\])）］]\s*$")


@dataclass(frozen=True)
class Layout:
    """What was asked: names of columns (empty: found by themselves) and how many values of one column a subgroup has.

    `size`: one sample size or area for all rows, where no column holds it.
    """

    chart: str
    columns: tuple[str, ...] = ()
    size_column: str = ""
    nominal_column: str = ""
    group_column: str = ""
    n: int = 0
    size: float | None = None


@dataclass(frozen=True)
class Trouble:
    """What is wrong with one row, and in which cell; `cell` is what stands there."""

    row: int
    column: str
    cell: str
    code: Code


@dataclass(frozen=True)
class Tabled:
    """`case` for quality.spc.analysis; of each place the rows it is made of and the text beside them."""

    case: dict[str, Any]
    rows: Sequence[tuple[int, ...]]
    labels: Sequence[str]
    columns: tuple[str, ...]
    title: str
    unit: str
    troubles: Sequence[Trouble] = field(default=())


def case_of(table: Table, layout: Layout, params: Mapping[str, Any]) -> Tabled:
    """Raises Refusal where a column is not there, no column holds numbers, or the chart needs one more."""
    named = {"size": layout.size_column, "nominal": layout.nominal_column, "subgroup": layout.group_column}
    named = {role: name for role, name in named.items() if name}
    columns = _columns(table, layout, named)
    given = dict(params)
    by_rows = layout.chart in GROUPED and len(columns) == 1
    group = column_of(table, "subgroup", named.get("subgroup")) if by_rows and layout.n < 2 else None
    if by_rows and group is None:
        given["n"] = layout.n if layout.n > 1 else USUAL_N
    elif layout.chart in EITHER and layout.n > 1:
        given["n"] = layout.n
    elif layout.chart in COUNTED and layout.size is not None:
        given["n"] = layout.size
    if layout.chart in COUNTED and len(columns) < 2 and layout.size is None and column_of(table, "size") is None:
        raise Refusal(NO_SIZES)
    titles = [table.header[place] for place in columns]
    case, messages = engine_case(table, layout.chart, given, {**named, "value": titles})
    if layout.size is not None and layout.chart in COUNTED:
        case["subgroups"] = None  # told by n
    rows, labels = _rows(table, case, group), _labels(table, columns)
    if isinstance(case["params"].get("nominal"), list) and len(rows) < len(case["params"]["nominal"]):
        place_of = {number: place for place, number in enumerate(table.numbers)}
        case["params"]["nominal"] = [case["params"]["nominal"][place_of[row[0]]] for row in rows]
    first = dict(zip(table.numbers, labels, strict=False))
    title, unit = _named(titles[0])
    return Tabled(
        case,
        rows,
        [first.get(row[0], "") for row in rows] if labels else [],
        tuple(titles),
        title if len(columns) == 1 or layout.chart in COUNTED else "",
        unit,
        _troubles(table, messages),
    )


def _columns(table: Table, layout: Layout, named: Mapping[str, str]) -> list[int]:
    """Places of the columns of values, as many as the chart takes."""
    columns = [table.column(name) for name in layout.columns]
    if not columns:
        others = {
            place
            for role in ("subgroup", "size", "nominal")
            if (place := column_of(table, role, named.get(role))) is not None
        }
        found = [place for place in range(len(table.header)) if _holds_numbers(table, place)]
        values = [place for place in found if place not in others and _plain(table.header[place]) not in _COUNTERS]
        columns = values or found
    if not columns:
        raise Refusal(NO_NUMBERS)
    if layout.chart in VECTORS and len(columns) < 2:
        raise Refusal(TOO_FEW_COLUMNS)
    single = layout.chart in SINGLE or (layout.chart in EITHER and (len(layout.columns) < 2 or layout.n > 1))
    return columns[:1] if single else columns[:2] if layout.chart in COUNTED else columns


def _rows(table: Table, case: Mapping[str, Any], group: int | None) -> list[tuple[int, ...]]:
    """Of each place the numbers of the rows it is made of."""
    n = case["params"].get("n") if case["subgroups"] is not None else None
    if group is not None:
        by_label: dict[str, list[int]] = {}
        for number, label in zip(table.numbers, texts(table, group), strict=True):
            by_label.setdefault(label, []).append(number)
        return [tuple(numbers) for numbers in by_label.values()]
    if isinstance(n, int) and n > 1 and case["chart"] not in COUNTED:
        return [tuple(table.numbers[start : start + n]) for start in range(0, len(table.numbers), n)]
    return [(number,) for number in table.numbers]


def _named(title: str) -> tuple[str, str]:
    """(name, unit) of a column's title: "Width [mm]" has both."""
    match = _UNIT.search(title)
    return (_UNIT.sub("", title), match[1].strip()) if match else (title, "")


def _holds_numbers(table: Table, place: int) -> bool:
    """Do most of the cells that are not empty look like numbers, be it with a unit or a comma? Times do not."""
    present = [row[place] for row in table.rows if not is_missing(row[place])]
    looks = sum(
        1
        for cell in present
        if not isinstance(cell, str)
        or (re.match(r"\s*[-+]?\.?\d", cell) and not re.match(r"\s*(\d{4}[-/]\d|\d{1,2}:\d\d)", cell))
        or parse(cell)[0] is not None
    )
    return bool(present) and 2 * looks > len(present)


def _labels(table: Table, columns: Sequence[int]) -> list[str]:
    """The first column of texts: a serial, a lot, a time."""
    for place in range(len(table.header)):
        if place not in columns and not _holds_numbers(table, place):
            return texts(table, place)
    return []


def _troubles(table: Table, messages: Sequence[Message]) -> list[Trouble]:
    """The messages by row, with what stands in each cell."""
    places = {number: place for place, number in enumerate(table.numbers)}
    columns = {title: place for place, title in enumerate(table.header)}
    return sorted(
        (
            Trouble(
                message.row,
                message.column,
                str(table.rows[places[message.row]][columns[message.column]])[:40] if message.column in columns else "",
                message.code,
            )
            for message in messages
        ),
        key=lambda trouble: trouble.row,
    )


def _plain(title: str) -> str:
    return unicodedata.normalize("NFKC", _UNIT.sub("", title)).strip().casefold()
