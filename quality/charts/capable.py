"""How capable a watched process is, by the units behind its newest points: the verdict on its stability comes first.

Sigma within is that of the limits in force: the study's, not one that the shown points could flatter. A process that is
not in control has no capability; what it did so far (total sigma) is shown as performance and called so.
"""

import math
from dataclasses import dataclass

import numpy as np

from quality.charts import errors
from quality.charts.drawn import current_limits
from quality.charts.models import ChartPoint
from quality.charts.plotted import SpecLimits
from quality.charts.queries import measurements_of, specification
from quality.charts.subgroups import THREE_WAY
from quality.errors import VALUES_NOT_PLOTTED
from quality.plans.models import ControlLimits, ControlPlan, Source, StreamBy
from quality.spc.autocorrelation import Autocorrelation, autocorrelation
from quality.spc.capability import Capability, Spec, capability, within_df
from quality.spc.errors import NOT_STABLE, TOO_FEW_VALUES, Undefined
from quality.spc.normality import Normality, normality
from quality.spc.panels import Floats
from quality.spc.stability import IN_CONTROL, LEAST_POINTS, NOT_KNOWN, OUT_OF_CONTROL, Stability

MEASURED = frozenset({"I-MR", "XBAR-R", "XBAR-S", "I-MR-R", "I-MR-S", "EWMA", "CUSUM"})
LARGEST = 1e150  # squares of values and their sums are numbers up to here
LEAST_VALUES = 30  # below it an interval is wider than what it is to tell


@dataclass(frozen=True)
class Capable:
    """`refused` says why there is no capability; then `figures.within` must not be shown."""

    values: Floats
    points: int
    spec: SpecLimits | None
    limits: ControlLimits | None
    sigma: float | None
    stability: Stability
    figures: Capability
    normal: Normality
    dependence: Autocorrelation
    refused: Undefined | None


def capable(plan: ControlPlan, stream: str = "", last_n: int = 200) -> Capable | None:
    """By the last `last_n` points that are not excluded; None for a chart of counts, shares or events."""
    if plan.chart not in MEASURED:
        return None
    newest = plan.points.filter(stream=stream, is_excluded=False).order_by("-source_time", "-number")[:last_n]
    points = list(newest)[::-1]
    measured = _values(plan, stream, points)
    values = measured[np.abs(measured) < LARGEST]
    limits = current_limits(plan, stream)
    spec = specification(plan)
    verdict = _stability(plan, points)
    sigma, df = sigma_of_one(plan, limits) if limits else (None, None)
    given = Spec(spec.lsl, spec.usl, spec.target) if spec else Spec()
    figures = capability(values, sigma, given, df_within=df)
    too_large = Undefined(VALUES_NOT_PLOTTED) if values.size < measured.size else None
    refused = singles_gone(plan) or too_large or figures.undefined or verdict.reason
    if refused is None and values.size < LEAST_VALUES:
        refused = Undefined(TOO_FEW_VALUES, f"{values.size} values; capability is told from {LEAST_VALUES} on.")
    return Capable(
        values, len(points), spec, limits, sigma, verdict, figures, normality(values), autocorrelation(values), refused
    )


def singles_gone(plan: ControlPlan) -> Undefined | None:
    """Why the single values behind the points are not known; None: they are."""
    is_summed_up = plan.source != Source.RECORD and plan.subgroup_size > 1
    return Undefined(errors.SINGLE_VALUES_GONE) if is_summed_up else None


def sigma_of_one(plan: ControlPlan, limits: ControlLimits) -> tuple[float, float | None]:
    """What one value varies by, with its degrees of freedom: between and within batches, where the chart tells them."""
    of_means = limits.parameters.get("sigma_mean")
    if plan.chart in THREE_WAY and isinstance(of_means, int | float):
        within = limits.sigma_within**2
        return math.sqrt(max(of_means**2 - within / max(plan.subgroup_size, 1), 0.0) + within), None
    return limits.sigma_within, _df(plan, limits)


def _values(plan: ControlPlan, stream: str, points: list[ChartPoint]) -> Floats:
    """The single values behind the points, in order of time."""
    if singles_gone(plan):
        return np.array([], dtype=np.float64)
    if plan.subgroup_size == 1:
        return np.array([point.location for point in points], dtype=np.float64)
    records = list(dict.fromkeys(record for point in points for record in point.records))
    found = measurements_of(records, plan.characteristic.code)
    if plan.stream_by == StreamBy.POSITION and stream:
        found = found.filter(position=stream)
    return np.array(list(found.order_by("source_time", "sequence").values_list("value", flat=True)), dtype=np.float64)


def _stability(plan: ControlPlan, points: list[ChartPoint]) -> Stability:
    """What the chart itself found on these points, by the plan's own rules; superseded signals do not count."""
    found: dict[tuple[str, int], list[int]] = {}
    rows = plan.signals.filter(point__in=[point.pk for point in points], superseded_at=None)
    for panel, rule, number in rows.order_by("point__number").values_list("chart", "rule", "point__number"):
        found.setdefault((panel, rule), []).append(number)
    if found:
        what = ", ".join(
            f"rule {rule} on {panel} at {len(ends)} point{'s' if len(ends) > 1 else ''}"
            for (panel, rule), ends in sorted(found.items())
        )
        why = Undefined(NOT_STABLE, f"Signals: {what}.")
        return Stability(OUT_OF_CONTROL, len(points), found, why)
    if len(points) < LEAST_POINTS:
        few = Undefined(TOO_FEW_VALUES, f"{len(points)} points; a verdict needs at least {LEAST_POINTS}.")
        return Stability(NOT_KNOWN, len(points), found, few)
    return Stability(IN_CONTROL, len(points), found)


def _df(plan: ControlPlan, limits: ControlLimits) -> float | None:
    """Degrees of freedom of the frozen sigma, from the size of its study."""
    size = plan.subgroup_size
    sizes = [size] * (limits.n_values // size) if size > 1 else [1] * limits.n_values
    return within_df(limits.sigma_method, sizes)
