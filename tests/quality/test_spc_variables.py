"""What the published cases do not reach: varying n, gaps, ties, zero variance, offsets, small data, frozen limits."""

import math
import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.spc.constants import c4, d2, d3, range_median
from quality.spc.panels import FrozenLimits
from quality.spc.rules import find
from quality.spc.variables import (
    INDIVIDUALS_METHODS,
    SUBGROUP_METHODS,
    i_mr,
    mean_lines,
    range_lines,
    sd_lines,
    study_individuals,
    study_subgroups,
    subgroup_mean,
    subgroup_sd,
    xbar_r,
    xbar_s,
)

NAN = math.nan


def test_limits_follow_each_subgroups_size() -> None:
    groups: list[list[float | None]] = [[10.0, 12.0, 11.0], [9.0, None, 13.0], [11.5], [], [10.0, 10.5, 11.0, 12.5]]
    study = study_subgroups(groups)
    values = [v for group in groups for v in group if v is not None]
    assert study.center == pytest.approx(sum(values) / len(values))
    assert study.n_values == len(values)
    assert study.limits is not None
    center, sigma = study.limits
    assert study.sigma == pytest.approx(np.mean([2 / d2(3), 4 / d2(2), 2.5 / d2(4)]))
    pair = xbar_r(groups, study.limits)
    np.testing.assert_allclose(pair.location.points, [11, 11, 11.5, NAN, 11])
    np.testing.assert_allclose(pair.spread.points, [2, 4, NAN, NAN, 2.5])
    sizes = np.array([3.0, 2.0, 1.0, NAN, 4.0])
    np.testing.assert_allclose(pair.location.ucl, center + 3 * sigma / np.sqrt(sizes))
    np.testing.assert_allclose(pair.spread.center[[0, 1, 4]], [d2(n) * sigma for n in (3, 2, 4)])
    np.testing.assert_allclose(pair.spread.ucl[4], (d2(4) + 3 * d3(4)) * sigma)
    assert pair.spread.lcl[4] == 0  # clipped


def test_no_moving_range_spans_a_gap_and_a_gap_resets_the_run() -> None:
    values = [11.0] * 8 + [None] + [11.0] * 9
    pair = i_mr(values, FrozenLimits(10, 1))
    assert np.isnan(pair.spread.points[[0, 8, 9]]).all()
    assert find(pair.location, (2,))[2].end.tolist() == [17]
    assert study_individuals([1.0, None, 2.0, 4.0]).sigma == pytest.approx(2 / d2(2))


def test_a_point_on_a_line_is_not_beyond_it() -> None:
    # 0.1 + 3 * 0.1 and 0.7 - 3 * 0.1 are off by rounding; as decimals they are on the limit.
    for center, on_limit in ((0.1, 0.4), (0.7, 1.0), (0.7, 0.4), (1.1, 1.4), (1000000.1, 1000000.4)):
        pair = i_mr([on_limit], FrozenLimits(center, 0.1))
        assert find(pair.location, (1,))[1].end.size == 0, (center, on_limit)
    pair = i_mr([11, 11, 11, 11, 10, 11, 11, 11, 11, 11, 11, 11, 11, 11], FrozenLimits(10, 1))
    assert find(pair.location, (2,))[2].end.tolist() == [13]
    assert find(pair.location, (2,))[2].all.tolist() == list(range(5, 14))
    assert find(i_mr([13.000001, 6.999], FrozenLimits(10, 1)).location, (1,))[1].side.tolist() == [1, -1]


def test_zero_variance_draws_limits_on_the_centre_and_signals_nothing() -> None:
    for value in (0.1, 5.0, 1e9 + 0.1):
        study = study_subgroups([[value] * 3] * 12)
        assert (study.center, study.sigma) == (value, 0.0)
        pair = xbar_r([[value] * 3] * 12, study.limits)
        assert (pair.location.ucl == value).all()
        assert (pair.location.points == value).all()
        assert not any(found.end.size for found in find(pair.location, (1, 2)).values())
        assert subgroup_mean([value] * 7) == value
    frozen = i_mr([5.0, 6.0] * 10, FrozenLimits(5.0, 0.0))
    assert not any(found.end.size for found in find(frozen.location, (1, 2)).values())


def test_a_large_offset_changes_nothing() -> None:
    x = np.random.default_rng(3).integers(-400, 400, (60, 5)) / 256  # exact beside 2**30
    near, far = study_subgroups(x), study_subgroups(x + 2**30)
    assert far.sigma == near.sigma
    assert near.center is not None
    assert far.center == pytest.approx(near.center + 2**30, abs=1e-6)
    a, b = xbar_r(x, near.limits).location, xbar_r(x + 2**30, far.limits).location
    rules = range(1, 9)
    for near_by, far_off in zip(find(a, rules).values(), find(b, rules).values(), strict=True):
        assert near_by.end.tolist() == far_off.end.tolist()


@pytest.mark.parametrize("values", [[], [None], [3.0], [3.0, None, 4.0]])
def test_too_few_points_give_a_reason_instead_of_limits(values: list[float | None]) -> None:
    for study, pair in (
        (study_individuals(values), i_mr(values, None)),
        (study_subgroups([[value] for value in values]), xbar_r([[value] for value in values], None)),
    ):
        assert study.sigma is None
        assert study.limits is None
        assert study.reason
        assert pair.location.points.size == len(values)
        assert not any(
            found.end.size for panel in (pair.location, pair.spread) for found in find(panel, (1, 2)).values()
        )


def test_runs_are_not_looked_for_on_moving_ranges() -> None:
    pair = i_mr([10.0, 10.1] * 10, FrozenLimits(10, 1))
    assert list(find(pair.spread, (1, 2))) == [1]
    assert list(find(pair.location, (1, 2))) == [1, 2]


LIMITS = FrozenLimits(10.0, 1.0)
one_value = st.one_of(st.none(), st.sampled_from([7.0, 10.0, 13.0, 6.9, 13.1, 9.5, 10.5]), st.floats(5, 15))
some_groups = st.lists(st.lists(one_value, max_size=5), max_size=25)
offsets = st.sampled_from([0.0, 0.0, -1e6, 1e9])


def _sigma(groups: list[list[float]], method: str) -> float | None:
    """Each method as its formula reads, by plain loops."""
    groups = [group for group in groups if len(group) > 1]
    if not groups:
        return None
    sizes = [len(group) for group in groups]
    ranges = [max(group) - min(group) for group in groups]
    sds = [statistics.stdev(group) for group in groups]
    freedom = sum(n - 1 for n in sizes)
    pooled = math.sqrt(sum((n - 1) * s * s for n, s in zip(sizes, sds, strict=True)) / freedom)
    f = [(d2(n) / d3(n)) ** 2 for n in sizes]
    h = [c4(n) ** 2 / (1 - c4(n) ** 2) for n in sizes]
    by_range = [r / d2(n) for r, n in zip(ranges, sizes, strict=True)]
    by_sd = [s / c4(n) for s, n in zip(sds, sizes, strict=True)]
    return {
        "UWAVE-R": sum(by_range) / len(groups),
        "UWAVE-SD": sum(by_sd) / len(groups),
        "MVLUE-R": sum(w * x for w, x in zip(f, by_range, strict=True)) / sum(f),
        "MVLUE-SD": sum(w * x for w, x in zip(h, by_sd, strict=True)) / sum(h),
        "RMSDF": pooled / c4(freedom + 1),
        "POOLED": pooled,
    }[method]


@settings(max_examples=150, deadline=None)
@given(groups=some_groups, offset=offsets, method=st.sampled_from(SUBGROUP_METHODS), data=st.data())
def test_the_study_of_subgroups_equals_plain_loops(
    groups: list[list[float | None]], offset: float, method: str, data: st.DataObject
) -> None:
    shifted = [[None if value is None else value + offset for value in group] for group in groups]
    places = data.draw(st.lists(st.integers(0, len(groups) - 1), unique=True)) if groups else []
    study = study_subgroups(shifted, method=method, chosen=np.array(sorted(places), np.int64))
    kept = [[value for value in shifted[place] if value is not None] for place in sorted(places)]
    values = [value for group in kept for value in group]
    assert study.n_values == len(values)
    assert study.center == (pytest.approx(statistics.fmean(values), abs=1e-6) if values else None)
    expected = _sigma(kept, method)
    if expected is None:
        assert study.sigma is None
        assert study.reason
    else:
        assert study.sigma == pytest.approx(expected, rel=1e-6, abs=1e-6 if offset else 1e-12)


@settings(max_examples=100, deadline=None)
@given(values=st.lists(one_value, max_size=40), span=st.integers(2, 4), method=st.sampled_from(INDIVIDUALS_METHODS))
def test_the_study_of_individuals_and_its_moving_ranges_equal_plain_loops(
    values: list[float | None], span: int, method: str
) -> None:
    chart = i_mr(values, LIMITS, span=span, k=2.5)
    ranges = []
    for place in range(len(values)):
        window = values[max(0, place - span + 1) : place + 1]
        known = [value for value in window if value is not None]
        full = len(known) == span
        if full:
            ranges.append(max(known) - min(known))
            assert chart.spread.points[place] == pytest.approx(ranges[-1])
            assert chart.spread.ucl[place] == pytest.approx(d2(span) + 2.5 * d3(span))
        else:
            assert math.isnan(chart.spread.points[place])
    study = study_individuals(values, span=span, method=method)
    if not ranges:
        assert (study.sigma, bool(study.reason)) == (None, True)
    elif method == "MR-MEAN":
        assert study.sigma == pytest.approx(statistics.fmean(ranges) / d2(span))
    else:
        assert study.sigma == pytest.approx(statistics.median(ranges) / range_median(span))


@settings(max_examples=100, deadline=None)
@given(groups=some_groups, k=st.sampled_from([3.0, 2.0]))
def test_the_charts_of_subgroups_equal_plain_loops(groups: list[list[float | None]], k: float) -> None:
    by_range, by_sd = xbar_r(groups, LIMITS, k=k), xbar_s(groups, LIMITS, k=k)
    for place, group in enumerate(groups):
        present = [value for value in group if value is not None]
        for chart in (by_range, by_sd):
            means, spread = chart.location, chart.spread
            if not present:
                assert math.isnan(means.points[place] + spread.points[place])
                continue
            assert means.points[place] == pytest.approx(subgroup_mean(present), rel=1e-14)
            assert means.ucl[place] == mean_lines(LIMITS, len(present), k).ucl
            if len(present) < 2:
                assert math.isnan(spread.points[place])
        if len(present) > 1:
            assert by_range.spread.points[place] == max(present) - min(present)
            assert by_range.spread.ucl[place] == range_lines(LIMITS, len(present), k).ucl
            assert by_sd.spread.points[place] == pytest.approx(subgroup_sd(present), abs=1e-12)
            assert by_sd.spread.points[place] == pytest.approx(statistics.stdev(present), abs=1e-9)
            assert by_sd.spread.lcl[place] == sd_lines(LIMITS, len(present), k).lcl >= 0


def test_the_median_of_a_range_is_where_half_of_them_lie() -> None:
    draws = np.ptp(np.random.default_rng(5).normal(size=(200_000, 4)), axis=1)
    assert range_median(4) == pytest.approx(np.median(draws), rel=5e-3)
    assert range_median(2) == pytest.approx(math.sqrt(2) * statistics.NormalDist().inv_cdf(0.75), abs=5e-5)


def test_values_near_the_end_of_the_number_range_are_no_points_and_no_limits() -> None:
    for values in ([1e308, -1e308] * 5, [1e308] * 10, [math.inf, 1.0, 2.0]):
        study = study_individuals(values)
        chart = i_mr(values, study.limits)
        xbar_s([values[:5], values[5:]], study_subgroups([values[:5], values[5:]], method="RMSDF").limits)
        for panel in chart.panels:
            assert not any(np.isinf(line).any() for line in (panel.points, panel.center, panel.lcl, panel.ucl))


def test_a_method_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="is estimated by"):
        study_individuals([1.0], method="UWAVE-R")
    with pytest.raises(ValueError, match="is estimated by"):
        study_subgroups([[1.0]], method="SD")
    with pytest.raises(ValueError, match="at least two"):
        i_mr([1.0], LIMITS, span=1)
