"""Capability of skewed data: percentiles of a fitted distribution (ISO 22514-4), and the Box-Cox transformation.

Ppk = min((USL - X50) / (X99.865 - X50), (X50 - LSL) / (X50 - X0.135)), Pp = (USL - LSL) / (X99.865 - X0.135) with
X the percentiles of a Weibull (shape, scale) or lognormal distribution fitted by maximum likelihood. Box-Cox:
y = (x^lambda - 1) / lambda with the lambda of greatest likelihood (Box, Cox 1964), Ppk of y against transformed limits.
Values are positive; what cannot be said is None, with its reason. Ppm are parts per million.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.special import ndtr, ndtri

from quality.spc.capability import Spec, mean_of, present, sample_sd
from quality.spc.errors import NOT_POSITIVE, TOO_FEW_VALUES, ZERO_SIGMA, Undefined
from quality.spc.panels import Floats, Values

TAIL = 0.00135  # what lies beyond 3 sigma on one side of a normal distribution
LEAST = 10  # values for a fit
LAMBDAS = (-5.0, 5.0)


@dataclass(frozen=True)
class Fit:
    """A fitted distribution. `parameters`: (shape, scale) of Weibull, (mu, sigma) of the logarithms of a lognormal."""

    name: str
    parameters: tuple[float, float] | None
    loglik: float | None = None
    percentiles: tuple[float, float, float] | None = None
    pp: float | None = None
    upper: float | None = None
    lower: float | None = None
    ppk: float | None = None
    ppm_below: float | None = None
    ppm_above: float | None = None
    undefined: Undefined | None = None


@dataclass(frozen=True)
class BoxCox:
    """`power` is lambda; `ppk` of the transformed values on their sample standard deviation."""

    power: float | None
    ppk: float | None
    undefined: Undefined | None = None


def unfit(values: Values) -> Undefined | None:
    """Why no distribution of positive values can be fitted to these."""
    x = present(values)
    if x.size < LEAST:
        return Undefined(TOO_FEW_VALUES, f"A fit needs at least {LEAST} values.")
    if x.min() <= 0:
        return Undefined(NOT_POSITIVE, f"The smallest value is {x.min():g}.")
    if x.min() == x.max() or np.ptp(np.log(x)) <= 1e-12:
        return Undefined(ZERO_SIGMA)
    return None


def weibull(values: Values, spec: Spec) -> Fit:
    """Two-parameter Weibull by maximum likelihood; shape solves sum(x^k ln x)/sum(x^k) - 1/k = mean(ln x)."""
    why = unfit(values)
    if why:
        return Fit("weibull_2p", None, undefined=why)
    logs = np.log(present(values))
    center = float(logs.mean())
    z = logs - center  # ln of x over its geometric mean, so that powers stay in range

    def slope(k: float) -> float:
        weights = np.exp(k * z - (k * z).max())
        return float(weights @ z / weights.sum()) - 1 / k

    guess = math.pi / math.sqrt(6) / float(z.std())
    shape = float(brentq(slope, guess / 50, guess * 50, xtol=1e-14 * guess, rtol=1e-14))
    scale = math.exp(center + _log_mean_exp(shape * z) / shape)
    t = logs - math.log(scale)
    loglik = float((math.log(shape) - math.log(scale) + (shape - 1) * t - np.exp(shape * t)).sum())

    def hazard(limit: float) -> float:
        # (limit / scale)^shape; beyond exp(700) nothing is left of the tail anyway.
        return math.exp(min(700.0, shape * (math.log(limit) - math.log(scale)))) if limit > 0 else 0.0

    def below(limit: float) -> float:
        return -math.expm1(-hazard(limit))

    def above(limit: float) -> float:
        return math.exp(-hazard(limit))

    low, middle, high = (scale * (-math.log1p(-p)) ** (1 / shape) for p in (TAIL, 0.5, 1 - TAIL))
    return _judged(
        Fit("weibull_2p", (shape, scale), loglik, (low, middle, high)),
        spec,
        None if spec.lsl is None else below(spec.lsl),
        None if spec.usl is None else above(spec.usl),
    )


def lognormal(values: Values, spec: Spec) -> Fit:
    """Lognormal by maximum likelihood: mean and standard deviation (divisor n) of the logarithms."""
    why = unfit(values)
    if why:
        return Fit("lognormal", None, undefined=why)
    logs = np.log(present(values))
    mu, sigma = float(logs.mean()), float(logs.std())
    loglik = float((-logs - math.log(sigma) - 0.5 * math.log(2 * math.pi) - 0.5 * ((logs - mu) / sigma) ** 2).sum())
    low, middle, high = (math.exp(mu + sigma * z) for z in (float(ndtri(TAIL)), 0.0, -float(ndtri(TAIL))))

    def below(limit: float) -> float:
        return float(ndtr((math.log(limit) - mu) / sigma)) if limit > 0 else 0.0

    def above(limit: float) -> float:
        return float(ndtr((mu - math.log(limit)) / sigma)) if limit > 0 else 1.0

    return _judged(
        Fit("lognormal", (mu, sigma), loglik, (low, middle, high)),
        spec,
        None if spec.lsl is None else below(spec.lsl),
        None if spec.usl is None else above(spec.usl),
    )


def box_cox(values: Values, spec: Spec) -> BoxCox:
    """Power of greatest likelihood between -5 and 5, and Ppk on the transformed scale.

    A lower limit at or under 0 lies below all that the transformation knows: it is left out, since no value of this
    kind can be there. An upper one there leaves no capability to speak of, and Ppk is undefined.
    """
    why = unfit(values)
    if why:
        return BoxCox(None, None, why)
    x = present(values)
    scale = math.exp(float(np.log(x).mean()))
    logs = np.log(x / scale)

    def minus_loglik(power: float) -> float:
        # About the geometric mean the Jacobian is 0: what is left is the variance.
        return 0.5 * x.size * math.log(float(_power(logs, power).var()))

    power = float(minimize_scalar(minus_loglik, bounds=LAMBDAS, method="bounded", options={"xatol": 1e-10}).x)
    y = _power(logs, power)
    mean, sd = mean_of(y), sample_sd(y)
    if mean is None or sd is None or not sd > 0:
        return BoxCox(power, None, Undefined(ZERO_SIGMA))
    limits = [None if limit is None else limit / scale for limit in (spec.lsl, spec.usl)]
    if spec.wrong or (limits[1] is not None and limits[1] <= 0):
        return BoxCox(power, None, spec.wrong or Undefined(NOT_POSITIVE, "The upper limit is not positive."))
    lower, upper = (_power(np.array([math.log(v)]), power)[0] if v is not None and v > 0 else None for v in limits)
    sides = [(mean - lower) / (3 * sd)] if lower is not None else []
    sides += [(upper - mean) / (3 * sd)] if upper is not None else []
    if not sides:
        return BoxCox(power, None, Undefined(NOT_POSITIVE, "The lower limit is not positive."))
    return BoxCox(power, float(min(sides)))


def _power(logs: Floats, power: float) -> Floats:
    """(x^power - 1) / power from ln x, shape (n,); ln x at 0."""
    if abs(power) < 1e-12:
        return logs
    return np.expm1(power * logs) / power


def _log_mean_exp(a: Floats) -> float:
    top = float(a.max())
    return top + math.log(float(np.exp(a - top).mean()))


def _judged(fit: Fit, spec: Spec, below: float | None, above: float | None) -> Fit:
    assert fit.percentiles is not None  # noqa: S101 - set by both callers
    low, middle, high = fit.percentiles
    if spec.wrong or not low < middle < high:
        return Fit(fit.name, fit.parameters, fit.loglik, fit.percentiles, undefined=spec.wrong or Undefined(ZERO_SIGMA))
    upper = None if spec.usl is None else (spec.usl - middle) / (high - middle)
    lower = None if spec.lsl is None else (middle - spec.lsl) / (middle - low)
    return Fit(
        fit.name,
        fit.parameters,
        fit.loglik,
        fit.percentiles,
        pp=None if spec.usl is None or spec.lsl is None else (spec.usl - spec.lsl) / (high - low),
        upper=upper,
        lower=lower,
        ppk=min(side for side in (upper, lower) if side is not None),
        ppm_below=None if below is None else 1e6 * below,
        ppm_above=None if above is None else 1e6 * above,
    )
