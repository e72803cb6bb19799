"""Analyses that end in figures, not in a control chart: capability, normality, gauge study, T2, constants, ARLs."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lines.errors import Refusal
from quality.spc import nonnormal, variables
from quality.spc.autocorrelation import autocorrelation
from quality.spc.capability import Capability, Interval, Spec, capability, present, sample_sd, within_df
from quality.spc.cases import Case, Number, chosen_values
from quality.spc.charted import Analysed
from quality.spc.constants import c4, d2, d3
from quality.spc.errors import BAD_PARAMETER, NOT_A_NUMBER, TOO_FEW_VALUES, TOO_LARGE, WRONG_SHAPE, Undefined
from quality.spc.gauge_rr import Components, gauge_rr
from quality.spc.normality import Normality, normality
from quality.spc.panels import Chart, Study
from quality.spc.run_length_tables import SHIFTS, charts_table, rules_table
from quality.spc.stability import stability
from quality.spc.tables import parse

MOST_SIZES = 50  # each is an integral or an equation of its own

# (what is printed, the field of Indices) for the sigma within and for the total one, in the order of print.
_WITHIN = (
    ("cpu", "upper"),
    ("cpl", "lower"),
    ("cpk", "actual"),
    ("cpk_ci", "actual_ci"),
    ("cp", "potential"),
    ("cp_ci", "potential_ci"),
    ("cp_ci_df_within", "potential_ci_df_within"),
    ("cpm", "on_target"),
    ("cpm_ci_qcc_df", "on_target_ci_qcc_df"),
    ("cpm_ci_boyles_df", "on_target_ci_boyles_df"),
    ("cpk_ci_df_within", "actual_ci_df_within"),
    ("expected_ppm_below_within", "ppm_below"),
    ("expected_ppm_above_within", "ppm_above"),
)
_OVERALL = (
    ("ppu", "upper"),
    ("ppl", "lower"),
    ("ppk", "actual"),
    ("ppk_ci", "actual_ci"),
    ("pp", "potential"),
    ("pp_ci", "potential_ci"),
    ("ppm", "on_target"),
    ("ppm_ci_qcc_df", "on_target_ci_qcc_df"),
    ("ppm_ci_boyles_df", "on_target_ci_boyles_df"),
    ("expected_ppm_below_overall", "ppm_below"),
    ("expected_ppm_above_overall", "ppm_above"),
)
_TWO_SIDED = {"potential", "potential_ci", "potential_ci_df_within", "on_target", "on_target_ci_qcc_df"} | {
    "on_target_ci_boyles_df"
}


def capabilities(case: Case) -> Analysed:
    """Capability of normal data, its sigma within from subgroups or moving ranges."""
    spec, confidence = spec_of(case), _confidence(case)
    study, values, sizes, method, chart = _study(case)
    center, sigma = case.number("center", "mean"), case.number("sigma", "sigma_within")
    if sigma is not None:
        if sigma < 0:
            raise Refusal(BAD_PARAMETER, f"sigma has to be 0 or more, not {sigma:g}.")
        study = Study(study.center, sigma, study.n_values, study.method)
    found = capability(
        values,
        study.sigma,
        spec,
        df_within=case.number("df_within", default=within_df(method, sizes), above=0),
        confidence=confidence,
        k_sigma=case.given("k_sigma", 6.0, above=0),
        mean=center,
    )
    printed = printed_capability(found)
    judged = stability(chart)
    details = {
        "study": study,
        "capability": found,
        "stability": {
            "verdict": judged.verdict,
            "points": judged.n_points,
            "signals": [{"chart": name, "rule": rule, "end": ends} for (name, rule), ends in judged.signals.items()],
            **({"undefined": judged.reason.as_dict()} if judged.reason else {}),
        },
        "normality": printed_normality(normality(values)),
        "autocorrelation": _printed_autocorrelation(values) if not case.grouped else None,
    }
    return Analysed(printed, chart, _undefined_indices(found), details)


def printed_capability(found: Capability) -> dict[str, Any]:
    """All figures by their names; those of both limits only where there are both."""
    printed: dict[str, Any] = {
        "n": found.n,
        "mean": found.mean,
        "sigma_within": found.within.sigma,
        "sigma_overall": found.overall.sigma,
    }
    for names, indices in ((_WITHIN, found.within), (_OVERALL, found.overall)):
        for name, attribute in names:
            if found.spec.two_sided or attribute not in _TWO_SIDED:
                printed[name] = _shown(getattr(indices, attribute))
    printed["observed_ppm_below"] = found.observed_ppm_below
    printed["observed_ppm_above"] = found.observed_ppm_above
    return printed


def nonnormal_capability(case: Case) -> Analysed:
    """Capability of skewed data: two distributions, Box-Cox, and the normal figure beside them."""
    spec = spec_of(case)
    values = present([value for group in case.groups() for value in group])
    weibull, lognormal = nonnormal.weibull(values, spec), nonnormal.lognormal(values, spec)
    transformed = nonnormal.box_cox(values, spec)
    naive = capability(values, sample_sd(values), spec).overall
    printed: dict[str, Any] = {}
    undefined: dict[str, Undefined] = {}
    for fit, names in ((weibull, ("shape", "scale")), (lognormal, ("mu", "sigma_ml"))):
        parameters = dict(zip(names, fit.parameters or (None, None), strict=True))
        one: dict[str, Any] = {**parameters, "loglik": fit.loglik}
        one["percentiles_0135_50_99865"] = None if fit.percentiles is None else list(fit.percentiles)
        if spec.two_sided:
            one["iso_pp"] = fit.pp
        if fit is weibull or spec.two_sided:
            one |= {"iso_ppu": fit.upper} if spec.usl is not None else {}
            one |= {"iso_ppl": fit.lower} if spec.lsl is not None else {}
        one["iso_ppk"] = fit.ppk
        one |= {"ppm_below": fit.ppm_below} if spec.lsl is not None else {}
        one |= {"ppm_above": fit.ppm_above} if spec.usl is not None else {}
        printed[fit.name] = one
        if fit.undefined:
            undefined[fit.name] = fit.undefined
    printed["box_cox"] = {"lambda_mle": transformed.power, "ppk_sample_sd": transformed.ppk}
    if transformed.undefined:
        undefined["box_cox"] = transformed.undefined
    printed["naive_normal_ppk"] = naive.actual
    if naive.undefined:
        undefined["naive_normal_ppk"] = naive.undefined
    tests = normality(values)
    printed["normality"] = printed_normality(tests)
    undefined |= {f"normality.{name}": why for name, why in tests.undefined.items()}
    return Analysed(printed, None, undefined)


def normality_tests(case: Case) -> Analysed:
    """Anderson-Darling, Shapiro-Wilk, skewness and kurtosis of all values."""
    tests = normality([value for group in case.groups() for value in group])
    return Analysed(printed_normality(tests), None, dict(tests.undefined))


def printed_normality(tests: Normality) -> dict[str, Any]:
    """As cases have it."""
    return {
        "anderson_darling": {"A2": tests.a2, "A2_adjusted": tests.a2_adjusted, "p": tests.a2_p},
        "shapiro_wilk": {"W": tests.w, "p": tests.w_p},
        "skewness_g1": tests.skewness,
        "excess_kurtosis_g2": tests.excess_kurtosis,
    }


def gauge_study(case: Case) -> Analysed:
    """Crossed gauge R&R; `columns` says in which order part, operator and value stand in a row."""
    columns = case.params.get("columns") or ["part", "operator", "value"]
    if not isinstance(columns, Sequence) or sorted(map(str, columns)) != ["operator", "part", "value"]:
        raise Refusal(BAD_PARAMETER, "columns has to order part, operator and value.")
    at = {name: list(columns).index(name) for name in columns}
    rows: list[tuple[str, str, Number]] = []
    if not isinstance(case.data, Sequence) or isinstance(case.data, str):
        raise Refusal(WRONG_SHAPE, "data has to be a list of rows.")
    for place, row in enumerate(case.data):
        if not isinstance(row, Sequence) or isinstance(row, str) or len(row) < 3:
            case.tell(place, WRONG_SHAPE, "A row has a part, an operator and a value.")
            continue
        value, wrong = parse(row[at["value"]], str(case.params.get("unit") or ""))
        if wrong:
            case.tell(place, wrong.code, wrong.detail)
        rows.append((str(row[at["part"]]), str(row[at["operator"]]), value))
    spec = Spec(case.number("lsl"), case.number("usl"))
    tolerance = case.number("tolerance", above=0)
    if tolerance is None and spec.lsl is not None and spec.usl is not None and not spec.wrong:
        tolerance = spec.usl - spec.lsl
    multiplier = case.given("study_multiplier", 6.0, above=0)
    study = gauge_rr(rows, multiplier=multiplier, tolerance=tolerance)
    undefined: dict[str, Undefined] = {}
    if study.undefined:
        undefined["anova"] = study.undefined
    printed: dict[str, Any] = {"anova": None}
    if study.anova:
        printed["anova"] = {
            "df": list(study.anova.df),
            "ss": list(study.anova.ss),
            "ms": list(study.anova.ms),
            "order": ["part", "operator", "interaction", "repeatability"],
            "F_interaction": study.anova.f,
            "p_interaction": study.anova.p,
        }
    both = (("with_interaction", study.with_interaction), ("without_interaction_pooled", study.without_interaction))
    for name, components in both:
        printed[name] = None if components is None else _printed_components(components, multiplier)
        if components is not None and components.undefined:
            undefined[f"{name}.ndc"] = components.undefined
        if components is None and not study.undefined:
            undefined[name] = Undefined(TOO_FEW_VALUES, "Nothing was repeated, or there is one operator only.")
    chosen = study.chosen
    details = {"gauge_study": study, "verdict": chosen.verdict if chosen else None}
    return Analysed(printed, None, undefined, details)


def constants(case: Case) -> Analysed:
    """Factors of control charts for each n of the data (2 to 25 where none are given)."""
    sizes = list(range(2, 26)) if case.data is None else case.values()
    if len(sizes) > MOST_SIZES:
        raise Refusal(TOO_LARGE, f"At most {MOST_SIZES} subgroup sizes.")
    printed: dict[str, Any] = {}
    for place, n in enumerate(sizes):
        if n is None or n != int(n) or not 2 <= n <= 1000:
            case.tell(place, NOT_A_NUMBER, "A subgroup size is a whole number from 2 to 1000.")
            continue
        printed[str(int(n))] = _factors(int(n))
    return Analysed(printed)


def run_lengths(case: Case) -> Analysed:
    """Average run lengths of the usual designs over shifts, and of sets of run rules."""
    asked = case.params.get("shifts_in_sigma_of_plotted_point_except_shewhart_n", case.params.get("shifts"))
    shifts = SHIFTS if asked is None else [parse(shift)[0] for shift in asked] if isinstance(asked, Sequence) else None
    if shifts is None or not all(shift is not None and abs(shift) <= 10 for shift in shifts):
        raise Refusal(BAD_PARAMETER, "The shifts have to be a list of numbers from -10 to 10.")
    if len(shifts) > MOST_SIZES:
        raise Refusal(TOO_LARGE, f"At most {MOST_SIZES} shifts.")
    known = [shift for shift in shifts if shift is not None]
    return Analysed({**charts_table(known), "run_rules_monte_carlo": rules_table()})


def _factors(n: int) -> dict[str, float]:
    of_range, of_sd = 3 * d3(n) / d2(n), 3 * math.sqrt(1 - c4(n) ** 2) / c4(n)
    return {
        "d2": d2(n),
        "d3": d3(n),
        "c4": c4(n),
        "A2": 3 / (d2(n) * math.sqrt(n)),
        "A3": 3 / (c4(n) * math.sqrt(n)),
        "D3": max(0.0, 1 - of_range),
        "D4": 1 + of_range,
        "B3": max(0.0, 1 - of_sd),
        "B4": 1 + of_sd,
    }


def spec_of(case: Case) -> Spec:
    """Limits and target as given; None for those that are not."""
    return Spec(case.number("lsl"), case.number("usl"), case.number("target"))


def _confidence(case: Case) -> float:
    confidence = case.given("confidence", 0.95, above=0)
    confidence = confidence / 100 if 1 < confidence < 100 else confidence
    if not confidence < 1:
        raise Refusal(BAD_PARAMETER, f"confidence has to lie between 0 and 1, not at {confidence:g}.")
    return confidence


def _study(case: Case) -> tuple[Study, list[Number], list[int], str, Chart]:
    """Sigma within, the values, the subgroup sizes, the method, and the chart that judges stability."""
    moving = str(case.params.get("sigma_method") or "").upper().startswith("MR")
    if case.grouped and not moving:
        groups = case.groups()
        method = case.method(individuals=False, default="UWAVE-R")
        chosen = case.phase1(len(groups))
        study = variables.study_subgroups(groups, method=method.name, chosen=chosen)
        draw = variables.xbar_s if method.name.endswith("SD") else variables.xbar_r
        kept = groups if chosen is None else [groups[place] for place in chosen.tolist()]
        sizes = [sum(1 for value in group if value is not None) for group in kept]
        return study, chosen_values(groups, chosen), sizes, method.name, draw(kept, study.limits)
    # Moving ranges are asked for: subgroups follow one another as single values.
    values = chosen_values(case.groups(), None) if case.grouped else case.values()
    method = case.method(individuals=True, default="MR2-mean")
    chosen = case.phase1(len(values))
    study = variables.study_individuals(values, method=method.name, span=method.span, chosen=chosen)
    if chosen is not None:
        values = [values[place] for place in chosen.tolist()]
    sizes = [1 for value in values if value is not None]
    return study, values, sizes, method.name, variables.i_mr(values, study.limits, span=method.span)


def _undefined_indices(found: Capability) -> dict[str, Undefined]:
    undefined: dict[str, Undefined] = {}
    for names, indices in ((_WITHIN, found.within), (_OVERALL, found.overall)):
        if indices.undefined:
            undefined |= {
                name: indices.undefined
                for name, attribute in names
                if attribute in {"actual"} | ({"potential", "on_target"} if found.spec.two_sided else set())
            }
    return undefined


def _shown(value: float | Interval | None) -> Any:
    return list(value) if isinstance(value, tuple) else value


def autocorrelations(case: Case) -> Analysed:
    """Autocorrelation of single values in the order of time, and the warning it deserves."""
    values = case.values()
    found = autocorrelation([np.nan if value is None else value for value in values])
    printed = {
        "n": found.n,
        "lag1": found.lags[0] if found.lags else None,
        "lags": list(found.lags),
        "bound": found.bound,
        "ljung_box": {"q": found.q, "p": found.p},
        "warning": found.warns,
    }
    return Analysed(printed, None, {"lag1": found.undefined} if found.undefined else {})


def _printed_autocorrelation(values: list[Number]) -> dict[str, Any]:
    found = autocorrelation([np.nan if value is None else value for value in values])
    return {
        "lag1": found.lags[0] if found.lags else None,
        "ljung_box_p": found.p,
        "warning": found.warns,
        **({"undefined": found.undefined.as_dict()} if found.undefined else {}),
    }


def _printed_components(found: Components, multiplier: float) -> dict[str, Any]:
    printed: dict[str, Any] = {
        "variance": dict(found.variance),
        "pct_contribution": dict(found.contribution),
        f"study_var_{multiplier:g}sd": dict(found.study),
        "pct_study_var": dict(found.study_share),
        "ndc": found.ndc,
        "ndc_141": found.ndc_141,
    }
    if found.tolerance_share is not None:
        printed["pct_tolerance"] = dict(found.tolerance_share)
    return printed


def as_mapping(params: Any) -> Mapping[str, Any]:
    """The params of a case; none for null. Raises Refusal for anything but an object."""
    if params is None:
        return {}
    if not isinstance(params, Mapping):
        raise Refusal(BAD_PARAMETER, "params has to be an object.")
    return params
