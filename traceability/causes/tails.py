"""Exact tests of one set of units, its lift with an interval, and the false discovery rate of many. Pure.

Sources: R. A. Fisher (1935), the exact test, one-sided, conditioned on both margins, and its stratified form as the
convolution over strata (Mantel 1963; Agresti, Categorical Data Analysis, 3rd ed., 7.3.5); D. Katz et al. (1978), the
logarithm interval of a risk ratio; Walter (1975), one half added to counts; S. Greenland and J. Robins (1985), the
Mantel-Haenszel risk ratio and its variance; Y. Benjamini and Y. Hochberg (1995), the step-up q.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy.special import gammaln
from scipy.stats import norm

from traceability.causes.evidence import Floats

LARGEST = 1e9  # ratios beyond it are told as this
Table = tuple[int, int, int, int]  # exposed, exposed failed, all, all failed: of one stratum


@lru_cache(maxsize=2_000)
def _log_pmf(n: int, total: int, failed: int) -> tuple[int, Floats]:
    """The hypergeometric distribution of failed ones among `n` of `total`: its lowest count and log probabilities."""
    low, high = max(0, n + failed - total), min(n, failed)
    k = np.arange(low, high + 1, dtype=np.float64)

    def choose(of: float | Floats, some: float | Floats) -> Floats:
        return np.asarray(gammaln(np.add(of, 1)) - gammaln(np.add(some, 1)) - gammaln(np.subtract(of, some) + 1))

    return low, choose(failed, k) + choose(total - failed, n - k) - choose(total, n)


def log_p_more(tables: Sequence[Table]) -> float:
    """ln of the probability of at least so many failures among the exposed if exposure did not matter; 0 at most."""
    observed, low = 0, 0
    combined: Floats | None = None  # probabilities, scaled by exp(shift)
    shift = 0.0
    for n, a, total, failed in tables:
        observed += a
        at, logs = _log_pmf(n, total, failed)
        low += at
        if len(logs) == 1:
            continue
        if combined is None:
            combined, shift = logs, 0.0
            continue
        combined = _convolved(combined, logs)
    if combined is None:
        return 0.0
    tail = combined[max(observed - low, 0) :]
    if not len(tail):
        return -math.inf
    top = float(tail.max())
    return min(0.0, top + math.log(float(np.exp(tail - top).sum())) + shift)


def _convolved(one: Floats, other: Floats) -> Floats:
    """Logarithms of the distribution of a sum. By one row of the shorter at a time: far tails keep their size."""
    if len(other) > len(one):
        one, other = other, one
    total = np.full(len(one) + len(other) - 1, -np.inf)
    for place, log in enumerate(other):
        part = total[place : place + len(one)]
        np.logaddexp(part, one + log, out=part)
    return total


def lift(tables: Sequence[Table], weight_good: float = 1.0, level: float = 0.95) -> tuple[float, float, float]:
    """(risk ratio, lower, upper): how many times as often the exposed failed as the others; finite whatever the counts.

    One half is added to each count, shared among the strata. `weight_good`: units that each good one stands for.
    """
    half = 0.5 / max(len(tables), 1)
    above = below = spread = wider = 0.0
    for n, a, total, failed in tables:
        if n in (0, total):
            continue
        a1, c1 = a + half, failed - a + half
        b1, d1 = (n - a + half) * weight_good, (total - n - failed + a + half) * weight_good
        n1, n0 = a1 + b1, c1 + d1
        whole = n1 + n0
        above += a1 * n0 / whole
        below += c1 * n1 / whole
        spread += ((a1 + c1) * n1 * n0 - a1 * c1 * whole) / whole**2
        # A good one that stands for w units makes the share of failures vary more: by the delta method on each arm.
        wider = max(wider, (weight_good * a1 + b1) / n1, (weight_good * c1 + d1) / n0)
    if above <= 0 or below <= 0:
        return 1.0, 0.0, LARGEST
    ratio = above / below
    reach = float(norm.ppf(0.5 + level / 2)) * math.sqrt(max(spread, 0.0) * wider / (above * below))
    return min(ratio, LARGEST), ratio * math.exp(-reach), min(ratio * math.exp(min(reach, 300.0)), LARGEST)


def q_values(p: Sequence[float]) -> list[float]:
    """The smallest rate of false discoveries at which each hypothesis would be called one (Benjamini-Hochberg)."""
    order = sorted(range(len(p)), key=lambda at: p[at])
    found, least = [1.0] * len(p), 1.0
    for rank in range(len(p), 0, -1):
        at = order[rank - 1]
        least = min(least, p[at] * len(p) / rank)
        found[at] = least
    return found
