"""Phase I of every live chart: held to published figures and to loops over the definition."""

import math
from itertools import pairwise
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.plans.models import ChartType
from quality.studies.phase_one import Group, Way, judge, look, propose

# Montgomery, Introduction to Statistical Quality Control, 6th ed., table 6.6: viscosity of 15 batches of paint primer.
VISCOSITY = [33.75, 33.05, 34.00, 33.81, 33.46, 34.02, 33.68, 33.27, 33.49, 33.20, 33.62, 33.00, 33.54, 33.12, 33.84]
# Ibid., table 7.1: nonconforming cans of orange juice in 30 samples of 50.
CANS = [12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11, 20, 18, 24, 15, 9, 12, 7, 13, 9, 6]


def singles(values: list[float]) -> list[Group]:
    return [Group(place * 60_000_000, value, values=(value,)) for place, value in enumerate(values)]


def test_individuals_as_published() -> None:
    found = propose("I-MR", singles(VISCOSITY), "MR-MEAN")
    assert found.limits is not None
    assert found.limits.center == pytest.approx(33.523, abs=5e-4)
    assert found.limits.sigma * 1.1283792 == pytest.approx(0.48, abs=2e-3)
    assert found.n_values == 15


def test_a_revised_p_chart_as_published() -> None:
    """Samples 15 (another batch of cardboard) and 23 (a new operator) are left out: 0.2313 becomes 0.2150."""
    samples = [Group(place, count / 50, n=50, size=50.0) for place, count in enumerate(CANS)]
    before = look(Way("P", (1,)), samples, "NONE")
    assert before.proposed.limits is not None
    assert before.verdict is not None
    assert before.proposed.limits.center == pytest.approx(0.2313, abs=5e-5)
    assert [violation.number for violation in before.verdict.violations] == [14, 22]
    after = look(Way("P", (1,)), samples, "NONE", [14, 22])
    assert after.proposed.limits is not None
    assert after.verdict is not None
    assert after.proposed.limits.center == pytest.approx(0.2150, abs=5e-5)
    assert after.proposed.n_values == 28 * 50
    assert [violation.number for violation in after.verdict.violations] == [20]  # found, and kept, in the book as well
    assert not after.verdict.is_stable


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-1e6, 1e6).map(lambda v: round(v, 3)), min_size=2, max_size=40),
    st.sets(st.integers(0, 39), max_size=10),
)
def test_what_is_left_out_is_a_gap(values: list[float], out: set[int]) -> None:
    kept = [None if place in out else value for place, value in enumerate(values)]
    ranges = [abs(b - a) for a, b in pairwise(kept) if a is not None and b is not None]
    present = [value for value in kept if value is not None]
    found = propose("I-MR", singles(values), "MR-MEAN", out)
    if not ranges:
        assert found.limits is None
        assert found.reason
        return
    assert found.limits is not None
    assert found.limits.center == pytest.approx(fmean(present), abs=1e-6)
    assert found.limits.sigma == pytest.approx(fmean(ranges) / 1.1283791670955126, rel=1e-9)
    verdict = judge(Way("I-MR", (1,)), singles(values), found.limits, {}, out)
    center, sigma = found.limits
    expected = {
        place
        for place, value in enumerate(kept)
        if value is not None and abs(value - center) > 3 * sigma * (1 + 1e-8) + 1e-9
    }
    assert {each.number for each in verdict.violations if each.panel == "I"} == (expected if sigma > 0 else set())
    assert not {each.number for each in verdict.violations} & out
    assert verdict.n_kept == len(present)


@pytest.mark.parametrize("chart", ChartType.values)
@pytest.mark.parametrize(
    "locations",
    [
        [],
        [1.0],
        [1.0, 1.0],
        [0.0, 0.0, 0.0],
        [0.5, 0.25, 0.75, 0.5] * 6,
        [1e300, 1e308, 5.0, 1e307],
        [1e9 + 1, 1e9, 1e9],
    ],
)
def test_whatever_the_data_there_are_figures_or_a_reason(chart: str, locations: list[float]) -> None:
    groups = [
        Group(place, value, 0.1, 0.1, 2, 4.0, (value, value + 0.1)) for place, value in enumerate(locations)
    ]  # fmt: skip
    found = look(Way(chart, tuple(range(1, 9))), groups, "")
    if found.proposed.limits is None:
        assert found.proposed.reason
    else:
        assert all(math.isfinite(number) for number in (*found.proposed.limits, *found.proposed.parameters.values()))


def test_a_run_of_signals_is_one_alarm() -> None:
    values = [0.0] * 3 + [9.0, 9.0, 9.0] + [0.0] * 3 + [9.0]
    limits = propose("I-MR", singles([0, 1] * 9), "MR-MEAN").limits
    assert limits is not None
    verdict = judge(Way("I-MR", (1,)), singles(values), limits, {})
    assert [each.number for each in verdict.violations if each.panel == "I"] == [3, 4, 5, 9]
    assert verdict.runs == 2 + len({each.number for each in verdict.violations if each.panel == "MR"})
