"""What a person asks of an ad-hoc analysis: fields of a form as a layout, parameters and rules. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lines.errors import Refusal
from quality.analyses.errors import FIELD_NOT_A_NUMBER
from quality.analyses.tabled import CHARTS, Layout
from quality.spc.errors import UNKNOWN_CHART
from quality.spc.tables import parse

RULES = range(1, 9)
USUAL_RULES = (1, 2)
NUMBERS = ("lsl", "usl", "target", "center", "sigma", "lambda", "L", "k", "h", "head_start")
WHOLE = ("n", "first", "last")
TEXTS = ("table", "chart", "columns", "size", "nominal", "group", "sigma_method", "name")
BLANK: Mapping[str, str] = {"chart": "i-mr", "lambda": "0.2", "L": "2.7", "k": "0.5", "h": "5", "head_start": "0"}


@dataclass(frozen=True)
class Asked:
    """One request. `params` are those of a case; `spec` lsl, usl and target as far as given."""

    layout: Layout
    params: dict[str, Any]
    rules: tuple[int, ...]
    spec: dict[str, float]


def read(fields: Mapping[str, str], rules: list[str]) -> Asked:
    """Raises Refusal that names the field: no such chart, not a number."""
    chart = fields.get("chart") or BLANK["chart"]
    if chart not in CHARTS:
        raise Refusal(UNKNOWN_CHART, f"{chart}; there are: {', '.join(CHARTS)}")
    given: dict[str, float] = {name: value for name in NUMBERS if (value := _number(fields, name)) is not None}
    whole = {name: _whole(fields, name) for name in WHOLE}
    size, _ = parse(fields.get("size", ""))
    layout = Layout(
        chart,
        tuple(part for part in (text.strip() for text in re.split(r"[,;、\n]", fields.get("columns", ""))) if part),
        size_column="" if size is not None else fields.get("size", "").strip(),
        nominal_column=fields.get("nominal", "").strip(),
        group_column=fields.get("group", "").strip(),
        n=whole["n"] or 0,
        size=size,
    )
    spec: dict[str, float] = {name: given[name] for name in ("lsl", "usl", "target") if name in given}
    # A target of a specification is no centre of a chart, and k of a CUSUM not the width of other charts' limits.
    names = {"ewma": ("lambda", "L"), "cusum": ("k", "h", "head_start"), "mewma": ("lambda",)}.get(chart, ())
    params: dict[str, Any] = {name: given[name] for name in ("center", "sigma", *names) if name in given}
    if fields.get("sigma_method"):
        params["sigma_method"] = fields["sigma_method"]
    if whole["first"] is not None or whole["last"] is not None:
        last = whole["last"]
        params["phase1"] = [whole["first"] or 0, 10**9 if last is None else last]
    chosen = tuple(rule for rule in RULES if str(rule) in rules)
    return Asked(layout, params, chosen, spec)


def _number(fields: Mapping[str, str], name: str) -> float | None:
    value, wrong = parse(fields.get(name, ""))
    if wrong:
        raise Refusal(FIELD_NOT_A_NUMBER, f"{name}: {fields.get(name, '')[:40]}")
    return value


def _whole(fields: Mapping[str, str], name: str) -> int | None:
    value = _number(fields, name)
    if value is None:
        return None
    if value != int(value) or not 0 <= value <= 1e6:
        raise Refusal(FIELD_NOT_A_NUMBER, f"{name}: {fields.get(name, '')[:40]}")
    return int(value)
