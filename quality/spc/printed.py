"""Charts and signals as analyses print them: JSON with null for what is not there, never NaN or infinite.

A line is one number where all points share it, else a list with one entry for each place. Signals are 0-based places:
`end` the last point of each satisfied window, `all` every point of it; `end_any` and `end_both` are the other readings
of rules 5, 6 and 8; `extra` has the run lengths of others; `we` Western Electric's own numbers.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from lines.errors import Refusal
from quality.spc.errors import BAD_PARAMETER
from quality.spc.panels import Floats, Panel
from quality.spc.rules import ALLOWED, end_any, end_both, find, lengths_of, western_electric

ALL_RULES = range(1, 9)


def line(values: Floats, *, varies: bool) -> Any:
    """One number, or a list with None for NaN."""
    if varies:
        return listed(values)
    known = values[np.isfinite(values)]
    return float(known[0]) if known.size else None


def listed(values: Floats | Iterable[float]) -> list[float | None]:
    """Numbers with None for NaN."""
    return [float(value) if math.isfinite(value) else None for value in values]


def lines(panel: Panel, *, varies: bool, center_varies: bool | None = None, points: bool = True) -> dict[str, Any]:
    """{center, lcl, ucl, points} of one panel."""
    center_varies = varies if center_varies is None else center_varies
    printed = {
        "center": line(panel.center, varies=center_varies),
        "lcl": line(panel.lcl, varies=varies),
        "ucl": line(panel.ucl, varies=varies),
    }
    return printed | {"points": listed(panel.points)} if points else printed


class Rules:
    """Which rules are asked for: `rules` of the params ("nelson+we", "nelson 1-4", [1, 2], ...) and `run_lengths`."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        asked = params.get("rules")
        self.nelson: Sequence[int] = ALL_RULES
        self.we = self.extra = True
        if isinstance(asked, str):
            # Words name a convention; what may run on a panel is printed all the same, but for "none".
            if asked.strip().lower() in {"none", "off"}:
                self.nelson, self.we, self.extra = (), False, False
        elif isinstance(asked, Sequence):
            if not all(isinstance(rule, int) and rule in ALL_RULES for rule in asked):
                raise Refusal(BAD_PARAMETER, "rules has to be a list of Nelson's rules 1 to 8.")
            self.nelson, self.we = tuple(asked), False
        if not isinstance(params.get("run_lengths") or {}, Mapping):
            raise Refusal(BAD_PARAMETER, "run_lengths has to be an object of points by rule.")
        try:
            self.lengths = lengths_of(params.get("run_lengths"))
        except (ValueError, TypeError) as error:
            raise Refusal(BAD_PARAMETER, f"run_lengths: {error}") from error

    def on(self, panel: Panel) -> dict[str, Any]:
        """{"nelson": {rule: {end, all}}, "extra", "we"} of one panel, as far as rules may run on it."""
        found = find(panel, self.nelson, self.lengths if self.lengths != lengths_of(None) else None)
        nelson: dict[str, dict[str, list[int]]] = {}
        for rule, flags in found.items():
            nelson[str(rule)] = {"end": places(flags.end), "all": places(flags.all)}
            if rule in (5, 6):
                nelson[str(rule)]["end_any"] = places(end_any(panel, rule, self.lengths[rule]))
            if rule == 8:
                nelson[str(rule)]["end_both"] = places(end_both(panel, self.lengths[rule]))
        printed: dict[str, Any] = {"nelson": nelson}
        if self.extra and 2 in ALLOWED[panel.name]:
            printed["extra"] = {
                "side8_WE4": places(find(panel, (2,), {2: 8})[2].end),
                "side7_AIAG": places(find(panel, (2,), {2: 7})[2].end),
                "trend7": places(find(panel, (3,), {3: 7})[3].end),
            }
        if self.we and 8 in ALLOWED[panel.name]:
            printed["we"] = {str(rule): places(flags.end) for rule, flags in western_electric(panel).items()}
        return printed


def places(ends: Iterable[int]) -> list[int]:
    """Places in order, each once: a point may end windows on both sides."""
    return sorted({int(end) for end in ends})


def plain(result: Any) -> Any:
    """The same as JSON takes it: no numpy, no NaN, no infinity, keys as text."""
    if isinstance(result, Mapping):
        return {str(key): plain(value) for key, value in result.items()}
    if isinstance(result, np.ndarray):
        return plain(result.tolist())
    if isinstance(result, list | tuple):
        return [plain(value) for value in result]
    if isinstance(result, np.integer):
        return int(result)
    if isinstance(result, float | np.floating):
        return float(result) if math.isfinite(result) else None
    return result
