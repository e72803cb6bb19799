"""Any analysis of the engine by its name: a case in, JSON out. For the command line, the ad-hoc page and reports.

A case is {"chart", "data", "subgroups", "params"}; fixtures/spc has one of each kind, and its README what every
parameter means. What comes out has the shape of those files' `expected`; beside it, only where there is something to
say, `undefined` ({figure: {code, reason}} for what is null) and `problems` ([{place, code, reason}] for data that were
left out). Where nothing can be done at all it is {"error": {code, reason}}. Nothing raises for bad data.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from lines.errors import Refusal
from quality.spc import charted, figured, vectors
from quality.spc.cases import Case
from quality.spc.charted import Analysed
from quality.spc.errors import BAD_PARAMETER, UNKNOWN_CHART, Undefined
from quality.spc.printed import plain

ANALYSES: dict[str, Callable[[Case], Analysed]] = {
    "i-mr": charted.individuals,
    "xbar-r": partial(charted.means, kind="R"),
    "xbar-s": partial(charted.means, kind="S"),
    "i-mr-r": partial(charted.three_ways, kind="R"),
    "i-mr-s": partial(charted.three_ways, kind="S"),
    "i-mr-dnom": partial(charted.short_run, kind=""),
    "xbar-r-dnom": partial(charted.short_run, kind="R"),
    "xbar-s-dnom": partial(charted.short_run, kind="S"),
    "p": partial(charted.counts, kind="p"),
    "np": partial(charted.counts, kind="np"),
    "c": partial(charted.counts, kind="c"),
    "u": partial(charted.counts, kind="u"),
    "ewma": charted.ewma,
    "cusum": charted.cusum,
    "g": charted.g,
    "t": charted.t,
    "hotelling-t2": partial(vectors.hotelling, subgroups=True),
    "hotelling-t2-individuals": partial(vectors.hotelling, subgroups=False),
    "mewma": vectors.mewma,
    "capability": figured.capabilities,
    "capability-nonnormal": figured.nonnormal_capability,
    "normality": figured.normality_tests,
    "autocorrelation": figured.autocorrelations,
    "gauge-rr-anova": figured.gauge_study,
    "constants": figured.constants,
    "arl": figured.run_lengths,
}
"""By the name of `chart`, see `name_of` for other spellings."""

_OTHER_NAMES = {
    "imr": "i-mr",
    "individuals": "i-mr",
    "x-mr": "i-mr",
    "dnom": "xbar-r-dnom",
    "t2": "hotelling-t2",
    "t2-individuals": "hotelling-t2-individuals",
    "gauge-rr": "gauge-rr-anova",
    "grr": "gauge-rr-anova",
}


def name_of(chart: object) -> tuple[str, bool]:
    """The analysis a case means, and whether Laney's limits are wanted: "LANEY-P", "laney-p'" and "p'" are one."""
    name = str(chart or "").strip().lower().replace("_", "-").replace(" ", "-")
    laney = name.startswith("laney-") or name.endswith("'")
    name = name.removeprefix("laney-").removesuffix("'")
    name = _OTHER_NAMES.get(name, name)
    if name not in ANALYSES:
        raise Refusal(UNKNOWN_CHART, f"{chart}; there are: {', '.join(ANALYSES)}")
    return name, laney


def examine(case: Mapping[str, Any]) -> tuple[Analysed, Case]:
    """The analysis with its chart to draw, and the case with what was wrong in its data. Raises Refusal."""
    name, laney = name_of(case.get("chart"))
    params = figured.as_mapping(case.get("params"))
    if laney:
        params = {**params, "laney": True}
    asked = Case(name, case.get("data"), case.get("subgroups"), params)
    try:
        return ANALYSES[name](asked), asked
    except (ValueError, ArithmeticError) as error:  # the engine's own checks of its parameters
        raise Refusal(BAD_PARAMETER, str(error)) from error


def analyze(case: Mapping[str, Any], *, details: bool = False) -> dict[str, Any]:
    """What the analysis prints. `details`: also the verdicts around it (stability, normality, autocorrelation, ...)."""
    try:
        found, asked = examine(case)
    except Refusal as refusal:
        return {"error": Undefined(refusal.code, refusal.detail).as_dict()}
    printed = dict(found.printed)
    if details:
        printed |= {name: value for name, value in found.details.items() if isinstance(value, dict | str | None)}
    if found.undefined:
        printed["undefined"] = {name: why.as_dict() for name, why in found.undefined.items()}
    if asked.problems:
        printed["problems"] = asked.problems
    result: dict[str, Any] = plain(printed)
    return result
