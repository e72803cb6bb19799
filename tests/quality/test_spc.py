"""What the published cases do not reach: varying n, gaps, ties, zero variance, offsets, small data, frozen limits."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.spc.constants import d2, d3
from quality.spc.following import HISTORY, RUN_LENGTH, Follower
from quality.spc.panels import FrozenLimits, Lines, Panel
from quality.spc.rules import find
from quality.spc.variables import (
    i_mr,
    mean_lines,
    range_lines,
    study_individuals,
    study_subgroups,
    subgroup_mean,
    xbar_r,
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
    assert find(a, (1,))[1].end.tolist() == find(b, (1,))[1].end.tolist()


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
# Values on and around the lines are what a rule can get wrong.
one_value = st.one_of(st.none(), st.sampled_from([7.0, 10.0, 13.0, 6.9, 13.1, 9.5, 10.5]), st.floats(5, 15))


def _follow(panel: Panel, first: int, split: int) -> set[tuple[int, int, int, int]]:
    """Rules from `split` on by a follower that has seen no more than the last HISTORY points before it."""
    follower = Follower(panel.name, (1, 2))
    found = set()
    for place in range(first, panel.points.size):
        point = None if math.isnan(panel.points[place]) else float(panel.points[place])
        lines = Lines(*(float(line[place]) for line in (panel.center, panel.lcl, panel.ucl, panel.error)))
        for violation in follower.add(point, None if math.isnan(lines.error) else lines):
            if place >= split:
                found.add((violation.rule, violation.side, place, place - violation.length + 1))
    return found


def _batch(panel: Panel, split: int) -> set[tuple[int, int, int, int]]:
    return {
        (found.rule, int(side), int(end), int(first))
        for found in find(panel, (1, 2)).values()
        for end, side, first in zip(found.end, found.side, found.first, strict=True)
        if end >= split
    }


@settings(max_examples=200, deadline=None)
@given(st.lists(one_value, max_size=60), st.integers(0, 60))
def test_following_individuals_equals_the_batch(values: list[float | None], split: int) -> None:
    pair = i_mr(values, LIMITS)
    for panel in (pair.location, pair.spread):
        assert _follow(panel, max(0, split - HISTORY), split) == _batch(panel, split)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(one_value, max_size=5), max_size=40), st.integers(0, 40))
def test_following_subgroups_equals_the_batch(groups: list[list[float | None]], split: int) -> None:
    pair = xbar_r(groups, LIMITS)
    for panel in (pair.location, pair.spread):
        assert _follow(panel, max(0, split - HISTORY), split) == _batch(panel, split)
    for place, group in enumerate(groups):
        present = [value for value in group if value is not None]
        if present:
            assert subgroup_mean(present) == pytest.approx(pair.location.points[place], rel=1e-14)
            assert mean_lines(LIMITS, len(present)).ucl == pair.location.ucl[place]
        if len(present) > 1:
            assert range_lines(LIMITS, len(present)).ucl == pair.spread.ucl[place]


@settings(max_examples=100, deadline=None)
@given(st.lists(one_value, max_size=60))
def test_rule_2_equals_plain_loops(values: list[float | None]) -> None:
    panel = i_mr(values, LIMITS).location
    above = [value is not None and value > 10 for value in values]
    below = [value is not None and value < 10 for value in values]
    windows = [
        range(first, first + RUN_LENGTH)
        for first in range(len(values) - RUN_LENGTH + 1)
        if any(all(side[first : first + RUN_LENGTH]) for side in (above, below))
    ]
    found = find(panel, (2,))[2]
    assert found.end.tolist() == [window[-1] for window in windows]
    assert found.all.tolist() == sorted({place for window in windows for place in window})
