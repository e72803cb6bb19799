"""Analyses that end in a control chart, from a case to what is printed. One function for each chart; see `analysis`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from lines.errors import Refusal
from quality.spc import attributes, rare, smoothing, three_way, variables
from quality.spc.capability import present, sample_sd
from quality.spc.cases import Case, Method, Number, chosen_values, limits_of
from quality.spc.errors import BAD_COUNT, BAD_PARAMETER, NO_SIGMA, TOO_FEW_VALUES, ZERO_SIGMA, Undefined
from quality.spc.panels import Chart, Study
from quality.spc.printed import Rules, line, lines, listed, places
from quality.spc.rules import find
from quality.spc.short_run import deviations, deviations_of_individuals, nominals

OTHER_G_CHARTS = (
    "qcc type='g' instead parametrises with counts from 1: p=1/mean, sd=sqrt(1-p)/p; "
    "Minitab uses exact geometric percentiles"
)


@dataclass
class Analysed:
    """What one analysis found: as printed, as a chart to draw (None where it has none), and what is undefined."""

    printed: dict[str, Any]
    chart: Chart | None = None
    undefined: dict[str, Undefined] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)


def individuals(case: Case, nominal: Sequence[Number] | None = None) -> Analysed:
    """I-MR; of deviations from nominal where those are given."""
    values = case.values()
    if nominal is not None:
        values = deviations_of_individuals(values, nominal)
    method = case.method(individuals=True, default="MR2-mean")
    chosen = case.phase1(len(values))
    study = variables.study_individuals(values, method=method.name, span=method.span, chosen=chosen)
    study, method = _frozen(case, study, method)
    chart = variables.i_mr(values, study.limits, k=case.k, span=method.span)
    kept = present(values if chosen is None else [values[place] for place in chosen.tolist()])
    printed = _sigmas(study, method, sample_sd(kept))
    spread = lines(chart.spread, varies=False)
    # Without sigma there are no lines, but the centre is known all the same.
    location = lines(chart.location, varies=False, points=False) | {"center": study.center}
    printed["charts"] = {"I": location, "MR": spread}
    rules = Rules(case.params)
    printed["signals"] = {"I": rules.on(chart.location), "MR": rules.on(chart.spread)}
    return Analysed(printed, chart, _no_sigma(study), {"values": values, "study": study})


def means(case: Case, kind: str, nominal: Sequence[Number] | None = None) -> Analysed:
    """Xbar-R or Xbar-S (`kind` is the name of the spread panel); of deviations from nominal where those are given."""
    groups = case.groups()
    if nominal is not None:
        groups = deviations(groups, nominal)
    method = case.method(individuals=False, default="UWAVE-R" if kind == "R" else "UWAVE-SD")
    chosen = case.phase1(len(groups))
    study = variables.study_subgroups(groups, method=method.name, chosen=chosen)
    study, method = _frozen(case, study, method)
    chart = (variables.xbar_r if kind == "R" else variables.xbar_s)(groups, study.limits, k=case.k)
    varies = _varies(groups)
    printed = _sigmas(study, method, sample_sd(present(chosen_values(groups, chosen))))
    location = lines(chart.location, varies=varies) | {"center": study.center}
    printed["charts"] = {"xbar": location, kind: lines(chart.spread, varies=varies)}
    rules = Rules(case.params)
    printed["signals"] = {"xbar": rules.on(chart.location), kind: rules.on(chart.spread)}
    return Analysed(printed, chart, _no_sigma(study), {"groups": groups, "study": study})


def short_run(case: Case, kind: str) -> Analysed:
    """Deviations from nominal of several part numbers: I (kind ""), Xbar-R or Xbar-S."""
    m = len(case.groups()) if kind else len(case.values())
    case.problems.clear()  # told again below
    return means(case, kind, _nominal(case, m)) if kind else individuals(case, _nominal(case, m))


def three_ways(case: Case, kind: str) -> Analysed:
    """Between and within batches: I and MR of the means, R or S inside (`kind`)."""
    groups = case.groups()
    method = case.method(individuals=False, default="UWAVE-R" if kind == "R" else "UWAVE-SD")
    span = case.given("mr_span", 2, above=1)
    if span != int(span) or not 2 <= span <= 100:
        raise Refusal(BAD_PARAMETER, "mr_span has to be a whole number from 2 to 100.")
    chosen = case.phase1(len(groups))
    study = three_way.study_three_way(groups, method=method.name, span=int(span), chosen=chosen)
    center, sigma = case.frozen()
    study = replace(
        study,
        center=study.center if center is None else center,
        sigma_within=study.sigma_within if sigma is None else sigma,
        sigma_mean=case.number("sigma_mean", default=study.sigma_mean, above=-1e-300),
    )
    draw = three_way.i_mr_r if kind == "R" else three_way.i_mr_s
    chart = draw(groups, study.limits, study.sigma_mean, k=case.k, span=int(span))
    between, moving, within = chart.panels
    varies = _varies(groups)
    rules = Rules(case.params)
    plain_chart = (variables.xbar_r if kind == "R" else variables.xbar_s)(groups, study.limits, k=case.k)
    printed = {
        "I_of_means": {
            "I": lines(between, varies=False, points=False) | {"center": study.center},
            "MR": lines(moving, varies=False),
        },
        "signals": {"I": rules.on(between), "MR": rules.on(moving), kind: rules.on(within)},
        kind: lines(within, varies=varies),
        "sigma_within": study.sigma_within,
        "sigma_mean_MR": study.sigma_mean,
        "sigma_between": study.sigma_between,
        "sigma_between_within": study.sigma_between_within,
        "xbar_chart_false_alarms_rule1": len(places(find(plain_chart.location, (1,))[1].end)),
    }
    undefined = {}
    if study.reason:
        missing = [name for name in ("sigma_mean_MR", "sigma_within", "sigma_between") if printed[name] is None]
        undefined = dict.fromkeys(missing, Undefined(NO_SIGMA, study.reason))
    return Analysed(printed, chart, undefined, {"groups": groups})


def counts(case: Case, kind: str) -> Analysed:
    """p, np, c or u (`kind`, small); p and u as Laney's where `laney` is true."""
    values = case.values()
    sizes: list[Number] = case.sizes(len(values))
    laney = bool(case.params.get("laney"))
    if laney and kind not in {"p", "u"}:
        raise Refusal(BAD_PARAMETER, "laney is for p and u charts.")
    areas = [1.0] * len(values) if kind == "c" else sizes
    for place, reason in attributes.impossible(kind.upper(), values, areas).items():
        case.tell(place, BAD_COUNT, reason)
    chosen = case.phase1(len(values))
    shares = kind in {"p", "np"}
    study = (attributes.study_shares if shares else attributes.study_rates)(values, areas, chosen=chosen)
    center, _ = case.frozen(needs_sigma=False)
    if center is not None:
        if center < 0 or (shares and center > 1):
            raise Refusal(BAD_PARAMETER, f"center {center:g} is not a {'share' if shares else 'rate'}.")
        study = Study(center, 0.0, study.n_values, study.method)
    printed: dict[str, Any] = {}
    undefined = {} if study.limits else {"center": Undefined(TOO_FEW_VALUES, study.reason)}
    sigma_z: Number = 1.0
    if laney:
        spread = attributes.study_overdispersion(kind.upper(), values, areas, study.limits, chosen=chosen)
        sigma_z = case.number("sigma_z", default=spread.sigma_z, above=0)
        if sigma_z is None:
            undefined["sigma_z"] = Undefined(NO_SIGMA, spread.reason)
        printed["sigma_z"] = sigma_z
    if kind in {"p", "u"}:
        draw = attributes.p if kind == "p" else attributes.u
        chart = draw(values, areas, study.limits, sigma_z=sigma_z, k=case.k)
    elif kind == "np":
        chart = attributes.np_(values, areas, study.limits, k=case.k)
    else:
        chart = attributes.c(values, study.limits, k=case.k)
    panel = chart.location
    known = [size for size in areas if size is not None]
    varies = bool(known) and any(size != known[0] for size in known)
    rules = Rules(case.params)
    signals = rules.on(panel)
    printed = {
        "charts": {kind: lines(panel, varies=varies, center_varies=varies and kind == "np")},
        "signals": {kind: signals},
        **printed,
    }
    return Analysed(printed, chart, undefined, {"study": study})


def ewma(case: Case) -> Analysed:
    """EWMA of single values, or of subgroups' means."""
    x, n, study, estimated = _smoothed(case)
    kind = str(case.params.get("limits") or "exact").lower()
    exact = not kind.startswith("asym")
    weight = case.given("lambda", smoothing.WEIGHT, above=0)
    width = case.given("L", 3.0, above=0)
    chart = smoothing.ewma(x, study.limits, n=n, weight=weight, width=width, exact=exact)
    panel = chart.location
    varies = exact or len({size for size in n if size}) > 1
    printed = {
        "center": study.center,
        "sigma_within": study.sigma,
        **estimated,
        "ewma": listed(panel.points),
        "lcl": line(panel.lcl, varies=varies),
        "ucl": line(panel.ucl, varies=varies),
        "signals": {"end": places(find(panel, (1,))[1].end)},
    }
    return Analysed(printed, chart, _no_sigma(study), {"study": study})


def cusum(case: Case) -> Analysed:
    """Tabular CUSUM of single values, or of subgroups' means. k, h and head start in sigma, or `units`: "data"."""
    x, n, study, estimated = _smoothed(case)
    k, h = case.given("k", smoothing.SLACK), case.given("h", smoothing.INTERVAL, above=0)
    head = case.given("head_start", h / 2 if case.params.get("fir") else 0.0)
    if str(case.params.get("units") or "sigma").lower().startswith("data") and study.sigma:
        k, h, head = k / study.sigma, h / study.sigma, head / study.sigma
    chart = smoothing.cusum(x, study.limits, n=n, k=k, h=h, head_start=head)
    upper, lower = chart.panels
    printed = {
        "center": study.center,
        "sigma_within": study.sigma,
        **estimated,
        "c_plus": listed(upper.points),
        "c_minus": listed(0.0 - lower.points),
        "signals": {
            "upper": places(find(upper, (1,))[1].end),
            "lower": places(find(lower, (1,))[1].end),
        },
    }
    undefined = _no_sigma(study)
    if study.sigma == 0:
        undefined = dict.fromkeys(("c_plus", "c_minus"), Undefined(ZERO_SIGMA, smoothing.NO_SIGMA))
    return Analysed(printed, chart, undefined, {"study": study})


def g(case: Case) -> Analysed:
    """Units between rare events, counted from 0."""
    values = _from_zero(case)
    study = rare.study_g(values, chosen=case.phase1(len(values)))
    center, _ = case.frozen(needs_sigma=False)
    if center is not None:
        study = Study(center, 0.0, study.n_values, study.method)
    chart = rare.g(values, study.limits, k=case.k)
    panel = chart.location
    found = find(panel, (1,))[1]
    printed = {
        **lines(panel, varies=False, points=False),
        "p_hat": chart.facts.get("p_hat"),
        "signals": {"1": {"end": places(found.end)}},
        "note": OTHER_G_CHARTS,
    }
    undefined = {} if study.limits else {"center": Undefined(TOO_FEW_VALUES, study.reason)}
    return Analysed(printed, chart, undefined, {"study": study})


def t(case: Case) -> Analysed:
    """Time between rare events; rules on the transformed scale, limits on both."""
    values = _from_zero(case)
    study = rare.study_t(values, chosen=case.phase1(len(values)))
    chart = rare.t(values, study.limits, k=case.k)
    names = ("y_center", "y_lcl", "y_ucl", "center", "lcl", "ucl")
    printed = {**{name: chart.facts.get(name) for name in names}, "signals": Rules(case.params).on(chart.location)}
    return Analysed(printed, chart, _no_sigma(study), {"study": study})


def _frozen(case: Case, study: Study, method: Method) -> tuple[Study, Method]:
    """The study with the given centre and sigma in place of its own."""
    center, sigma = case.frozen()
    if center is None and sigma is None:
        return study, method
    shown = method if sigma is None else Method(method.name, method.span, "given")
    center = study.center if center is None else center
    sigma = study.sigma if sigma is None else sigma
    return Study(center, sigma, study.n_values, study.method, "" if sigma is not None else study.reason), shown


def _sigmas(study: Study, method: Method, overall: Number) -> dict[str, Any]:
    return {
        "sigma_within": study.sigma,
        "sigma_within_method": method.shown,
        "sigma_overall": overall,
        "sigma_overall_method": "sample sd, n-1",
    }


def _no_sigma(study: Study) -> dict[str, Undefined]:
    if study.center is None and not study.n_values:
        return {"center": Undefined(TOO_FEW_VALUES, "There is no value.")}
    return {} if study.sigma is not None else {"sigma_within": Undefined(NO_SIGMA, study.reason)}


def _varies(groups: Sequence[Sequence[Number]]) -> bool:
    return len({sum(1 for value in group if value is not None) for group in groups}) > 1


def _nominal(case: Case, m: int) -> list[Number]:
    asked, part = case.params.get("nominal"), case.params.get("part")
    if isinstance(asked, Mapping):
        if not isinstance(part, Sequence) or isinstance(part, str) or len(part) != m:
            raise Refusal(BAD_PARAMETER, f"part has to name the part of each of the {m} places.")
        return nominals([str(each) for each in part], {str(key): float(value) for key, value in asked.items()})
    if isinstance(asked, Sequence) and not isinstance(asked, str):
        if len(asked) != m:
            raise Refusal(BAD_PARAMETER, f"{m} places have {len(asked)} nominals.")
        return [None if value is None else float(value) for value in asked]
    single = case.number("nominal")
    if single is None:
        raise Refusal(BAD_PARAMETER, "nominal has to be given: one number for each place, or one for each part.")
    return [single] * m


def _smoothed(case: Case) -> tuple[list[float], list[float], Study, dict[str, str]]:
    """Points, their n, centre and sigma, and the sigma method's name where it was estimated."""
    center, sigma = case.frozen(aims=True)
    if case.grouped:
        groups = case.groups()
        method = case.method(individuals=False, default="UWAVE-R")
        chosen = case.phase1(len(groups))
        study = variables.study_subgroups(groups, method=method.name, chosen=chosen)
        averages, n = variables.subgroup_means(groups)
        points, sizes = averages.tolist(), n.astype(float).tolist()
    else:
        values = case.values()
        method = case.method(individuals=True, default="MR2-mean")
        chosen = case.phase1(len(values))
        study = variables.study_individuals(values, method=method.name, span=method.span, chosen=chosen)
        points = [np.nan if value is None else value for value in values]
        sizes = [1.0] * len(points)
    estimated = {} if sigma is not None else {"sigma_within_method": method.shown}
    given = limits_of(study.center if center is None else center, study.sigma if sigma is None else sigma)
    if given is not None:
        study = Study(given.center, given.sigma, study.n_values, study.method)
    return points, sizes, study, estimated


def _from_zero(case: Case) -> list[Number]:
    values = case.values()
    for place, value in enumerate(values):
        if value is not None and value < 0:
            case.tell(place, BAD_COUNT, f"{value:g} is negative.")
    return [value if value is None or value >= 0 else None for value in values]
