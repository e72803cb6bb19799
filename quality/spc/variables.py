"""Shewhart charts for variables: I-MR, Xbar-R and Xbar-S, phase I and frozen limits, n varying, gaps kept as gaps.

Conventions: the centre is the mean of all values that are not missing; limits stand k = 3 standard errors off the
centre, those of a spread chart are clipped at 0. Limits come from mean and sigma only, never typed in bare. Sigma of
single values is estimated by one of the methods below, each subgroup with its own n (Burr 1969 for the weights; the
same as in the R package qcc). Values and limits are in the unit of the characteristic; places are 0-based; NaN, None
or an infinite value is missing.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from quality.spc.constants import c4, d2, d3, range_median
from quality.spc.panels import (
    WIDTH,
    Chart,
    Chosen,
    Floats,
    FrozenLimits,
    Lines,
    Panel,
    Study,
    Subgroups,
    Values,
    only,
)

# Individuals: moving ranges over d2, or their median over its expectation.
MR_MEAN = "MR-MEAN"
MR_MEDIAN = "MR-MEDIAN"
# Subgroups: unweighted mean, minimum-variance weights, pooled standard deviation with and without its correction.
UWAVE_R = "UWAVE-R"
UWAVE_SD = "UWAVE-SD"
MVLUE_R = "MVLUE-R"
MVLUE_SD = "MVLUE-SD"
RMSDF = "RMSDF"
POOLED = "POOLED"

INDIVIDUALS_METHODS = (MR_MEAN, MR_MEDIAN)
SUBGROUP_METHODS = (UWAVE_R, UWAVE_SD, MVLUE_R, MVLUE_SD, RMSDF, POOLED)

Sizes: TypeAlias = NDArray[np.int64]
LinesOf: TypeAlias = Callable[[FrozenLimits, int], Lines]

_LARGEST = 1e300  # lines some standard errors off have to be numbers still
_TOO_LARGE = "The values are too large for a mean or a standard deviation to be told."


def mean_lines(limits: FrozenLimits, n: int, k: float = WIDTH) -> Lines:
    """Of the mean of n values; n = 1 is an individual."""
    error = limits.sigma / math.sqrt(n)
    return Lines(limits.center, limits.center - k * error, limits.center + k * error, error)


def range_lines(limits: FrozenLimits, n: int, k: float = WIDTH) -> Lines:
    """Of the range of n values; n = 2 is a moving range."""
    center, error = d2(n) * limits.sigma, d3(n) * limits.sigma
    return Lines(center, max(0.0, center - k * error), center + k * error, error)


def sd_lines(limits: FrozenLimits, n: int, k: float = WIDTH) -> Lines:
    """Of the sample standard deviation of n values."""
    center = c4(n) * limits.sigma
    error = limits.sigma * math.sqrt(1 - c4(n) ** 2)
    return Lines(center, max(0.0, center - k * error), center + k * error, error)


def subgroup_mean(values: Sequence[float]) -> float:
    """Mean of n >= 1 values. Equal values give exactly that value, however large their offset."""
    first = values[0]
    return first + math.fsum(value - first for value in values) / len(values)


def subgroup_sd(values: Sequence[float]) -> float:
    """Sample standard deviation of n >= 2 values; 0 exactly where they are equal."""
    mean = subgroup_mean(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def study_individuals(values: Values, *, method: str = MR_MEAN, span: int = 2, chosen: Chosen = None) -> Study:
    """Phase I of an I-MR chart; `values` has shape (m,). No moving range spans a gap.

    span: how many consecutive values one moving range covers, at least 2. chosen: the places that count, as indices
    or a mask; the others are treated as missing, so no moving range reaches over one that was left out.
    Raises ValueError for a method not in INDIVIDUALS_METHODS.
    """
    if method not in INDIVIDUALS_METHODS:
        raise ValueError(f"Sigma of individuals is estimated by {', '.join(INDIVIDUALS_METHODS)}, not {method}.")
    x = only(_floats(values), chosen)
    present = x[np.isfinite(x)]
    ranges = moving_ranges(x, span)
    ranges = ranges[np.isfinite(ranges)]
    if not ranges.size:
        less = "two" if span == 2 else str(span)
        reason = f"No {less} consecutive values: there is no moving range to tell sigma from."
        return Study(_mean(present), None, present.size, method, reason)
    sigma = float(ranges.mean()) / d2(span) if method == MR_MEAN else float(np.median(ranges)) / range_median(span)
    return _study(_mean(present), sigma, present.size, method)


def study_subgroups(subgroups: Subgroups, *, method: str = UWAVE_R, chosen: Chosen = None) -> Study:
    """Phase I of a chart of subgroups; `subgroups` has shape (m, n) or is a list of lists of any lengths.

    chosen: the subgroups that count, as indices or a mask. Raises ValueError for a method not in SUBGROUP_METHODS.
    """
    if method not in SUBGROUP_METHODS:
        raise ValueError(f"Sigma of subgroups is estimated by {', '.join(SUBGROUP_METHODS)}, not {method}.")
    x, n = _table(subgroups)
    if chosen is not None:
        x, n = x[chosen], n[chosen]
    center = _mean(x[np.isfinite(x)] if (n < x.shape[1]).any() else x.ravel())
    total = int(n.sum())
    enough = n >= 2
    if not enough.any():
        what = "range" if method in (UWAVE_R, MVLUE_R) else "standard deviation"
        reason = f"No subgroup has two values: there is no {what} to tell sigma from."
        return Study(center, None, total, method, reason)
    if not enough.all():
        x, n = x[enough], n[enough]
    with np.errstate(over="ignore", invalid="ignore"):
        sigma = _sigma(x, n, method)
    return _study(center, sigma, total, method)


def i_mr(values: Values, limits: FrozenLimits | None, *, k: float = WIDTH, span: int = 2) -> Chart:
    """Individuals and their moving ranges on given limits; the first points and those after a gap have no range."""
    x = _floats(values)
    known = np.isfinite(x)
    if not known.all():
        x = np.where(known, x, np.nan)
    location = panel("I", x, np.ones(x.size, np.int64), limits, partial(mean_lines, k=k))
    spread = panel("MR", moving_ranges(x, span), np.full(x.size, span), limits, partial(range_lines, k=k))
    return Chart("I-MR", (location, spread), _facts(limits))


def xbar_r(subgroups: Subgroups, limits: FrozenLimits | None, *, k: float = WIDTH) -> Chart:
    """Means and ranges of subgroups on given limits; n = 1 has no range, n = 0 no point. Limits follow each n."""
    x, n = _table(subgroups)
    location = panel("XBAR", _means(x, n), n, limits, partial(mean_lines, k=k))
    spread = panel("R", _ranges(x, n), n, limits, partial(range_lines, k=k))
    return Chart("XBAR-R", (location, spread), _facts(limits))


def xbar_s(subgroups: Subgroups, limits: FrozenLimits | None, *, k: float = WIDTH) -> Chart:
    """Means and standard deviations of subgroups on given limits; n = 1 has no sd, n = 0 no point."""
    x, n = _table(subgroups)
    location = panel("XBAR", _means(x, n), n, limits, partial(mean_lines, k=k))
    spread = panel("S", _sds(x, n), n, limits, partial(sd_lines, k=k))
    return Chart("XBAR-S", (location, spread), _facts(limits))


def moving_ranges(values: Values, span: int = 2) -> Floats:
    """Range of each value and the span - 1 before it, shape (m,); NaN where one of them is missing."""
    if span < 2:
        raise ValueError(f"A moving range covers at least two values, not {span}.")
    x = _floats(values)
    ranges = np.full(x.size, np.nan)
    if x.size >= span:
        with np.errstate(over="ignore", invalid="ignore"):
            if span == 2:
                np.abs(np.subtract(x[1:], x[:-1], out=ranges[1:]), out=ranges[1:])
            else:
                windows = np.lib.stride_tricks.sliding_window_view(x, span)
                ranges[span - 1 :] = windows.max(axis=1) - windows.min(axis=1)
    return _finite(ranges)


def panel(name: str, points: Floats, n: Sizes, limits: FrozenLimits | None, lines_of: LinesOf) -> Panel:
    """Points with the lines that belong to each one's n; NaN lines where there is no point.

    Lines that are the same all along are read-only views of one number.
    """
    known = np.isfinite(points)
    if limits is not None and known.any() and (n == n[0]).all():
        lines = lines_of(limits, int(n[0]))
        if known.all():
            return Panel(name, points, *(np.broadcast_to(np.float64(line), points.shape) for line in lines))
        return Panel(name, points, *(np.where(known, line, np.nan) for line in lines))
    places = np.where(known, n, 0)
    sizes = np.bincount(places)
    table = np.full((max(sizes.size, 1), 4), np.nan)
    if limits is not None:
        for size in np.flatnonzero(sizes):
            if size:
                table[size] = lines_of(limits, int(size))
    center, lcl, ucl, error = (column[places] for column in table.T)
    return Panel(name, points, center, lcl, ucl, error)


def subgroup_means(subgroups: Subgroups) -> tuple[Floats, Sizes]:
    """Mean of each subgroup, NaN of an empty one, and how many values each has."""
    x, n = _table(subgroups)
    return _means(x, n), n


def _facts(limits: FrozenLimits | None) -> dict[str, float | str | None]:
    return {"center": limits.center if limits else None, "sigma_within": limits.sigma if limits else None}


def _study(center: float | None, sigma: float, n_values: int, method: str) -> Study:
    if center is None or not (abs(center) < _LARGEST and sigma < _LARGEST):
        return Study(None, None, n_values, method, _TOO_LARGE)
    return Study(center, sigma, n_values, method)


def _sigma(x: Floats, n: Sizes, method: str) -> float:
    if method in (UWAVE_R, MVLUE_R):
        scaled = _ranges(x, n) / _by_size(n, d2)
        weights = _by_size(n, lambda size: (d2(size) / d3(size)) ** 2) if method == MVLUE_R else None
    elif method in (UWAVE_SD, MVLUE_SD):
        scaled = _sds(x, n) / _by_size(n, c4)
        weights = _by_size(n, lambda size: c4(size) ** 2 / (1 - c4(size) ** 2)) if method == MVLUE_SD else None
    else:
        freedom = int((n - 1).sum())
        pooled = math.sqrt(float((_sds(x, n) ** 2 @ (n - 1)) / freedom))
        return pooled / c4(freedom + 1) if method == RMSDF else pooled
    if weights is None:
        return float(scaled.mean())
    return float((weights @ scaled) / weights.sum())


def _floats(values: Values) -> Floats:
    return np.asarray(values, dtype=np.float64)  # None becomes NaN


def _table(subgroups: Subgroups) -> tuple[Floats, Sizes]:
    """Subgroups as rows filled up with NaN, at least one column, and how many values each has."""
    if isinstance(subgroups, np.ndarray):
        x = subgroups.astype(np.float64, copy=False)
    else:
        # One column at least, so that no values at all is a chart without points, not an error.
        x = np.full((len(subgroups), max([1, *(len(group) for group in subgroups)])), np.nan)
        for row, group in enumerate(subgroups):
            x[row, : len(group)] = _floats(group)
    known = np.isfinite(x)
    if known.all():
        return x, np.full(x.shape[0], x.shape[1])
    return np.where(known, x, np.nan), known.sum(axis=1)


def _mean(present: Floats) -> float | None:
    if not present.size:
        return None
    first = float(present[0])
    with np.errstate(over="ignore", invalid="ignore"):
        return first + float((present - first).mean())


def _means(x: Floats, n: Sizes) -> Floats:
    with np.errstate(over="ignore", invalid="ignore"):
        if (n == x.shape[1]).all():
            first = x[:, :1]
            means = first[:, 0] + (x - first).sum(axis=1) / x.shape[1]
        else:
            present = np.isfinite(x)
            first = np.full(n.size, np.nan)
            first[n > 0] = x[n > 0, present[n > 0].argmax(axis=1)]
            # Differences from a member first: the mean of equal values is that value, also at a large offset.
            means = first + np.where(present, x - first[:, None], 0.0).sum(axis=1) / np.maximum(n, 1)
    return _finite(means)


def _ranges(x: Floats, n: Sizes) -> Floats:
    with np.errstate(over="ignore", invalid="ignore"):
        # Column by column: rows are many and short. fmax and fmin pass over NaN.
        highest, lowest = x[:, 0].copy(), x[:, 0].copy()
        for column in x.T[1:]:
            np.fmax(highest, column, out=highest)
            np.fmin(lowest, column, out=lowest)
        ranges = highest - lowest
    ranges[n < 2] = np.nan
    return _finite(ranges)


def _sds(x: Floats, n: Sizes) -> Floats:
    with np.errstate(over="ignore", invalid="ignore"):
        squares = (x - _means(x, n)[:, None]) ** 2
        total = squares.sum(axis=1) if (n == x.shape[1]).all() else np.nansum(squares, axis=1)
        sds = np.sqrt(total / np.maximum(n - 1, 1))
    sds[n < 2] = np.nan
    return _finite(sds)


def _finite(points: Floats) -> Floats:
    """Means and ranges near the end of the number range overflow: nothing that can be plotted."""
    beyond = np.isinf(points)
    return np.where(beyond, np.nan, points) if beyond.any() else points


def _by_size(n: Sizes, constant: Callable[[int], float]) -> Floats:
    """constant(n_i) for each n_i, computed once for each size that occurs."""
    counts = np.bincount(n)
    return np.array([constant(size) if count else np.nan for size, count in enumerate(counts)])[n]
