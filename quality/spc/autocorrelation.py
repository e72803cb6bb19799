"""Do neighbouring values resemble each other? Then sigma from moving ranges is too small and limits are too tight.

r_h = sum(d_i d_{i+h}) / sum(d_i^2) with d the differences from the mean, over the pairs that have no gap between;
Q = n (n + 2) sum(r_h^2 / (n - h)) is chi-square with H degrees of freedom for independent values (Ljung, Box 1978).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from quality.spc.errors import TOO_FEW_VALUES, ZERO_SIGMA, Undefined
from quality.spc.panels import Floats, Values

LEAST = 20  # values, below which a correlation says little
MOST_LAGS = 10


@dataclass(frozen=True)
class Autocorrelation:
    """`lags` are r_1 .. r_H; `p` is that of Ljung-Box. `warns`: at lag 1 beyond chance, and `p` under alpha."""

    n: int
    lags: tuple[float, ...]
    q: float | None
    p: float | None
    bound: float | None  # |r| beyond this is beyond chance, 1.96 / sqrt(n)
    warns: bool | None
    undefined: Undefined | None = None


def autocorrelation(values: Values, alpha: float = 0.01) -> Autocorrelation:
    """Of values in the order of time, shape (m,), NaN or None a gap. Never raises for data."""
    x: Floats = np.array(values, dtype=np.float64).ravel()
    known = np.isfinite(x)
    n = int(known.sum())
    if n < LEAST:
        return Autocorrelation(
            n, (), None, None, None, None, Undefined(TOO_FEW_VALUES, f"At least {LEAST} values are needed.")
        )
    first = float(x[known][0])
    d = np.where(known, x - first, 0.0)
    d = np.where(known, d - d[known].mean(), 0.0)
    total = float(d @ d)
    if total == 0:
        return Autocorrelation(n, (), None, None, None, None, Undefined(ZERO_SIGMA))
    # A gap is 0, the mean: a pair over its edge adds nothing.
    lags = tuple(float(d[:-h] @ d[h:]) / total for h in range(1, min(MOST_LAGS, n // 4) + 1))
    q = n * (n + 2) * sum(r * r / (n - h) for h, r in enumerate(lags, start=1))
    p = float(chdtrc(len(lags), q))
    bound = 1.96 / n**0.5
    return Autocorrelation(n, lags, q, p, bound, abs(lags[0]) > bound and p < alpha)
