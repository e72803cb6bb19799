"""Estimated changes against plain loops over the likelihoods, and what a window of suspect points promises."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from quality.spc.change_points import (
    DROP,
    Change,
    change_of_mean,
    change_of_scale,
    first_verified,
    is_verified,
    last_verified,
    suspect_from,
)

VALUES = st.lists(st.one_of(st.floats(-6, 6), st.just(math.nan)), min_size=1, max_size=25)


def best_likelihood(z: list[float], start: int, *, drifts: bool, side: int) -> float:
    """Log likelihood of the best change from `start` on above that of no change, by its definition."""
    points = [
        (n - start + 1 if drifts else 1.0, value) for n, value in enumerate(z) if n >= start and not math.isnan(value)
    ]
    if math.isnan(z[start]):
        return 0.0
    size = sum(w * x for w, x in points) / sum(w * w for w, _ in points)
    if side * size < 0:
        return 0.0
    none = sum(stats.norm.logpdf(x) for _, x in points)
    return float(sum(stats.norm.logpdf(x - w * size) for w, x in points) - none)


@given(VALUES, st.sampled_from([-1, 0, 1]))
def test_the_change_is_the_most_likely_one_of_all_steps_and_drifts(z: list[float], side: int) -> None:
    found = change_of_mean(z, side)
    by_model = {
        model: [best_likelihood(z, n, drifts=model == "DRIFT", side=side) for n in range(len(z))]
        for model in ("STEP", "DRIFT")
    }
    best = max(max(values) for values in by_model.values())
    if found is None:
        assert best == pytest.approx(0, abs=1e-9)
        return
    assert found.support == pytest.approx(best, abs=1e-9)
    assert by_model[found.model][found.place] == pytest.approx(best, abs=1e-9)
    possible = [n for values in by_model.values() for n, value in enumerate(values) if value >= best - DROP + 1e-9]
    assert found.earliest <= min(possible) and found.earliest <= found.place
    assert max(values[found.earliest] for values in by_model.values()) >= best - DROP - 1e-9 or found.earliest == min(
        possible
    )


@pytest.mark.slow
@given(st.lists(st.floats(0.01, 20), min_size=1, max_size=20), st.integers(1, 6))
def test_a_change_of_scale_is_the_most_likely_one(ratios: list[float], df: int) -> None:
    def likelihood(start: int) -> float:
        q = ratios[start:]
        v = sum(q) / len(q)
        # s^2 / sigma^2 is chi-square over df, times the ratio of the variances.
        return float(sum(stats.chi2.logpdf(df * x / v, df) - math.log(v) - stats.chi2.logpdf(df * x, df) for x in q))

    found = change_of_scale(ratios, [df] * len(ratios))
    best = max(likelihood(n) for n in range(len(ratios)))
    assert (found.support if found else 0.0) == pytest.approx(best, abs=1e-7)


def test_a_plain_step_and_a_plain_drift_are_found_where_they_begin() -> None:
    step = change_of_mean([0.1, -0.2, 0.0, 0.2, -0.1, 3.0, 2.9, 3.2], 1)
    assert step is not None and (step.model, step.place) == ("STEP", 5) and step.size == pytest.approx(3.03, abs=0.01)
    drift = change_of_mean([0.1, -0.2, 0.0, 0.2, -0.1, 0.6, 1.1, 1.6, 1.9, 2.6, 3.0], 1)
    assert (
        drift is not None and (drift.model, drift.place) == ("DRIFT", 5) and drift.size == pytest.approx(0.5, abs=0.02)
    )
    assert change_of_mean([1.0, math.nan], -1) is None and change_of_mean([]) is None
    assert change_of_scale([math.nan, 1.0], [1, 0]) is None


def test_points_verify_when_none_signals_and_their_mean_is_near_the_centre() -> None:
    assert (
        is_verified([0.5, -0.5, 0.9])
        and not is_verified([2, 2, 2])
        and not is_verified([])
        and not is_verified([math.nan])
    )
    z = [0.0, 0.1, 0.0, 2.5, 0.0, 0.2, 3.5]
    broken = [False, False, False, True, False, False, True]
    assert last_verified(z, broken, 3) == 0
    assert last_verified(z, broken, 2) == 4
    assert last_verified(z, broken, 0) is None
    assert first_verified([0.1, 3.2, 0.0, 0.4], [False, True, False, False], 2) == 3
    assert first_verified([0.1], [False], 2) is None


def test_what_is_suspect_reaches_back_to_the_last_verification_at_least() -> None:
    z = [0.0, 0.1, 0.2, -0.1, 0.0, 2.0, 2.2, 3.4]
    broken = [False] * 7 + [True]
    change = Change("STEP", 5, 5, 2.5, 9.0)
    assert suspect_from(change, z, broken, 7, 0).place == 5
    found = suspect_from(change, z, broken, 7, 3)
    assert (found.place, found.verified) == (3, 3)
    # Never verified: everything is suspect.
    assert suspect_from(change, z, [True] * 8, 7, 3).place == 0
    assert suspect_from(None, z, broken, 6, 0).place == 6
