"""Charts of counts, EWMA and CUSUM, three-way, short runs, g, t, T2 and MEWMA against plain loops.

What loops are held against: gaps, sizes that vary, points on a limit, no variance at all, large offsets, small data.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.spc import attributes, multivariate, rare, short_run, smoothing, three_way
from quality.spc.constants import d2
from quality.spc.panels import Chart, FrozenLimits, Panel
from quality.spc.rules import find
from quality.spc.variables import study_individuals, study_subgroups, xbar_r

# The published cases run in test_spc_cases each time; these loops over random series in `make test-all`.
pytestmark = pytest.mark.slow

NAN = math.nan
Number = float | None

sizes = st.sampled_from([1.0, 2.0, 10.0, 50.0, 200.0])
counts = st.one_of(st.none(), st.integers(-1, 60).map(float))
sampled = st.lists(st.tuples(counts, st.one_of(st.none(), st.just(0.0), sizes)), max_size=30)
values = st.lists(st.one_of(st.none(), st.floats(-5, 5), st.sampled_from([0.0, 1.0, 3.0])), max_size=40)
offsets = st.sampled_from([0.0, 1e9, -1e9])


def _same(got: Sequence[float] | np.ndarray, expected: Sequence[Number], scale: float = 1.0) -> None:
    wanted = [NAN if value is None else value for value in expected]
    np.testing.assert_allclose(np.asarray(got), wanted, rtol=1e-9, atol=1e-9 * scale)


def _finite(chart: Chart) -> None:
    """A number or a gap everywhere, and no limit on the wrong side of the centre."""
    for panel in chart.panels:
        for line in (panel.points, panel.center, panel.lcl, panel.ucl, panel.error):
            assert not np.isinf(line).any()
        with np.errstate(invalid="ignore"):
            assert not ((panel.lcl > panel.center) | (panel.center > panel.ucl)).any()


def _usable(kind: str, count: Number, size: Number) -> bool:
    if count is None or size is None or count < 0 or not size > 0:
        return False
    return kind == "U" or count <= size


def _steps(kind: str, rows: list[tuple[Number, Number]], center: float, single: float) -> list[float]:
    """Differences between neighbouring standardised points."""
    z = [
        (c / s - center) / math.sqrt(single / s) if single > 0 and c is not None and s and _usable(kind, c, s) else None
        for c, s in rows
    ]
    return [abs(b - a) for a, b in pairwise(z) if a is not None and b is not None]


@settings(max_examples=60, deadline=None)
@given(sampled, st.sampled_from(["P", "NP", "U"]), st.booleans())
def test_charts_of_counts_are_what_a_loop_draws(rows: list[tuple[Number, Number]], kind: str, laney: bool) -> None:
    x, n = [row[0] for row in rows], [row[1] for row in rows]
    good = [(c, s) for c, s in rows if c is not None and s is not None and _usable(kind, c, s)]
    study = attributes.study_rates(x, n) if kind == "U" else attributes.study_shares(x, n)
    if not good:
        assert study.center is None
        assert study.reason
        _finite(attributes.u(x, n, study.limits))
        return
    center = sum(c for c, _ in good) / sum(s for _, s in good)
    assert study.center == pytest.approx(center, rel=1e-12, abs=1e-15)
    single = max(0.0, center if kind == "U" else center * (1 - center))
    widening = 1.0
    if laney and kind != "NP":
        steps = _steps(kind, rows, center, single)
        found = attributes.study_overdispersion(kind, x, n, study.limits)
        assert (found.sigma_z is None) == (not steps)
        if found.sigma_z is None:
            assert found.reason
            return
        widening = sum(steps) / len(steps) / d2(2)
        assert found.sigma_z == pytest.approx(widening, rel=1e-9)
    if kind == "NP":
        chart = attributes.np_(x, n, study.limits)
    else:
        chart = (attributes.p if kind == "P" else attributes.u)(x, n, study.limits, sigma_z=widening)
    expected: list[list[Number]] = [[], [], [], []]
    beyond = []
    for place, (c, s) in enumerate(rows):
        if c is None or s is None or not _usable(kind, c, s):
            for line in expected:
                line.append(None)
            continue
        unit = s if kind == "NP" else 1.0
        error = 3 * widening * math.sqrt(single / s)
        low, high = max(0.0, center - error), center + error if kind == "U" else min(1.0, center + error)
        for line, value in zip(expected, (c / s, center, low, high), strict=True):
            line.append(value * unit)
        if single > 0 and widening > 0 and (c / s > high + 1e-9 or c / s < low - 1e-9):
            beyond.append(place)
    panel = chart.location
    for got, line in zip((panel.points, panel.center, panel.lcl, panel.ucl), expected, strict=True):
        _same(got, line)
    assert find(panel, (1,))[1].end.tolist() == beyond
    _finite(chart)
    told = attributes.impossible(kind, x, n)
    assert set(told) == {i for i, (c, s) in enumerate(rows) if c is not None and not _usable(kind, c, s)}


def test_a_share_on_its_limit_is_not_beyond_it_and_no_limit_leaves_the_possible_range() -> None:
    panel = attributes.p([80, 81, 20, 19], 100, FrozenLimits(0.5, 0.5), k=6).location
    assert find(panel, (1,))[1].end.tolist() == [1, 3]
    small = attributes.p([0, 1], [5, 5], FrozenLimits(0.9, 0.3)).location
    assert (small.ucl == 1).all()
    assert (attributes.c([0, 3], FrozenLimits(2.0, math.sqrt(2))).location.lcl == 0).all()
    nothing = attributes.p([0, 0, 1], [50, 50, 50], FrozenLimits(0.0, 0.0)).location
    assert (nothing.ucl == 0).all()
    assert not find(nothing, (1, 2))[1].end.size


@settings(max_examples=60, deadline=None)
@given(values, offsets, st.sampled_from([0.1, 0.3, 1.0]), st.booleans(), st.booleans())
def test_an_ewma_is_what_a_loop_draws(x: list[Number], offset: float, weight: float, exact: bool, sized: bool) -> None:
    x = [None if value is None else value + offset for value in x]
    n = [place % 3 for place in range(len(x))] if sized else [1] * len(x)  # 0: an empty subgroup, no point
    limits = FrozenLimits(offset, 1.5)
    panel = smoothing.ewma(x, limits, n=n, weight=weight, width=2.7, exact=exact).location
    z, i = offset, 0
    points: list[Number] = []
    high: list[Number] = []
    for value, size in zip(x, n, strict=True):
        if value is None or size == 0:
            points.append(None)
            high.append(None)
            continue
        i += 1
        z = weight * value + (1 - weight) * z
        part = weight / (2 - weight) * (1 - (1 - weight) ** (2 * i) if exact else 1)
        points.append(z)
        high.append(offset + 2.7 * 1.5 / math.sqrt(size) * math.sqrt(part))
    _same(panel.points, points, max(1.0, abs(offset)))
    _same(panel.ucl, high, max(1.0, abs(offset)))
    _finite(smoothing.ewma(x, limits, n=n))


@settings(max_examples=60, deadline=None)
@given(values, offsets, st.sampled_from([0.0, 0.25, 0.5]), st.sampled_from([0.0, 2.5]))
def test_a_cusum_is_what_a_loop_draws(x: list[Number], offset: float, k: float, start: float) -> None:
    x = [None if value is None else round(value * 64) / 64 + offset for value in x]  # exact beside the offset
    chart = smoothing.cusum(x, FrozenLimits(offset, 0.5), k=k, h=4, head_start=start)
    upper: list[Number] = []
    lower: list[Number] = []
    high = low = start
    for value in x:
        if value is None:
            upper.append(None)
            lower.append(None)
            continue
        score = (value - offset) / 0.5
        high, low = max(0, high + score - k), max(0, low - score - k)
        upper.append(high)
        lower.append(low)
    _same(chart.panel("C+").points, upper)
    _same(-chart.panel("C-").points, lower)
    assert find(chart.panel("C+"), (1,))[1].end.tolist() == [
        i for i, value in enumerate(upper) if value is not None and value > 4 + 1e-8
    ]
    assert set(find(chart.panel("C-"), (1,))[1].side.tolist()) <= {-1}


def test_without_sigma_there_are_no_sums_and_a_constant_series_signals_nothing() -> None:
    for limits in (FrozenLimits(5.0, 0.0), None):
        chart = smoothing.cusum([5.0, 6.0, None], limits)
        assert chart.facts["undefined"]
        assert np.isnan(chart.location.points).all()
    panel = smoothing.ewma([5.0] * 30, FrozenLimits(5.0, 0.0)).location
    assert (panel.ucl == 5).all()
    assert not find(panel, (1,))[1].end.size
    assert np.isnan(smoothing.ewma([1.0, 2.0], None).location.points).all()
    for wrong in (0.0, 1.5, NAN):
        with pytest.raises(ValueError, match="lambda"):
            smoothing.ewma([1.0], FrozenLimits(0, 1), weight=wrong)


groups = st.lists(st.lists(st.one_of(st.none(), st.integers(-40, 40).map(float)), max_size=5), max_size=20)


@settings(max_examples=50, deadline=None)
@given(groups, st.sampled_from([0.0, 2.0**30]))
def test_the_three_way_chart_takes_the_limits_of_means_from_their_own_ranges(
    data: list[list[Number]], offset: float
) -> None:
    data = [[None if value is None else value + offset for value in group] for group in data]
    study = three_way.study_three_way(data)
    chart = three_way.i_mr_r(data, study.limits, study.sigma_mean)
    kept = [[value for value in group if value is not None] for group in data]
    means = [sum(v - offset for v in group) / len(group) if group else None for group in kept]
    moves = [abs(b - a) for a, b in pairwise(means) if a is not None and b is not None]
    ranges = [(max(group) - min(group)) / d2(len(group)) for group in kept if len(group) > 1]
    _same(chart.panel("I").points - offset, means, max(1.0, offset * 1e-3))
    if not moves or not ranges:
        assert study.sigma_between is None
        assert study.reason
        return
    mean_sigma, within = sum(moves) / len(moves) / d2(2), sum(ranges) / len(ranges)
    share = [1 / len(group) for group in kept if group]
    between = max(0.0, mean_sigma**2 - within**2 * sum(share) / len(share))
    assert study.sigma_mean == pytest.approx(mean_sigma, rel=1e-6, abs=1e-6)
    assert study.sigma_within == pytest.approx(within, rel=1e-9, abs=1e-12)
    assert study.sigma_between_within == pytest.approx(math.sqrt(between + within**2), rel=1e-6, abs=1e-6)
    _finite(chart)
    _finite(three_way.i_mr_s(data, study.limits, study.sigma_mean))


def test_short_runs_are_charted_as_deviations_from_each_parts_nominal() -> None:
    data: list[list[Number]] = [[25.1, 24.9, None], [40.2, 40.0, 40.1], [25.0], [7.0, 7.2]]
    off = short_run.deviations(data, short_run.nominals(["A", "B", "A", "C"], {"A": 25.0, "B": 40.0}))
    assert [len(group) for group in off] == [3, 3, 1, 0]  # a part without a nominal is a gap, not an error
    study = study_subgroups(off)
    assert study.sigma == pytest.approx((0.2 / d2(2) + 0.2 / d2(3)) / 2)
    panel = xbar_r(off, study.limits).location
    _same(panel.points, [0.0, 0.1, 0.0, None])
    assert short_run.sigma_by_part(data, ["A", "B", "A", "C"])["A"] == pytest.approx(0.2 / d2(2))
    with pytest.raises(ValueError, match="nominals"):
        short_run.deviations(data, [25.0])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(-2, 400).map(float)), max_size=40))
def test_rare_events_are_charted_from_zero(x: list[Number]) -> None:
    known = [value for value in x if value is not None and value >= 0]
    study = rare.study_g(x)
    chart = rare.g(x, study.limits)
    _same(chart.location.points, [value if value is not None and value >= 0 else None for value in x])
    _finite(chart)
    if known:
        mean = sum(known) / len(known)
        high = mean + 3 * math.sqrt(mean * (mean + 1))
        assert study.center == pytest.approx(mean)
        places = [i for i, v in enumerate(x) if v is not None and v >= 0 and mean > 0 and v > high + 1e-6]
        assert find(chart.location, (1,))[1].end.tolist() == places
    times = rare.study_t(x)
    y = [value ** (1 / 3.6) if value is not None and value >= 0 else None for value in x]
    other = study_individuals(y).sigma
    assert times.sigma == (None if other is None else pytest.approx(other))
    chart = rare.t(x, times.limits)
    _same(chart.location.points, y)
    shown = rare.in_times(chart.location)
    _same(shown.points, [value if value is not None and value >= 0 else None for value in x], 1e3)
    assert not (shown.lcl < 0).any()


def _table(m: int, p: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.standard_normal((m, p)) @ random.standard_normal((p, p)) + random.standard_normal(p) * 100


@pytest.mark.parametrize(("m", "p"), [(12, 2), (30, 3), (60, 6)])
def test_t2_is_the_distance_a_loop_finds_and_does_not_depend_on_units(m: int, p: int) -> None:
    x = _table(m, p, m)
    study = multivariate.study_t2(x)
    assert study.limits is not None
    center, inverse = x.mean(axis=0), np.linalg.inv(np.cov(x.T))
    points = multivariate.t2_individuals(x, study.limits).location.points
    _same(points, [float((row - center) @ inverse @ (row - center)) for row in x])
    assert points.sum() == pytest.approx(p * (m - 1))  # an identity of the sample covariance
    scaled = x * 10.0 ** np.arange(-3, p - 3) + 1e3
    again = multivariate.study_t2(scaled)
    np.testing.assert_allclose(multivariate.t2_individuals(scaled, again.limits).location.points, points, rtol=1e-6)
    with_gap = x.copy()
    with_gap[3, 0] = NAN
    shorter = multivariate.study_t2(with_gap)
    assert shorter.limits is not None
    assert shorter.limits.m == m - 1
    assert math.isnan(multivariate.t2_individuals(with_gap, shorter.limits).location.points[3])


def test_t2_of_subgroups_pools_the_covariances_inside() -> None:
    x = _table(80, 3, 5).reshape(20, 4, 3)
    study = multivariate.study_t2_subgroups(x)
    assert study.limits is not None
    _same(study.limits.covariance.ravel(), np.mean([np.cov(group.T) for group in x], axis=0).ravel().tolist())
    inverse, center = np.linalg.inv(study.limits.covariance), x.mean(axis=(0, 1))
    off = x.mean(axis=1) - center
    _same(multivariate.t2(x, study.limits).location.points, [float(4 * row @ inverse @ row) for row in off])


def test_a_mewma_of_one_variable_is_an_ewma() -> None:
    x = np.random.default_rng(2).standard_normal(200) * 2 + 7
    x[50] = NAN
    limits = multivariate.given([7.0], [[4.0]]).limits
    ewma = smoothing.ewma(x, FrozenLimits(7.0, 2.0), weight=0.1, width=2.7).location
    both = multivariate.mewma(x[:, None], limits, weight=0.1, h4=2.7**2).location
    _same(both.points, (((ewma.points - 7) / ewma.error) ** 2).tolist())
    assert find(both, (1,))[1].end.tolist() == find(ewma, (1,))[1].end.tolist()


def test_a_covariance_that_cannot_be_inverted_has_a_reason_and_no_points() -> None:
    x = _table(20, 2, 1)
    for table in (np.column_stack([x, x.sum(axis=1)]), np.column_stack([x, np.ones(20)]), x[:3], x[:0]):
        study = multivariate.study_t2(table)
        assert study.limits is None
        assert study.reason
        assert np.isnan(multivariate.t2_individuals(table, study.limits).location.points).all()
    assert multivariate.study_t2_subgroups(np.ones((5, 1, 2))).reason
    assert multivariate.given([0, 0], [[1, 1], [1, 1]]).reason
    assert multivariate.given([0, 0], [[1]]).reason


@pytest.mark.parametrize("x", [[], [None], [3.0], [3.0, None], [2.0, 2.0]])
def test_small_data_are_a_chart_with_a_reason_never_an_exception(x: list[Number]) -> None:
    panels: list[Panel] = []
    for study, charts in (
        (attributes.study_shares(x, [5.0] * len(x)), (attributes.p, attributes.np_)),
        (attributes.study_rates(x, [5.0] * len(x)), (attributes.u,)),
    ):
        assert study.limits or study.reason
        panels += [chart(x, [5.0] * len(x), study.limits).location for chart in charts]
    panels += [rare.g(x, rare.study_g(x).limits).location, rare.t(x, rare.study_t(x).limits).location]
    limits = study_individuals(x).limits
    panels += [smoothing.ewma(x, limits).location, *smoothing.cusum(x, limits).panels]
    for panel in panels:
        assert panel.points.size == len(x)
        assert not any(found.end.size for found in find(panel, range(1, 9)).values())
