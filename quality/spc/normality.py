"""Are the values normal? Anderson-Darling, Shapiro-Wilk and the moments; a warning, never a refusal by itself.

A2 = -n - sum((2i - 1) (ln F(x_i) + ln(1 - F(x_{n+1-i})))) / n with mean and sd from the data; p by D'Agostino and
Stephens 1986, table 4.9, on A2 (1 + 0.75/n + 2.25/n^2). W and its p by Royston 1995 (AS R94).
g1 = m3 / m2^1.5 and g2 = m4 / m2^2 - 3, with the moments m_r = sum((x - mean)^r) / n.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr, ndtri
from scipy.stats import shapiro

from quality.spc.capability import present, sample_sd
from quality.spc.errors import TOO_FEW_VALUES, TOO_MANY_VALUES, ZERO_SIGMA, Undefined
from quality.spc.panels import Floats, Values

LEAST_FOR_AD = 8  # below it the approximation of p does not hold
SHAPIRO_FROM, SHAPIRO_TO = 3, 5000  # AS R94 was fitted to these sizes
PLOTTED = 500  # points of a probability plot


@dataclass(frozen=True)
class Normality:
    """What the tests say. A figure that cannot be told is None; `undefined` names the reason by test."""

    n: int
    a2: float | None
    a2_adjusted: float | None
    a2_p: float | None
    w: float | None
    w_p: float | None
    skewness: float | None
    excess_kurtosis: float | None
    undefined: dict[str, Undefined]

    def looks_normal(self, alpha: float = 0.05) -> bool | None:
        """By Anderson-Darling, else by Shapiro-Wilk; None where neither can be told."""
        p = self.a2_p if self.a2_p is not None else self.w_p
        return None if p is None else p >= alpha


def normality(values: Values) -> Normality:
    """Tests of `values`, any shape, None or NaN missing. Never raises for data."""
    x = np.sort(present(values))
    n, sd = int(x.size), sample_sd(x)
    x = x - (x[0] if n else 0.0)  # rounding of a large offset would drown what varies
    undefined: dict[str, Undefined] = {}
    names = ("anderson_darling", "shapiro_wilk", "skewness_g1", "excess_kurtosis_g2")
    if sd is None or sd == 0:
        why = Undefined(TOO_FEW_VALUES, "At least three values are needed.") if sd is None else Undefined(ZERO_SIGMA)
        return Normality(n, None, None, None, None, None, None, None, dict.fromkeys(names, why))
    a2 = adjusted = a2_p = w = w_p = None
    if n >= LEAST_FOR_AD:
        a2 = _anderson_darling((x - x.mean()) / sd)
        adjusted = a2 * (1 + 0.75 / n + 2.25 / n**2)
        a2_p = _p_of(adjusted)
    else:
        undefined["anderson_darling"] = Undefined(TOO_FEW_VALUES, f"At least {LEAST_FOR_AD} values are needed.")
    if SHAPIRO_FROM <= n <= SHAPIRO_TO:
        result = shapiro(x)
        w, w_p = float(result.statistic), float(result.pvalue)
    else:
        code = TOO_FEW_VALUES if n < SHAPIRO_FROM else TOO_MANY_VALUES
        undefined["shapiro_wilk"] = Undefined(code, f"The test is for {SHAPIRO_FROM} to {SHAPIRO_TO} values, not {n}.")
    skewness, kurtosis = _moments(x - x.mean())
    if skewness is None:
        undefined["skewness_g1"] = Undefined(TOO_FEW_VALUES, "At least 3 values are needed.")
    if kurtosis is None:
        undefined["excess_kurtosis_g2"] = Undefined(TOO_FEW_VALUES, "At least 4 values are needed.")
    return Normality(n, a2, adjusted, a2_p, w, w_p, skewness, kurtosis, undefined)


def probability_plot(values: Values) -> tuple[list[float], list[float]]:
    """Normal scores and values, ascending, for a plot: shape (m,) each, m at most 500. Blom's (i - 3/8) / (n + 1/4)."""
    x = np.sort(present(values))
    scores = ndtri((np.arange(1, x.size + 1) - 0.375) / (x.size + 0.25))
    chosen = np.unique(np.linspace(0, max(x.size - 1, 0), min(x.size, PLOTTED)).round().astype(int))
    return scores[chosen].tolist(), x[chosen].tolist()


def _anderson_darling(z: Floats) -> float:
    weights = 2 * np.arange(1, z.size + 1) - 1
    return float(-z.size - (weights * (log_ndtr(z) + log_ndtr(-z[::-1]))).mean())


def _p_of(a: float) -> float:
    if a < 0.2:
        return 1 - math.exp(-13.436 + 101.14 * a - 223.73 * a * a)
    if a < 0.34:
        return 1 - math.exp(-8.318 + 42.796 * a - 59.938 * a * a)
    if a < 0.6:
        return math.exp(0.9177 - 4.279 * a - 1.38 * a * a)
    if a < 10:
        return math.exp(1.2937 - 5.709 * a + 0.0186 * a * a)
    return 3.7e-24


def _moments(d: Floats) -> tuple[float | None, float | None]:
    d = d / np.abs(d).max()  # a power of a tiny number would vanish
    m2, m3, m4 = (float((d**power).mean()) for power in (2, 3, 4))
    return (m3 / m2**1.5 if d.size > 2 else None), (m4 / m2**2 - 3 if d.size > 3 else None)
