"""Analyses of several variables at once, from a case to what is printed: Hotelling's T2 and MEWMA; see `analysis`."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from lines.errors import Refusal
from quality.spc import multivariate
from quality.spc.cases import Case
from quality.spc.charted import Analysed
from quality.spc.errors import BAD_PARAMETER, SINGULAR, TOO_FEW_VALUES, WRONG_SHAPE, Undefined
from quality.spc.printed import listed, places
from quality.spc.rules import find
from quality.spc.run_lengths import mewma_h4
from quality.spc.tables import parse

LEAST_WEIGHT, MOST_VARIABLES = 0.01, 30  # for which a limit is designed where none is given


def hotelling(case: Case, *, subgroups: bool) -> Analysed:
    """T2 of rows or of subgroups' means, with the limits of both phases for each alpha."""
    data = _cube(case) if subgroups else np.array(case.rows(), dtype=np.float64)
    chosen = case.phase1(len(data))
    study = _given(case, p=data.shape[-1], n=data.shape[1] if subgroups else 1)
    if study is None:
        study = (multivariate.study_t2_subgroups if subgroups else multivariate.study_t2)(data, chosen=chosen)
    alphas = case.params.get("alpha", multivariate.ALPHA)
    alphas = list(alphas) if isinstance(alphas, Sequence) and not isinstance(alphas, str) else [alphas]
    if not alphas:
        raise Refusal(BAD_PARAMETER, "alpha has no value.")
    levels: dict[str, float] = {}
    for alpha in alphas:
        value, _ = parse(alpha)
        if value is None or not 0 < value < 1:
            raise Refusal(BAD_PARAMETER, f"alpha has to lie between 0 and 1, not at {alpha}.")
        levels[str(alpha)] = value
    limits = study.limits
    draw = multivariate.t2 if subgroups else multivariate.t2_individuals
    chart = draw(data, limits, next(iter(levels.values())))
    points = chart.location.points
    in_phase1 = np.ones(points.size, bool)
    if chosen is not None:
        in_phase1[:] = False
        in_phase1[chosen] = True
    limit = {
        phase: {
            name: None if limits is None else multivariate.t2_limit(limits, alpha, phase=phase)
            for name, alpha in levels.items()
        }
        for phase in (1, 2)
    }

    def beyond(phase: int, where: Any) -> dict[str, list[int]]:
        return {
            name: [] if ucl is None else places(np.flatnonzero(where & (points > ucl * (1 + 1e-12))))
            for name, ucl in limit[phase].items()
        }

    printed: dict[str, Any] = {
        "center": None if limits is None else limits.center.tolist(),
        "cov": None if limits is None else limits.covariance.tolist(),
        "t2": listed(points),
        "lcl": 0.0,
        "phase1_ucl": limit[1],
        "phase2_ucl": limit[2],
        "signals_phase1": beyond(1, in_phase1),
    }
    if chosen is not None:
        printed["signals_phase2"] = beyond(2, ~in_phase1)
    return Analysed(printed, chart, _singular(limits is None, study.reason))


def mewma(case: Case) -> Analysed:
    """MEWMA on a given mean and covariance, or on those of the data."""
    rows = np.array(case.rows(), dtype=np.float64)
    printed: dict[str, Any] = {}
    study = _given(case, p=rows.shape[1], n=1)
    if study is None:
        study = multivariate.study_t2(rows, chosen=case.phase1(len(rows)))
        if study.limits is not None:
            printed = {"center": study.limits.center.tolist(), "cov": study.limits.covariance.tolist()}
    weight = case.given("lambda", 0.1, above=0)
    h4 = case.number("h4", "ucl", above=0)
    if h4 is None:
        if not LEAST_WEIGHT <= weight <= 1 or rows.shape[1] > MOST_VARIABLES:
            raise Refusal(BAD_PARAMETER, f"h4 has to be given for lambda {weight:g} and {rows.shape[1]} variables.")
        h4 = mewma_h4(rows.shape[1], weight, case.given("arl0", 200.0, above=1))
    exact = not str(case.params.get("covariance") or "exact").lower().startswith("asym")
    chart = multivariate.mewma(rows, study.limits, weight=weight, h4=h4, exact=exact)
    panel = chart.location
    printed |= {"t2": listed(panel.points), "ucl": h4, "signals": {"end": places(find(panel, (1,))[1].end)}}
    return Analysed(printed, chart, _singular(study.limits is None, study.reason))


def _given(case: Case, *, p: int, n: int) -> multivariate.MultivariateStudy | None:
    """Mean and covariance that are known beforehand (T2 is then chi-square); None where they are not given."""
    mean, cov = case.params.get("mean", case.params.get("center")), case.params.get("cov")
    if mean is None or cov is None:
        return None
    try:
        study = multivariate.given(mean, cov, n=n)
    except (ValueError, TypeError) as error:
        raise Refusal(BAD_PARAMETER, "mean and cov have to be numbers of p and of p x p variables.") from error
    if study.limits is not None and study.limits.p != p:
        raise Refusal(BAD_PARAMETER, f"mean has {study.limits.p} variables, a row {p}.")
    return study


def _cube(case: Case) -> Any:
    """Subgroups of one size, shape (m, n, p); a subgroup of another size is a gap."""
    if not isinstance(case.data, Sequence) or isinstance(case.data, str):
        raise Refusal(WRONG_SHAPE, "data has to be a list of subgroups.")
    flat = [
        Case(case.chart, group or [], None, case.params, case.problems).rows() if group else [] for group in case.data
    ]
    shapes = [(len(rows), len(rows[0])) for rows in flat if rows]
    if not shapes:
        raise Refusal(WRONG_SHAPE, "A subgroup is a list of rows, each a list of variables.")
    n, p = max(set(shapes), key=shapes.count)
    for place, rows in enumerate(flat):
        if (len(rows), len(rows[0]) if rows else 0) != (n, p):
            case.tell(place, WRONG_SHAPE, f"A subgroup has {n} rows of {p} variables.")
            flat[place] = [[None] * p] * n
    return np.array(flat, dtype=np.float64)


def _singular(missing: bool, reason: str) -> dict[str, Undefined]:
    if not missing:
        return {}
    code = SINGULAR if "singular" in reason else TOO_FEW_VALUES
    return dict.fromkeys(("center", "t2"), Undefined(code, reason))
