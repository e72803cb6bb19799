"""g and t charts: units, and time, between rare events. Pure.

g: counts from 0 of a geometric distribution, mean +- k sqrt(mean (mean + 1)), lower limit clipped at 0 (Benneyan 2001).
t: times are exponential; y = t^(1/3.6) is nearly normal (Nelson 1994), charted as individuals with sigma from moving
ranges, and its lines are shown on the scale of t again. Rules are judged on y.
"""

import math
from collections.abc import Mapping

import numpy as np

from quality.spc.attributes import OF_THE_DISTRIBUTION
from quality.spc.panels import WIDTH, Chart, Chosen, Fact, Floats, FrozenLimits, Lines, Panel, Study, Values
from quality.spc.variables import i_mr, study_individuals

POWER = 3.6


def g_lines(mean: float, *, k: float = WIDTH) -> Lines:
    """Of the units between two events; the mean is of counts from 0."""
    error = math.sqrt(max(0.0, mean * (mean + 1)))
    return Lines(mean, max(0.0, mean - k * error), mean + k * error, error)


def study_g(counts: Values, *, chosen: Chosen = None) -> Study:
    """Phase I of a g chart: the mean count of the chosen places; shape (m,)."""
    x = _from_zero(counts)
    x = x if chosen is None else x[chosen]
    x = x[np.isfinite(x)]
    if not x.size:
        return Study(None, None, 0, OF_THE_DISTRIBUTION, "There is no count to tell the centre from.")
    mean = float(x.mean())
    return Study(mean, math.sqrt(mean * (mean + 1)), x.size, OF_THE_DISTRIBUTION)


def g(counts: Values, limits: FrozenLimits | None, *, k: float = WIDTH) -> Chart:
    """Units between events on given limits (the centre is the mean count); a negative count is a gap."""
    x = _from_zero(counts)
    if limits is None:
        unknown = np.full(x.size, np.nan)
        return Chart("G", (Panel("G", x, unknown, unknown, unknown, unknown),))
    lines = g_lines(limits.center, k=k)
    here = np.isfinite(x)
    center, lcl, ucl, error = (np.where(here, value, np.nan) for value in lines)
    # Counted from 0, an event follows a unit with p = 1 / (1 + mean).
    return Chart("G", (Panel("G", x, center, lcl, ucl, error),), {"p_hat": 1 / (1 + limits.center)})


def t_value(time: float) -> float:
    """The transformed time y = t^(1/3.6); NaN for a negative time."""
    return time ** (1 / POWER) if time >= 0 else math.nan


def t_time(y: float) -> float:
    """Back from y to the time; what lies below 0 is 0."""
    return float(max(0.0, y) ** POWER)


def study_t(times: Values, *, chosen: Chosen = None) -> Study:
    """Phase I of a t chart: mean and sigma (moving ranges) of the transformed times; shape (m,)."""
    return study_individuals(_transformed(times), chosen=chosen)


def t(times: Values, limits: FrozenLimits | None, *, k: float = WIDTH) -> Chart:
    """Times between events; `limits` of the transformed times, and so is the panel. A negative time is a gap.

    Facts: centre and limits of y, and the same on the scale of the times.
    """
    panel = i_mr(_transformed(times), limits, k=k).location
    panel = Panel("T", panel.points, panel.center, panel.lcl, panel.ucl, panel.error)
    facts: Mapping[str, Fact] = {}
    if limits is not None:
        low, high = limits.center - k * limits.sigma, limits.center + k * limits.sigma
        facts = {
            "y_center": limits.center, "y_lcl": low, "y_ucl": high,
            "center": t_time(limits.center), "lcl": t_time(low), "ucl": t_time(high),
        }  # fmt: skip
    return Chart("T", (panel,), facts)


def in_times(panel: Panel) -> Panel:
    """The panel of a t chart on the scale of its times, for a drawing: no zones, so no rules."""
    points, center, lcl, ucl = (
        np.maximum(line, 0.0) ** POWER for line in (panel.points, panel.center, panel.lcl, panel.ucl)
    )
    return Panel(panel.name, points, center, lcl, ucl, np.full(points.size, np.nan))


def _from_zero(values: Values) -> Floats:
    x = np.atleast_1d(np.array(values, dtype=np.float64))
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(x) & (x >= 0), x, np.nan)


def _transformed(times: Values) -> Floats:
    return np.asarray(_from_zero(times) ** (1 / POWER), np.float64)
