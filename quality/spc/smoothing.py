"""EWMA and tabular CUSUM: charts that remember, for slow drift and small shifts. Pure.

EWMA (Roberts 1959): z_i = lambda x_i + (1 - lambda) z_(i-1) from z_0 = centre; limits L sigma_i off the centre with
sigma_i^2 = sigma^2 / n_i lambda / (2 - lambda) (1 - (1 - lambda)^(2 i)), or its asymptote.
CUSUM (Page 1954), in standard errors y_i = (x_i - centre) / (sigma / sqrt(n_i)): C+ = max(0, C+ + y - k) and
C- = max(0, C- - y - k); a signal is strictly above h, and the sums go on after it. A head start (Lucas and Crosier
1982) is where both sums begin.
A gap has no point, and both charts go on from where they stood.
"""

import math
from typing import NamedTuple

import numpy as np

from quality.spc.panels import Chart, Floats, FrozenLimits, Lines, Panel, Values

WEIGHT, EWMA_WIDTH = 0.2, 2.7  # lambda and L
SLACK, INTERVAL = 0.5, 5.0  # k and h of a CUSUM that looks for shifts of one sigma
NO_SIGMA = "Sigma is 0 or unknown: sums in standard errors are undefined."


class Sums(NamedTuple):
    """Upper and lower sum, both 0 or more, in standard errors."""

    upper: float
    lower: float


def ewma_next(z: float, value: float, weight: float) -> float:
    """The moving average after one more value; z is measured from the centre, and so is value."""
    return weight * value + (1 - weight) * z


def ewma_error(sigma: float, n: float, weight: float, place: int | None) -> float:
    """Standard error of the average at the 0-based place among the points there are; None: the asymptote."""
    part = weight / (2 - weight)
    if place is not None:
        part *= 1 - (1 - weight) ** (2 * (place + 1))
    return sigma / math.sqrt(n) * math.sqrt(part)


def ewma_lines(
    limits: FrozenLimits, n: float, weight: float = WEIGHT, width: float = EWMA_WIDTH, place: int | None = None
) -> Lines:
    """Of an EWMA of means of n values; place as of ewma_error."""
    error = ewma_error(limits.sigma, n, weight, place)
    return Lines(limits.center, limits.center - width * error, limits.center + width * error, error)


def cusum_next(sums: Sums, score: float, k: float) -> Sums:
    """Both sums after one more value, `score` standard errors off the centre."""
    return Sums(max(0.0, sums.upper + score - k), max(0.0, sums.lower - score - k))


def ewma(
    values: Values,
    limits: FrozenLimits | None,
    *,
    n: Values | None = None,
    weight: float = WEIGHT,
    width: float = EWMA_WIDTH,
    exact: bool = True,
) -> Chart:
    """EWMA of individuals, or of means of n[i] values; shape (m,). weight = lambda in (0, 1], width = L.

    Without limits there is no centre to start from, and no point. Raises ValueError for a weight or width out of range.
    """
    if not (0 < weight <= 1 and width > 0 and math.isfinite(width)):
        raise ValueError("lambda has to be above 0 and at most 1, L above 0.")
    x, sizes = _values(values, n)
    if limits is None:
        nothing = np.full(x.size, np.nan)
        return Chart("EWMA", (Panel("EWMA", nothing, nothing, nothing, nothing, nothing),))
    here = np.isfinite(x)
    smoothed, z = [], 0.0
    for value in (x[here] - limits.center).tolist():
        z = ewma_next(z, value, weight)
        smoothed.append(z)
    places = np.arange(len(smoothed))
    part = weight / (2 - weight) * (1 - (1 - weight) ** (2.0 * (places + 1)) if exact else 1.0)
    center = np.where(here, limits.center, np.nan)
    points, error = np.full(x.size, np.nan), np.full(x.size, np.nan)
    points[here] = limits.center + np.array(smoothed)
    error[here] = limits.sigma / np.sqrt(sizes[here]) * np.sqrt(part)
    facts = {"lambda": weight, "L": width, "limits": "exact" if exact else "asymptotic"}
    return Chart("EWMA", (Panel("EWMA", points, center, center - width * error, center + width * error, error),), facts)


def cusum(
    values: Values,
    limits: FrozenLimits | None,
    *,
    n: Values | None = None,
    k: float = SLACK,
    h: float = INTERVAL,
    head_start: float = 0.0,
) -> Chart:
    """Both sums of individuals, or of means of n[i] values; shape (m,); k, h and head_start in standard errors.

    Panels C+ and C-: the upper sum, and minus the lower one, between -h and h. Where sigma is 0 or unknown there
    is no point, and the fact "undefined" says why. Raises ValueError for k < 0, h <= 0 or head_start < 0.
    """
    if not (k >= 0 and h > 0 and head_start >= 0 and math.isfinite(k + h + head_start)):
        raise ValueError("k and the head start may not be negative, h has to be above 0.")
    x, sizes = _values(values, n)
    upper, lower = np.full(x.size, np.nan), np.full(x.size, np.nan)
    facts: dict[str, float | str | None] = {"k": k, "h": h, "head_start": head_start}
    if limits is None or not limits.sigma > 0:
        facts["undefined"] = NO_SIGMA
    else:
        here = np.isfinite(x)
        high = low = head_start
        both = []
        for score in ((x[here] - limits.center) / limits.sigma * np.sqrt(sizes[here])).tolist():
            # cusum_next, written out: it is called for each of a million points.
            high, low = max(0.0, high + score - k), max(0.0, low - score - k)
            both.append((high, low))
        pairs = np.array(both).reshape(-1, 2)
        upper[here], lower[here] = pairs[:, 0], pairs[:, 1]
    return Chart("CUSUM", (_sum_panel("C+", upper, h), _sum_panel("C-", 0.0 - lower, h)), facts)


def _sum_panel(name: str, points: Floats, h: float) -> Panel:
    here = np.isfinite(points)
    center, high, error = (np.where(here, value, np.nan) for value in (0.0, h, 1.0))
    return Panel(name, points, center, -high, high, error)


def _values(values: Values, n: Values | None) -> tuple[Floats, Floats]:
    """What is plotted, and of how many values each is the mean; a point of none is a gap."""
    x = np.atleast_1d(np.array(values, dtype=np.float64))
    sizes = np.ones(x.size) if n is None else np.array(n, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        here = np.isfinite(x) & (sizes > 0)
    return np.where(here, x, np.nan), np.where(here, sizes, np.nan)
