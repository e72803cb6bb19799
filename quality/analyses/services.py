"""Analyses on demand. They read and write nothing."""

from collections.abc import Mapping
from typing import Any

from lines.errors import Refusal
from quality.spc.analysis import analyze
from quality.spc.errors import BAD_PARAMETER, CODES, UNKNOWN_CHART

# About no data, and one takes a web process for many seconds: for the command line.
_TABLES = frozenset({"arl", "constants"})
_BY_CODE = {code.code: code for code in CODES}


def analysed(case: Mapping[str, Any]) -> dict[str, Any]:
    """What the engine prints of a case, with the verdicts around it. Raises Refusal where nothing can be done."""
    chart = case.get("chart")
    if isinstance(chart, str) and chart.strip().lower() in _TABLES:
        raise Refusal(UNKNOWN_CHART, f"{chart.strip().lower()}: only by python -m quality.spc")
    printed = analyze(case, details=True)
    if "error" in printed:
        raise Refusal(_BY_CODE.get(printed["error"]["code"], BAD_PARAMETER), printed["error"]["reason"])
    return printed
