"""How much more often a set of units failed than the others: one number by which sets of any size are ordered. Pure.

Source: M. Kulldorff, A spatial scan statistic, Commun. Statist. Theory Meth. 26 (1997): the logarithm of the Bernoulli
likelihood ratio of "the rate inside differs" against "one rate"; within strata its Poisson form with the failures
expected from the strata. One-sided: 0 where the set failed no more often than the rest.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from traceability.causes.evidence import Floats, Ints


@dataclass(frozen=True, slots=True)
class Scorer:
    """Of one analysis: numbers of units and failures, and each unit's share of failures in its stratum."""

    n_units: int
    n_failed: int
    rate: Floats
    is_stratified: bool
    logs: Floats  # k ln k

    def score(self, failed: Ints, n: Ints, expected: Floats) -> Floats:
        """Arrays of the same shape, or ones that broadcast to it."""
        if self.is_stratified:
            remaining = self.n_failed - expected
            with np.errstate(divide="ignore", invalid="ignore"):
                inside = np.asarray(xlogy(failed, failed / expected), dtype=np.float64)
                outside = xlogy(self.n_failed - failed, (self.n_failed - failed) / remaining)
            ratio = np.where((expected > 0) & (remaining > 0), inside + outside, 0.0)
            return np.where(failed > expected, np.maximum(ratio, 0.0), 0.0)
        top, logs = self.n_units, self.logs
        others = self.n_failed - failed
        good, rest = n - failed, top - n - others
        found = logs[failed] + logs[np.clip(good, 0, top)] - logs[np.clip(n, 0, top)]
        apart = logs[np.clip(others, 0, top)] + logs[np.clip(rest, 0, top)] - logs[np.clip(top - n, 0, top)]
        found = found + apart - (logs[self.n_failed] + logs[top - self.n_failed] - logs[top])
        more_often = failed * np.float64(top) > n * np.float64(self.n_failed)
        return np.where(more_often, np.maximum(found, 0.0), 0.0)


def scorer(failed: NDArray[np.bool_], groups: Ints) -> Scorer:
    n_units, n_failed = len(failed), int(failed.sum())
    sizes, failures = np.bincount(groups), np.bincount(groups, weights=failed)
    k = np.arange(n_units + 1, dtype=np.float64)
    return Scorer(n_units, n_failed, (failures / sizes)[groups], len(sizes) > 1, np.asarray(xlogy(k, k)))
