"""Shewhart charts for variables: I-MR and Xbar-R, phase I and frozen limits, n varying, gaps kept as gaps.

Conventions: the centre is the mean of all values that are not missing; sigma of individuals is mean(MR) / d2(2)
with span 2 (MR-MEAN), of subgroups mean(R_i / d2(n_i)) (UWAVE-R); limits stand 3 standard errors off the centre,
those of a range chart are clipped at 0. Limits come from mean and sigma only, never typed in bare.
Values and limits are in the unit of the characteristic; positions are 0-based; NaN or None is a missing value.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from quality.spc.constants import d2, d3
from quality.spc.panels import WIDTH, Chart, Floats, FrozenLimits, Lines, Panel, Places, Study, Subgroups, Values

MR_MEAN = "MR-MEAN"
UWAVE_R = "UWAVE-R"


def mean_lines(limits: FrozenLimits, n: int) -> Lines:
    """Of the mean of n values; n = 1 is an individual."""
    error = limits.sigma / math.sqrt(n)
    return Lines(limits.center, limits.center - WIDTH * error, limits.center + WIDTH * error, error)


def range_lines(limits: FrozenLimits, n: int) -> Lines:
    """Of the range of n values; n = 2 is a moving range."""
    center, error = d2(n) * limits.sigma, d3(n) * limits.sigma
    return Lines(center, max(0.0, center - WIDTH * error), center + WIDTH * error, error)


def subgroup_mean(values: Sequence[float]) -> float:
    """Mean of n >= 1 values. Equal values give exactly that value, however large their offset."""
    first = values[0]
    return first + math.fsum(value - first for value in values) / len(values)


def study_individuals(values: Values, *, method: str = MR_MEAN, span: int = 2, chosen: Places | None = None) -> Study:
    """Phase I of an I-MR chart; `values` has shape (m,). No moving range spans a gap."""
    x = _floats(values)
    present = x[np.isfinite(x)]
    ranges = np.abs(np.diff(x))
    ranges = ranges[np.isfinite(ranges)]
    sigma = float(ranges.mean()) / d2(2) if ranges.size else None
    reason = "" if ranges.size else "No two consecutive values: there is no moving range to tell sigma from."
    return Study(_mean(present), sigma, present.size, MR_MEAN, reason)


def study_subgroups(subgroups: Subgroups, *, method: str = UWAVE_R, chosen: Places | None = None) -> Study:
    """Phase I of an Xbar-R chart; `subgroups` has shape (m, n) or is a list of lists of any lengths."""
    x, n = _table(subgroups)
    present = x[np.isfinite(x)]
    scaled = _ranges(x, n)[n >= 2] / _by_size(n[n >= 2], d2)
    sigma = float(scaled.mean()) if scaled.size else None
    reason = "" if scaled.size else "No subgroup has two values: there is no range to tell sigma from."
    return Study(_mean(present), sigma, present.size, UWAVE_R, reason)


def xbar_s(subgroups: Subgroups, limits: FrozenLimits | None, *, k: float = WIDTH) -> Chart:
    """Means and standard deviations of subgroups on given limits; n = 1 has no sd, n = 0 no point."""
    raise NotImplementedError


def i_mr(values: Values, limits: FrozenLimits | None, *, k: float = WIDTH, span: int = 2) -> Chart:
    """Individuals and their moving ranges (span 2) on given limits; the first point and a gap have no range."""
    x = _floats(values)
    x = np.where(np.isfinite(x), x, np.nan)
    ranges = np.concatenate([[np.nan], np.abs(np.diff(x))])[: x.size]
    ones, twos = np.ones(x.size, np.int64), np.full(x.size, 2, np.int64)
    return Chart("I-MR", (_panel("I", x, ones, limits, mean_lines), _panel("MR", ranges, twos, limits, range_lines)))


def xbar_r(subgroups: Subgroups, limits: FrozenLimits | None, *, k: float = WIDTH) -> Chart:
    """Means and ranges of subgroups on given limits; n = 1 has no range, n = 0 no point. Limits follow each n."""
    x, n = _table(subgroups)
    first = np.full(n.size, np.nan)
    first[n > 0] = x[n > 0, np.isfinite(x[n > 0]).argmax(axis=1)]
    # Differences from a member first: the mean of equal values is that value, also at a large offset.
    offsets = np.where(np.isfinite(x), x - first[:, None], 0.0).sum(axis=1)
    means = first + offsets / np.maximum(n, 1)
    spread = _panel("R", _ranges(x, n), n, limits, range_lines)
    return Chart("XBAR-R", (_panel("XBAR", means, n, limits, mean_lines), spread))


def _floats(values: Values) -> Floats:
    return np.array(values, dtype=np.float64)  # None becomes NaN


def _table(subgroups: Subgroups) -> tuple[Floats, NDArray[np.int64]]:
    """Subgroups as rows filled up with NaN, and how many values each has."""
    if isinstance(subgroups, np.ndarray):
        x = subgroups.astype(np.float64, copy=False)
    else:
        # One column at least, so that no values at all is a chart without points, not an error.
        x = np.full((len(subgroups), max([1, *(len(group) for group in subgroups)])), np.nan)
        for row, group in enumerate(subgroups):
            x[row, : len(group)] = _floats(group)
    return x, np.isfinite(x).sum(axis=1)


def _mean(present: Floats) -> float | None:
    if not present.size:
        return None
    first = float(present[0])
    return first + float((present - first).mean())


def _ranges(x: Floats, n: NDArray[np.int64]) -> Floats:
    known = np.isfinite(x)
    highest = np.where(known, x, -np.inf).max(axis=1, initial=-np.inf)
    lowest = np.where(known, x, np.inf).min(axis=1, initial=np.inf)
    ranges = np.full(n.size, np.nan)
    enough = n >= 2
    ranges[enough] = highest[enough] - lowest[enough]
    return ranges


def _by_size(n: NDArray[np.int64], constant: Callable[[int], float]) -> Floats:
    """constant(n_i) for each n_i, computed once for each size that occurs."""
    counts = np.bincount(n)
    return np.array([constant(size) if count else np.nan for size, count in enumerate(counts)])[n]


def _panel(
    name: str,
    points: Floats,
    n: NDArray[np.int64],
    limits: FrozenLimits | None,
    lines_of: Callable[[FrozenLimits, int], Lines],
) -> Panel:
    places = np.where(np.isfinite(points), n, 0)
    sizes = np.bincount(places)
    table = np.full((max(sizes.size, 1), 4), np.nan)
    if limits is not None:
        for size in np.flatnonzero(sizes):
            if size:
                table[size] = lines_of(limits, int(size))
    center, lcl, ucl, error = (column[places] for column in table.T)
    return Panel(name, points, center, lcl, ucl, error)
