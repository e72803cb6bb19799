"""Hotelling's T2 and MEWMA: several correlated measurements of one unit on one chart. Pure.

T2 of individuals (Tracy, Young and Mason 1992): T2_i = (x_i - m)' S^-1 (x_i - m) with the sample covariance of m rows;
phase I limit (m - 1)^2 / m Beta(p/2, (m - p - 1)/2), phase II p (m + 1)(m - 1) / (m^2 - m p) F(p, m - p).
T2 of subgroups of n (Alt 1985): n (mean_i - m)' S^-1 (mean_i - m) with S the mean of the m subgroups' covariances;
phase I p (m - 1)(n - 1) / f F(p, f), phase II p (m + 1)(n - 1) / f F(p, f), f = m n - m - p + 1.
MEWMA (Lowry 1992): z_i = lambda (x_i - m) + (1 - lambda) z_(i-1), T2_i = z_i' Sz_i^-1 z_i with the exact covariance
Sz_i = lambda / (2 - lambda) (1 - (1 - lambda)^(2 i)) S, or its asymptote; signal above h4.
A row with a missing value is a gap.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from quality.spc.panels import Chart, Chosen, Floats, Panel

ALPHA = 0.0027  # of one point in control, as three sigma
_SINGULAR = "The covariance is singular: a variable is constant or follows from the others."


@dataclass(frozen=True)
class Multivariate:
    """Frozen mean (p,) and covariance (p, p) of single rows, from so many rows (or subgroups) of so many values."""

    center: Floats
    covariance: Floats
    m: int
    n: int = 1

    @property
    def p(self) -> int:
        return int(self.center.size)


@dataclass(frozen=True)
class MultivariateStudy:
    """What phase I found; `limits` is None where the data cannot tell, and `reason` says why."""

    limits: Multivariate | None
    reason: str = ""


def given(center: ArrayLike, covariance: ArrayLike, m: int = 0, n: int = 1) -> MultivariateStudy:
    """Limits from a mean and covariance that are known (m = 0) or come from an earlier study of m rows."""
    mean, cov = np.atleast_1d(np.array(center, np.float64)), np.atleast_2d(np.array(covariance, np.float64))
    if cov.shape != (mean.size, mean.size) or not (np.isfinite(mean).all() and np.isfinite(cov).all()):
        return MultivariateStudy(None, "Mean and covariance have to be numbers of p and of p x p variables.")
    return _study(Multivariate(mean, (cov + cov.T) / 2, m, n))


def study_t2(rows: ArrayLike, *, chosen: Chosen = None) -> MultivariateStudy:
    """Phase I of individuals, shape (m, p): sample mean and covariance of the rows without a missing value."""
    x = _table(rows)
    if chosen is not None:
        x = x[chosen]
    x = x[np.isfinite(x).all(axis=1)]
    m, p = x.shape
    if m < p + 2:
        return MultivariateStudy(None, f"{p} variables need at least {p + 2} complete rows; there are {m}.")
    center = _mean(x)
    off = x - center
    return _study(Multivariate(center, off.T @ off / (m - 1), m))


def study_t2_subgroups(subgroups: ArrayLike, *, chosen: Chosen = None) -> MultivariateStudy:
    """Phase I of subgroups, shape (m, n, p): mean of means, mean of the covariances inside. All of one size n >= 2."""
    x = _cube(subgroups)
    if chosen is not None:
        x = x[chosen]
    x = x[np.isfinite(x).all(axis=(1, 2))]
    m, n, p = x.shape
    if n < 2:
        return MultivariateStudy(None, "Subgroups of one value have no covariance inside; chart them as individuals.")
    if m * n - m - p + 1 < 1:
        return MultivariateStudy(None, f"{m} complete subgroups of {n} are too few for {p} variables.")
    means = x.mean(axis=1)
    off = x - means[:, None, :]
    covariance = np.einsum("mni,mnj->ij", off, off) / (m * (n - 1))
    return _study(Multivariate(_mean(means), covariance, m, n))


def t2_limit(limits: Multivariate, alpha: float = ALPHA, *, phase: int = 1) -> float:
    """Upper limit of T2 that a point in control exceeds with probability alpha in (0, 1).

    Phase I judges the rows the limits come from, phase II later ones; with a known mean and covariance it is
    chi-square. Raises ValueError for an alpha out of range.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha has to lie between 0 and 1, not at {alpha}.")
    m, n, p = limits.m, limits.n, limits.p
    if m == 0:
        return float(stats.chi2.ppf(1 - alpha, p))
    if n > 1:
        freedom = m * n - m - p + 1
        scale = p * (m - 1 if phase == 1 else m + 1) * (n - 1) / freedom
        return scale * float(stats.f.ppf(1 - alpha, p, freedom))
    if phase == 1:
        return (m - 1) ** 2 / m * float(stats.beta.ppf(1 - alpha, p / 2, (m - p - 1) / 2))
    return p * (m + 1) * (m - 1) / (m * m - m * p) * float(stats.f.ppf(1 - alpha, p, m - p))


def t2_individuals(rows: ArrayLike, limits: Multivariate | None, alpha: float = ALPHA, *, phase: int = 1) -> Chart:
    """T2 of each row, shape (m, p)."""
    x = _table(rows)
    return _t2(x, 1, limits, alpha, phase)


def t2(subgroups: ArrayLike, limits: Multivariate | None, alpha: float = ALPHA, *, phase: int = 1) -> Chart:
    """T2 of the mean of each subgroup, shape (m, n, p)."""
    x = _cube(subgroups)
    return _t2(x.mean(axis=1), x.shape[1], limits, alpha, phase)


def mewma(rows: ArrayLike, limits: Multivariate | None, *, weight: float = 0.1, h4: float, exact: bool = True) -> Chart:
    """MEWMA of each row, shape (m, p); weight = lambda in (0, 1]. Raises ValueError for weight or h4 out of range."""
    if not (0 < weight <= 1 and h4 > 0 and math.isfinite(h4)):
        raise ValueError("lambda has to be above 0 and at most 1, the limit above 0.")
    x = _table(rows)
    if limits is None:
        return Chart("MEWMA", (_panel("MEWMA", np.full(x.shape[0], np.nan), np.nan),))
    inverse = np.linalg.inv(limits.covariance)
    points, z = np.full(x.shape[0], np.nan), np.zeros(limits.p)
    for counted, place in enumerate(np.flatnonzero(np.isfinite(x).all(axis=1)).tolist(), start=1):
        z = weight * (x[place] - limits.center) + (1 - weight) * z
        part = weight / (2 - weight) * (1 - (1 - weight) ** (2 * counted) if exact else 1.0)
        points[place] = z @ inverse @ z / part
    return Chart("MEWMA", (_panel("MEWMA", points, h4),), {"lambda": weight, "h4": h4})


def _t2(x: Floats, n: int, limits: Multivariate | None, alpha: float, phase: int) -> Chart:
    points = np.full(x.shape[0], np.nan)
    if limits is None:
        return Chart("T2", (_panel("T2", points, np.nan),))
    here = np.isfinite(x).all(axis=1)
    off = x[here] - limits.center
    points[here] = n * np.einsum("ij,ij->i", off, np.linalg.solve(limits.covariance, off.T).T)
    return Chart("T2", (_panel("T2", points, t2_limit(limits, alpha, phase=phase)),), {"alpha": alpha})


def _panel(name: str, points: Floats, ucl: float) -> Panel:
    """A distance has one limit: no centre and no zones. The error only says that rule 1 may be judged."""
    here = np.isfinite(points)
    unknown = np.full(points.size, np.nan)
    low, high, error = (np.where(here, value, np.nan) for value in (0.0, ucl, 1.0))
    return Panel(name, points, unknown, low, high, error)


def _study(limits: Multivariate) -> MultivariateStudy:
    spread = np.sqrt(np.maximum(np.diag(limits.covariance), 0.0))
    if not (spread > 0).all():
        return MultivariateStudy(None, _SINGULAR)
    correlation = limits.covariance / np.outer(spread, spread)
    if np.linalg.eigvalsh(correlation)[0] < 1e-10:
        return MultivariateStudy(None, _SINGULAR)
    return MultivariateStudy(limits)


def _mean(x: Floats) -> Floats:
    """Differences from the first row first: exact for equal rows, however large their offset."""
    return np.asarray(x[0] + (x - x[0]).mean(axis=0), np.float64)


def _table(rows: ArrayLike) -> Floats:
    x = np.array(rows, dtype=np.float64)
    return x.reshape(0, 1) if x.size == 0 else x.reshape(x.shape[0], -1)


def _cube(subgroups: ArrayLike) -> Floats:
    x = np.array(subgroups, dtype=np.float64)
    return x.reshape(0, 1, 1) if x.size == 0 else x
