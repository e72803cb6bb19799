"""Analyses on demand. They read and write nothing."""

from collections.abc import Mapping
from typing import Any

from lines.errors import Refusal
from quality.spc.analysis import analyze
from quality.spc.errors import BAD_PARAMETER, CODES

_BY_CODE = {code.code: code for code in CODES}


def analysed(case: Mapping[str, Any]) -> dict[str, Any]:
    """What the engine prints of a case, with the verdicts around it. Raises Refusal where nothing can be done."""
    printed = analyze(case, details=True)
    if "error" in printed:
        raise Refusal(_BY_CODE.get(printed["error"]["code"], BAD_PARAMETER), printed["error"]["reason"])
    return printed
