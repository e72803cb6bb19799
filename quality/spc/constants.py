"""Constants of the normal range and standard deviation, exact instead of the printed tables' three decimals.

With W the range of n independent standard normal values, d2(n) = E[W], d3(n) = sd(W), and c4(n) = E[s].
Three-decimal tables move control limits by up to 3.4e-4 of their value.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy.special import gammaln, ndtr


@lru_cache(maxsize=256)
def _range_moments(n: int) -> tuple[float, float]:
    """Mean and standard deviation of the range of n standard normal values, to about 1e-12.

    P(W <= w) = n * integral of phi(x) (Phi(x + w) - Phi(x))^(n - 1) dx (Tippett 1925), and
    E[W] = integral of P(W > w) dw, E[W^2] = 2 * integral of w P(W > w) dw, over w >= 0.
    """
    if n < 2:
        raise ValueError(f"A range needs at least two values, not {n}.")
    # The trapezoidal rule is spectrally accurate on a smooth integrand that is 0 at both ends.
    x = np.arange(-10.0, 10.0, 0.05)
    density = np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi) * 0.05
    nodes, weights = leggauss(160)
    top = 20.0  # P(W > 20) is below 1e-40 even for n in the thousands
    w, weights = (nodes + 1) * top / 2, weights * top / 2
    within = ndtr(x[None, :] + w[:, None]) - ndtr(x)[None, :]
    above = 1.0 - n * (within ** (n - 1) @ density)
    mean = float(weights @ above)
    return mean, math.sqrt(2 * float(weights @ (w * above)) - mean * mean)


def d2(n: int) -> float:
    """Expected range of n values, in standard deviations. Raises ValueError for n < 2."""
    return _range_moments(n)[0]


def d3(n: int) -> float:
    """Standard deviation of the range of n values, in standard deviations. Raises ValueError for n < 2."""
    return _range_moments(n)[1]


def c4(n: int) -> float:
    """Expected sample standard deviation of n values, in standard deviations. Raises ValueError for n < 2.

    c4(n) = sqrt(2 / (n - 1)) Gamma(n / 2) / Gamma((n - 1) / 2).
    """
    if n < 2:
        raise ValueError(f"A standard deviation needs at least two values, not {n}.")
    return math.sqrt(2 / (n - 1)) * math.exp(gammaln(n / 2) - gammaln((n - 1) / 2))


@lru_cache(maxsize=64)
def range_median(n: int) -> float:
    """Median of the range of n values, in standard deviations: 0.9539 for n = 2, as the tables print it.

    For n > 2 the root of P(W <= w) = 1/2 (Tippett 1925), by bisection. Raises ValueError for n < 2.
    """
    if n < 2:
        raise ValueError(f"A range needs at least two values, not {n}.")
    if n == 2:
        return 0.9539  # exactly sqrt(2) * 0.6744898 = 0.953873; the convention names the printed one
    x = np.arange(-10.0, 10.0, 0.02)
    density = np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi) * 0.02
    low, high = 0.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        below = n * float(density @ (ndtr(x + middle) - ndtr(x)) ** (n - 1))
        low, high = (middle, high) if below < 0.5 else (low, middle)
    return (low + high) / 2
