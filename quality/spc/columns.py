"""From a table's columns to a case: which column is the value, the subgroup, the sample size, the part, the operator.

Columns are named, or known by their usual titles, or else taken in the order of the table.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lines.errors import Refusal
from quality.spc.analysis import name_of
from quality.spc.errors import DECIMAL_COMMA, NO_COLUMN, NOT_FINITE, OTHER_UNIT
from quality.spc.tables import Message, Table, numbers, parse, texts

ROLES = ("value", "subgroup", "size", "part", "operator", "nominal")

_TITLES: dict[str, tuple[str, ...]] = {
    "value": ("value", "values", "measurement", "measured", "x", "count", "defects", "nonconforming", "測定値", "値"),
    "subgroup": ("subgroup", "group", "sample", "batch", "lot", "群", "サブグループ"),
    "size": ("size", "n", "inspected", "sample size", "area", "サンプル数", "検査数"),
    "part": ("part", "part number", "item", "部品", "品番"),
    "operator": ("operator", "appraiser", "inspector", "測定者", "作業者"),
    "nominal": ("nominal", "target", "公称値", "目標値"),
}

_COUNTS, _VECTORS = {"p", "np", "c", "u"}, {"hotelling-t2", "hotelling-t2-individuals", "mewma"}
_GROUPS = {"xbar-r", "xbar-s", "i-mr-r", "i-mr-s", "xbar-r-dnom", "xbar-s-dnom"}
_EITHER = {"capability", "ewma", "cusum"}


def case_of(
    table: Table, chart: str, params: Mapping[str, Any], columns: Mapping[str, str | Sequence[str]] | None = None
) -> tuple[dict[str, Any], list[Message]]:
    """A case from a table, and what is wrong with its cells by the file's rows.

    `columns`: titles by role (ROLES); "value" may name several, then each row is a subgroup or a row of variables.
    Raises Refusal for a chart or a column that does not exist.
    """
    name, _ = name_of(chart)
    named = columns or {}
    at = {role: column_of(table, role, named.get(role)) for role in ROLES}
    messages = list(table.messages)
    case: dict[str, Any] = {"chart": chart, "data": [], "subgroups": None, "params": dict(params)}
    unit = str(params.get("unit") or "")
    roles = {place for role, place in at.items() if place is not None and role != "value"}
    several = _several(table, named.get("value"), roles)

    def read(place: int) -> list[float | None]:
        values, wrong = numbers(table, place, unit)
        messages.extend(wrong)
        return values

    if name == "gauge-rr-anova":
        places = [at[role] for role in ("part", "operator", "value")]
        chosen = [place if place is not None else index for index, place in enumerate(places)]
        if max(chosen) >= len(table.header):
            raise Refusal(NO_COLUMN, f"A study has part, operator and value; there are: {', '.join(table.header)}")
        values = read(chosen[2])
        case["data"] = [list(row) for row in zip(texts(table, chosen[0]), texts(table, chosen[1]), values, strict=True)]
        case["params"]["columns"] = ["part", "operator", "value"]
        return case, messages
    value = at["value"] if at["value"] is not None else several[0]
    if name in _COUNTS:
        case["data"] = read(value)
        size = at["size"] if at["size"] is not None else next((place for place in several if place != value), None)
        case["subgroups"] = None if size is None or name == "c" else read(size)
    elif name in _VECTORS:
        rows = [list(row) for row in zip(*(read(place) for place in several), strict=True)]
        in_groups = name == "hotelling-t2" and at["subgroup"] is not None
        case["data"] = _grouped(rows, texts(table, at["subgroup"] or 0)) if in_groups else rows
    elif name in _GROUPS | _EITHER and at["subgroup"] is not None:
        case["data"] = _grouped(read(value), texts(table, at["subgroup"]))
    elif name in _GROUPS | _EITHER and len(several) > 1 and (name in _GROUPS or at["value"] is None):
        case["data"] = [list(row) for row in zip(*(read(place) for place in several), strict=True)]
    else:
        case["data"] = read(value)
        case["subgroups"] = params.get("n") if name in _GROUPS | _EITHER else None
    if name.endswith("dnom"):
        _with_nominal(table, at, case, read)
    return case, messages


def _with_nominal(table: Table, at: Mapping[str, int | None], case: dict[str, Any], read: Any) -> None:
    """Part and nominal of each subgroup: those of its first row."""
    firsts = range(len(case["data"]))
    if at["subgroup"] is not None:
        labels = texts(table, at["subgroup"])
        firsts = [labels.index(label) for label in dict.fromkeys(labels)]  # type: ignore[assignment]  # places too
    for role in ("nominal", "part"):
        place = at[role]
        if place is not None and role not in case["params"]:
            cells = read(place) if role == "nominal" else texts(table, place)
            case["params"][role] = [cells[first] for first in firsts]


def _grouped(rows: Sequence[Any], labels: Sequence[str]) -> list[list[Any]]:
    groups: dict[str, list[Any]] = {}
    for row, label in zip(rows, labels, strict=True):
        groups.setdefault(label, []).append(row)
    return list(groups.values())


def column_of(table: Table, role: str, named: str | Sequence[str] | None = None) -> int | None:
    """The place of the column that plays a role: the named one, else one that is usually called so."""
    if named is not None:
        return table.column(named if isinstance(named, str) else named[0])
    for title in _TITLES[role]:
        try:
            return table.column(title)
        except Refusal:
            continue
    return None


def _several(table: Table, named: str | Sequence[str] | None, roles: set[int]) -> list[int]:
    """The columns of values: those named, else those that have no other role and hold mostly numbers."""
    if named is not None:
        return [table.column(title) for title in ([named] if isinstance(named, str) else named)]
    found = [place for place in range(len(table.header)) if place not in roles and _is_numeric(table, place)]
    if not found:
        raise Refusal(NO_COLUMN, f"No column has numbers; there are: {', '.join(table.header)}")
    return found


def _is_numeric(table: Table, place: int) -> bool:
    """Does most of the column mean to be numbers, be they written as they should or not?"""
    parsed = [parse(row[place]) for row in table.rows[:200]]
    there = [(value, wrong) for value, wrong in parsed if value is not None or wrong]
    meant = [wrong for _, wrong in there if wrong is None or wrong.code in (DECIMAL_COMMA, OTHER_UNIT, NOT_FINITE)]
    return 0 < len(there) <= 2 * len(meant)
