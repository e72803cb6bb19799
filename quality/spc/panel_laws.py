"""How often a panel breaks a rule by chance alone: the first point of each run of signals, per point in control.

A run of signals is what raises one alarm: points one after another at which the same rule holds on the same side.
Its first point is one at which the rule holds and at the point before did not. With independent points that is exact
for each rule:
- "m in a row inside an area of probability a": a^m (1 - a);
- "m points rising": 1/m! - 1/(m + 1)! (all orders of the points are equally likely); falling the same;
- "m points alternating": 2 E(m)/m! - 2 E(m + 1)/(m + 1)!, with E the zigzag numbers (Andre 1879);
- "all but one of m beyond, the last one itself": a^(m - 1) (1 - a) (1 + (m - 2) (1 - a)).
Where values tie (counts), orders are counted over the probabilities of the values instead.
The limits are taken as known; those from a short study give more.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy import stats
from scipy.special import ndtr

from quality.spc.constants import c4, d2, d3
from quality.spc.panels import WIDTH, Floats
from quality.spc.rules import RUN_LENGTHS


@dataclass(frozen=True)
class Law:
    """Where one point of a panel in control falls. Pairs are (above, below).

    `mass` is set where values tie: the probabilities of the values, in their order.
    """

    beyond_limit: tuple[float, float]
    one_side: tuple[float, float]
    beyond_2: tuple[float, float] = (0.0, 0.0)
    beyond_1: tuple[float, float] = (0.0, 0.0)
    mass: tuple[float, ...] = ()


def normal_law(k: float = WIDTH) -> Law:
    """Of I and XBAR, with limits `k` standard errors off."""
    tail, two, one = (float(ndtr(-width)) for width in (k, 2.0, 1.0))
    return Law((tail, tail), (0.5, 0.5), (two, two), (one, one))


def range_law(n: int, k: float = WIDTH) -> Law:
    """Of the range of n normal values."""
    center, error = d2(n), d3(n)
    low = center - k * error
    below = 1 - _range_above(low, n) if low > 0 else 0.0
    above_center = _range_above(center, n)
    return Law((_range_above(center + k * error, n), below), (above_center, 1 - above_center))


def sd_law(n: int, k: float = WIDTH) -> Law:
    """Of the standard deviation of n normal values: (n - 1) s^2 / sigma^2 is chi-square."""
    center = c4(n)
    error = math.sqrt(max(0.0, 1 - center * center))

    def above(s: float) -> float:
        return float(stats.chi2.sf((n - 1) * s * s, n - 1))

    low = center - k * error
    below = 1 - above(low) if low > 0 else 0.0
    return Law((above(center + k * error), below), (above(center), 1 - above(center)))


def power_law(k: float = WIDTH) -> Law:
    """Of Nelson's transform of exponential times, y = t^(1/3.6): Weibull of shape 3.6, sigma from moving ranges."""
    shape = 3.6
    mean = math.gamma(1 + 1 / shape)
    sigma = 2 * mean * (1 - 2 ** (-1 / shape)) / d2(2)  # E|y1 - y2| of Weibull values over d2(2)

    def beyond(width: float) -> tuple[float, float]:
        high, low = mean + width * sigma, mean - width * sigma
        return math.exp(-(high**shape)), (-math.expm1(-(low**shape)) if low > 0 else 0.0)

    return Law(beyond(k), beyond(0.0), beyond(2.0), beyond(1.0))


def counted_law(mass: Floats, points: Floats, center: float, lcl: float, ucl: float) -> Law:
    """Of a count or share that takes the value points[i] with probability mass[i]; points rise."""
    slack = 1e-9 * max(abs(ucl), 1e-300)
    return Law(
        (float(mass[points > ucl + slack].sum()), float(mass[points < lcl - slack].sum())),
        (float(mass[points > center + slack].sum()), float(mass[points < center - slack].sum())),
        mass=tuple(mass.tolist()),
    )


def rate(law: Law, rule: int, run_lengths: Mapping[int, int]) -> float:
    """Runs of signals of one rule per point, both sides together."""
    length = int(run_lengths.get(rule, RUN_LENGTHS[rule]))
    if rule == 1:
        return sum(p * (1 - p) for p in law.beyond_limit)
    if rule == 2:
        return sum(p**length * (1 - p) for p in law.one_side)
    if rule in (3, 4):
        of = _monotone if rule == 3 else _alternating
        return of(length, law.mass) - of(length + 1, law.mass)
    if rule in (5, 6):
        return sum(_most_beyond(p, length) for p in (law.beyond_2 if rule == 5 else law.beyond_1))
    outside = sum(law.beyond_1)
    inside = 1 - outside if rule == 7 else outside
    return inside**length * (1 - inside)


def moving_range_rate(k: float = WIDTH) -> float:
    """Rule 1 on moving ranges of span 2: neighbours share a value, so a range beyond is often followed by another.

    Given the shared value y, both ranges exceed u with probability t(y)^2, t(y) = P(|X - y| > u).
    """
    u = d2(2) + k * d3(2)
    y, weights = leggauss(200)
    y, weights = y * 9, weights * 9 * np.exp(-0.5 * (y * 9) ** 2) / math.sqrt(2 * math.pi)
    tail = ndtr(-u - y) + ndtr(-u + y)
    return float(weights @ (tail - tail * tail))


def _range_above(w: float, n: int) -> float:
    """P(W > w) of the range of n standard normal values (Tippett 1925)."""
    x = np.arange(-10.0, 10.0, 0.02)
    density = np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi) * 0.02
    return float(1.0 - n * (density @ (ndtr(x + w) - ndtr(x)) ** (n - 1)))


def _monotone(m: int, mass: tuple[float, ...]) -> float:
    """P(m points rise strictly) + P(they fall strictly)."""
    if not mass:
        return 2 / math.factorial(m)
    weights = np.array(mass)
    ending = weights  # P(the last j points rise and the last one has this value)
    for _ in range(m - 1):
        ending = weights * (np.cumsum(ending) - ending)
    return 2 * float(ending.sum())  # falling is rising read backwards


@lru_cache(maxsize=64)
def _alternating(m: int, mass: tuple[float, ...]) -> float:
    """P(m points go strictly up and down in turn, either way first)."""
    weights = np.array(mass)
    if not mass:
        return 2 * _zigzag(m) / math.factorial(m)
    up = down = weights  # the last step went up / down
    for _ in range(m - 1):
        below, above = np.cumsum(down) - down, np.cumsum(up[::-1])[::-1] - up
        up, down = weights * below, weights * above
    return float(up.sum() + down.sum())


def _zigzag(m: int) -> int:
    """Permutations of m that alternate and begin with a step up (Seidel's triangle)."""
    row = [1]
    for _ in range(m):
        following = [0]
        for value in reversed(row):
            following.append(following[-1] + value)
        row = following
    return row[-1]


def _most_beyond(p: float, window: int) -> float:
    """Runs of "all but one of `window` beyond, the last point itself" with P(beyond) = p.

    The point before does not signal if it is not beyond itself, or if the window it ends has a second gap: that gap
    is its first point, and the other one any of the window - 2 in the middle.
    """
    return p ** (window - 1) * (1 - p) * (1 + (window - 2) * (1 - p))
