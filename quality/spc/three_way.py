"""The three-way chart (between/within) for batch lines: I and MR of the subgroups' means, R or S inside them. Pure.

A healthy batch process varies more between batches than inside one, so limits of means from the range inside fire on
most batches. Here those of the means come from their own moving ranges (Wheeler's chart for batches; I-MR-R/S):
sigma_mean = mean(MR of means) / d2(2), sigma_between^2 = sigma_mean^2 - sigma_within^2 mean(1/n_i), 0 where negative,
and sigma_between_within^2 = sigma_between^2 + sigma_within^2, that of single values.
"""

import math
from dataclasses import dataclass

import numpy as np

from quality.spc.panels import WIDTH, Chart, Chosen, FrozenLimits, Study, Subgroups
from quality.spc.variables import (
    MR_MEAN,
    UWAVE_R,
    i_mr,
    study_individuals,
    study_subgroups,
    subgroup_means,
    xbar_r,
    xbar_s,
)


@dataclass(frozen=True)
class ThreeWayStudy:
    """What phase I found. A sigma is None where the data cannot tell, and `reason` says why."""

    center: float | None  # mean of the subgroups' means
    sigma_mean: float | None
    sigma_within: float | None
    sigma_between: float | None
    sigma_between_within: float | None
    n_values: int
    method: str  # of sigma_within
    reason: str = ""

    @property
    def limits(self) -> FrozenLimits | None:
        """Centre and sigma within; sigma_mean is frozen beside them."""
        return Study(self.center, self.sigma_within, self.n_values, self.method).limits


def study_three_way(
    subgroups: Subgroups, *, method: str = UWAVE_R, mr_method: str = MR_MEAN, span: int = 2, chosen: Chosen = None
) -> ThreeWayStudy:
    """Phase I; subgroups of any lengths, chosen: the ones that count. An empty subgroup breaks the moving range."""
    means, n = subgroup_means(subgroups)
    between = study_individuals(means, method=mr_method, span=span, chosen=chosen)
    within = study_subgroups(subgroups, method=method, chosen=chosen)
    counted = (n if chosen is None else n[chosen]).astype(np.float64)
    counted = counted[counted > 0]
    both = between.sigma, within.sigma
    if both[0] is None or both[1] is None:
        alone = both[1] if both[0] is None else both[0]
        reason = between.reason if both[0] is None else within.reason
        sigma_mean, sigma_within = (None, alone) if both[0] is None else (alone, None)
        return ThreeWayStudy(between.center, sigma_mean, sigma_within, None, None, within.n_values, method, reason)
    variance = max(0.0, both[0] ** 2 - both[1] ** 2 * float((1 / counted).mean()))
    return ThreeWayStudy(
        between.center,
        both[0],
        both[1],
        math.sqrt(variance),
        math.sqrt(variance + both[1] ** 2),
        within.n_values,
        method,
    )


def i_mr_r(
    subgroups: Subgroups, limits: FrozenLimits | None, sigma_mean: float | None, *, k: float = WIDTH, span: int = 2
) -> Chart:
    """Means as individuals on (centre, sigma_mean), ranges on (centre, sigma within)."""
    return _three("I-MR-R", subgroups, limits, sigma_mean, k=k, span=span)


def i_mr_s(
    subgroups: Subgroups, limits: FrozenLimits | None, sigma_mean: float | None, *, k: float = WIDTH, span: int = 2
) -> Chart:
    """Means as individuals on (centre, sigma_mean), standard deviations on (centre, sigma within)."""
    return _three("I-MR-S", subgroups, limits, sigma_mean, k=k, span=span)


def _three(
    kind: str, subgroups: Subgroups, limits: FrozenLimits | None, sigma_mean: float | None, *, k: float, span: int
) -> Chart:
    means, _ = subgroup_means(subgroups)
    of_means = None if limits is None or sigma_mean is None else FrozenLimits(limits.center, sigma_mean)
    between = i_mr(means, of_means, k=k, span=span)
    within = (xbar_r if kind == "I-MR-R" else xbar_s)(subgroups, limits, k=k)
    return Chart(kind, (*between.panels, within.spread), {"sigma_mean": sigma_mean})
