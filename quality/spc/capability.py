"""Process capability of normal data: indices on the sigma within subgroups and on the total one, with intervals.

Within: Cp, Cpk, Cpm; total (sample standard deviation, n - 1): Pp, Ppk and the Cpm on it, Ppm. Cp = (USL - LSL) /
(k sigma) with k = 6, Cpk = min(USL - mean, mean - LSL) / (k/2 sigma), Cpm = (USL - LSL) / (k tau) with
tau^2 = sigma^2 + (mean - target)^2 (Chan, Cheng, Spiring 1988); the target is the middle unless given.
Intervals: Cp by chi-square (Kane 1986), Cpk by Bissell (1990), Cpm by Boyles (1991) and in the variant of R's qcc.
Values and limits are in the unit of the characteristic; ppm is parts per million. Nothing is ever inf or NaN: what
cannot be said is None, and `undefined` says why.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.special import chdtri, ndtr, ndtri

from quality.spc.errors import NO_SIGMA, NO_SPEC_LIMIT, SPEC_LIMITS_CROSS, TOO_FEW_VALUES, ZERO_SIGMA, Undefined
from quality.spc.panels import Floats, Values

Interval = tuple[float, float]

# Naming conventions of a report: ours (AIAG SPC 2nd edition 2005), AIAG-VDA 2026, Minitab.
AIAG_2005, AIAG_VDA_2026, MINITAB = "AIAG2005", "AIAG-VDA2026", "Minitab"
_NO_SPREAD = 1e-60  # of the largest number at hand: indices on less would overflow

NAMINGS = (AIAG_2005, AIAG_VDA_2026, MINITAB)


class Spec(NamedTuple):
    """Specification of a characteristic; a limit that does not exist is None."""

    lsl: float | None = None
    usl: float | None = None
    target: float | None = None

    @property
    def two_sided(self) -> bool:
        return self.lsl is not None and self.usl is not None

    @property
    def aim(self) -> float | None:
        """The target, else the middle of the two limits."""
        if self.target is not None or self.lsl is None or self.usl is None:
            return self.target
        return self.lsl + (self.usl - self.lsl) / 2

    @property
    def wrong(self) -> Undefined | None:
        """Why no capability can be told with these limits."""
        if self.lsl is None and self.usl is None:
            return Undefined(NO_SPEC_LIMIT)
        if self.lsl is not None and self.usl is not None and not self.lsl < self.usl:
            return Undefined(SPEC_LIMITS_CROSS, f"LSL {self.lsl:g} is not below USL {self.usl:g}.")
        return None


@dataclass(frozen=True)
class Indices:
    """Indices on one sigma. `potential` is Cp or Pp, `actual` Cpk or Ppk, `on_target` Cpm; ppm are expected parts."""

    sigma: float | None
    upper: float | None = None
    lower: float | None = None
    potential: float | None = None
    potential_ci: Interval | None = None
    potential_ci_df_within: Interval | None = None
    actual: float | None = None
    actual_ci: Interval | None = None
    actual_ci_df_within: Interval | None = None
    on_target: float | None = None
    on_target_ci_qcc_df: Interval | None = None
    on_target_ci_boyles_df: Interval | None = None
    ppm_below: float | None = None
    ppm_above: float | None = None
    undefined: Undefined | None = None


@dataclass(frozen=True)
class Capability:
    """What `capability` found. `undefined` names why there is no figure at all; else each side has its own reason."""

    n: int
    mean: float | None
    spec: Spec
    confidence: float
    k_sigma: float
    within: Indices
    overall: Indices
    observed_ppm_below: float | None = None
    observed_ppm_above: float | None = None
    df_within: float | None = None
    undefined: Undefined | None = None


def present(values: Values) -> Floats:
    """The values that are there, flat: shape (n,)."""
    flat = np.array(values, dtype=np.float64).ravel()
    return flat[np.isfinite(flat)]


def mean_of(x: Floats) -> float | None:
    """Mean of shape (n,); equal values give exactly that value, at any offset. None for no values."""
    if not x.size:
        return None
    return float(x[0] + (x - x[0]).mean())


def sample_sd(x: Floats) -> float | None:
    """Sample standard deviation (n - 1) of shape (n,). None for fewer than two values."""
    if x.size < 2:
        return None
    return float(np.std(x - x[0], ddof=1))


def within_df(method: str, sizes: Sequence[int]) -> float | None:
    """Degrees of freedom of a sigma within, by its method: 0.9 sum(n_i - 1) for ranges, 0.62 (n - 1) for moving ones.

    `sizes` are the subgroup sizes, one 1 for each individual value. The share for standard deviations is the variance
    of an sd with the unbiasing constant against the best estimator, as tabled by Bissell (0.88 at n = 2 to 1);
    0.32 (n - 1) is for the median moving range; pooled sd has all sum(n_i - 1). None where it is not positive.
    """
    name = method.upper()
    sized = [size for size in sizes if size >= 2]
    total = sum(size - 1 for size in sized)
    if not sized:
        count = sum(1 for size in sizes if size == 1)
        df = (0.32 if "MEDIAN" in name else 0.62) * (count - 1)
    elif "POOLED" in name or "RMSDF" in name:
        df = float(total)
    elif name.endswith("SD"):
        df = sum((size - 1) * _share_of_sd(size) for size in sized)
    else:
        df = 0.9 * total
    return df if df > 0 else None


def _share_of_sd(n: int) -> float:
    steps = ((2, 0.88), (3, 0.92), (4, 0.94), (5, 0.95), (7, 0.96), (9, 0.97), (17, 0.98), (64, 0.99))
    return next((share for top, share in steps if n <= top), 1.0)


def cp_interval(cp: float, df: float, confidence: float) -> Interval:
    """Of a Cp or Pp: cp sqrt(chi2 / df) at both tails."""
    tail = (1 - confidence) / 2
    # chdtri takes the upper tail.
    low, high = (math.sqrt(float(chdtri(df, upper)) / df) for upper in (1 - tail, tail))
    return cp * low, cp * high


def cpk_interval(cpk: float, n: int, df: float, confidence: float) -> Interval:
    """Of a Cpk or Ppk (Bissell 1990): cpk +- z sqrt(1 / (9 n) + cpk^2 / (2 df))."""
    half = float(ndtri((1 + confidence) / 2)) * math.sqrt(1 / (9 * n) + cpk * cpk / (2 * df))
    return cpk - half, cpk + half


def capability(
    values: Values,
    sigma_within: float | None,
    spec: Spec,
    *,
    df_within: float | None = None,
    confidence: float = 0.95,
    k_sigma: float = 6.0,
    mean: float | None = None,
) -> Capability:
    """Capability of `values` (any shape, None or NaN missing) against `spec`, with sigma within as a study found it.

    `df_within`: see `within_df`. `mean`: instead of that of the values. Never raises for data: see `undefined`.
    """
    x = present(values)
    center = mean if mean is not None else mean_of(x)
    total = sample_sd(x)
    if center is None or spec.wrong:
        reason = spec.wrong or Undefined(TOO_FEW_VALUES, "There is no value.")
        within, overall = Indices(sigma_within, undefined=reason), Indices(total, undefined=reason)
        return Capability(x.size, center, spec, confidence, k_sigma, within, overall, None, None, df_within, reason)
    asked = _Asked(center, x.size, spec, confidence, k_sigma)
    return Capability(
        x.size,
        center,
        spec,
        confidence,
        k_sigma,
        _indices(asked, sigma_within, df_within, Undefined(NO_SIGMA)),
        _indices(asked, total, None, Undefined(TOO_FEW_VALUES, "A total sigma needs two values.")),
        observed_ppm_below=None if spec.lsl is None or not x.size else 1e6 * float((x < spec.lsl).mean()),
        observed_ppm_above=None if spec.usl is None or not x.size else 1e6 * float((x > spec.usl).mean()),
        df_within=df_within,
    )


class _Asked(NamedTuple):
    mean: float
    n: int
    spec: Spec
    confidence: float
    k_sigma: float


def _indices(asked: _Asked, sigma: float | None, df_within: float | None, without_sigma: Undefined) -> Indices:
    mean, n, spec, confidence, k_sigma = asked
    if sigma is None:
        return Indices(None, undefined=without_sigma)
    # Against a width of the same unit; what is left of a constant by rounding is no spread either.
    least = _NO_SPREAD * max(abs(limit) for limit in (spec.lsl, spec.usl, mean) if limit is not None)
    if not sigma > least or not math.isfinite(sigma):
        return Indices(sigma, undefined=Undefined(ZERO_SIGMA))
    half = k_sigma / 2 * sigma
    upper = None if spec.usl is None else (spec.usl - mean) / half
    lower = None if spec.lsl is None else (mean - spec.lsl) / half
    actual = min(side for side in (upper, lower) if side is not None)
    enough = n >= 2
    one_sided = Indices(
        sigma,
        upper=upper,
        lower=lower,
        actual=actual,
        actual_ci=cpk_interval(actual, n, n - 1, confidence) if enough else None,
        actual_ci_df_within=cpk_interval(actual, n, df_within, confidence) if df_within and n else None,
        ppm_above=None if spec.usl is None else 1e6 * float(ndtr((mean - spec.usl) / sigma)),
        ppm_below=None if spec.lsl is None else 1e6 * float(ndtr((spec.lsl - mean) / sigma)),
    )
    if spec.lsl is None or spec.usl is None or spec.aim is None:
        return one_sided
    potential = (spec.usl - spec.lsl) / (k_sigma * sigma)
    off = ((mean - spec.aim) / sigma) ** 2
    on_target = potential / math.sqrt(1 + off)
    return replace(
        one_sided,
        potential=potential,
        potential_ci=cp_interval(potential, n - 1, confidence) if enough else None,
        potential_ci_df_within=cp_interval(potential, df_within, confidence) if df_within else None,
        on_target=on_target,
        on_target_ci_qcc_df=cp_interval(on_target, n * (1 + off) / (1 + 2 * off), confidence) if enough else None,
        on_target_ci_boyles_df=cp_interval(on_target, n * (1 + off) ** 2 / (1 + 2 * off), confidence)
        if enough
        else None,
    )


def labels(naming: str, stable: bool) -> dict[str, str]:
    """What a report calls each index under a convention: {"cp": "Cp", "cpk": "Cpk", "pp": "Pp", ...}.

    AIAG-VDA 2026 keeps C for a process in control and P for one that is not, on the total sigma both times, and calls
    the within indices Cw and Cwk. Raises KeyError for a convention that is not one of NAMINGS.
    """
    plain = {"cp": "Cp", "cpk": "Cpk", "cpm": "Cpm (within)", "pp": "Pp", "ppk": "Ppk", "ppm": "Cpm"}
    total = {"pp": "Cp", "ppk": "Cpk"} if stable else {"pp": "Pp", "ppk": "Ppk"}
    return {
        AIAG_2005: plain,
        MINITAB: plain,
        AIAG_VDA_2026: plain | {"cp": "Cw", "cpk": "Cwk"} | total,
    }[naming]
