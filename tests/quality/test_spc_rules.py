"""Nelson's rules and their other readings against plain loops: ties on lines, gaps, zones of each point's own n."""

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.spc.panels import FrozenLimits, Panel
from quality.spc.rules import RUN_LENGTHS, end_any, end_both, find, lengths_of, western_electric
from quality.spc.variables import i_mr, xbar_r

CENTER = 10.0
# (point, standard error); quarters are exact, so that points fall on lines and on each other.
a_place = st.one_of(
    st.tuples(st.integers(-16, 16).map(lambda quarter: CENTER + quarter / 4), st.sampled_from([0.5, 1.0, 1.0])),
    st.tuples(st.floats(6, 14).map(lambda x: round(x, 6)), st.just(1.0)),
    st.just((math.nan, math.nan)),
)
# Mostly one regime for a while, or long windows would never come together by chance.
regimes = st.one_of(
    st.lists(a_place, max_size=6),
    st.lists(st.sampled_from([10.25, 10.5, 11.0, 12.5]), min_size=3, max_size=16).map(
        lambda above: [(x, 1.0) for x in above]
    ),
    st.integers(3, 10).map(lambda m: [(8 + step / 4, 1.0) for step in range(m)]),
    st.integers(3, 10).map(lambda m: [(12 - step / 4, 1.0) for step in range(m)]),
    st.integers(3, 18).map(lambda m: [(10 + (-1) ** step * 1.25, 1.0) for step in range(m)]),
    st.integers(3, 18).map(lambda m: [(10 + (-1) ** step * 0.75, 1.0) for step in range(m)]),
)
places = st.lists(regimes, max_size=5).map(lambda parts: [place for part in parts for place in part])
SHORT = {2: 3, 3: 4, 4: 4, 5: 4, 6: 3, 7: 5, 8: 3}
run_lengths_of = st.sampled_from([{}, SHORT])

Points = list[tuple[float, float]]


def _panel(points: Points, name: str = "I") -> Panel:
    x, error = (np.array([place[i] for place in points], float) for i in (0, 1))
    center = np.where(np.isnan(x), np.nan, CENTER)
    return Panel(name, x, center, center - 3 * error, center + 3 * error, error)


def _holds(rule: int, window: Points) -> list[int]:
    """The sides on which a full window satisfies the rule; 0 where it has none. As the rule reads, nothing else."""
    if any(math.isnan(x) for x, _ in window):
        return []
    off = [x - CENTER for x, _ in window]
    error = [e for _, e in window]
    steps = [b - a for (a, _), (b, _) in pairwise(window)]
    conditions: dict[int, Callable[[int], bool]] = {
        1: lambda side: side * off[0] > 3 * error[0],
        2: lambda side: all(side * d > 0 for d in off),
        3: lambda side: all(side * step > 0 for step in steps),
        5: lambda side: _beyond(2, side)[-1] and sum(_beyond(2, side)) >= len(window) - 1,
        6: lambda side: _beyond(1, side)[-1] and sum(_beyond(1, side)) >= len(window) - 1,
    }

    def _beyond(width: int, side: int) -> list[bool]:
        return [side * d > width * e for d, e in zip(off, error, strict=True)]

    if rule in conditions:
        return [side for side in (1, -1) if conditions[rule](side)]
    if rule == 4:
        return [0] if all(a * b < 0 for a, b in pairwise(steps)) and all(steps) else []
    outside = [abs(d) > e for d, e in zip(off, error, strict=True)]
    return [0] if (not any(outside) if rule == 7 else all(outside)) else []


def _flagged(rule: int, points: Points, first: int, end: int, side: int) -> set[int]:
    if rule not in (5, 6):
        return set(range(first, end + 1))
    width = 2 if rule == 5 else 1
    return {p for p in range(first, end + 1) if side * (points[p][0] - CENTER) > width * points[p][1]}


@settings(max_examples=200, deadline=None)
@given(points=places, run_lengths=run_lengths_of)
def test_every_rule_equals_plain_loops(points: Points, run_lengths: dict[int, int]) -> None:
    found = find(_panel(points), range(1, 9), run_lengths)
    assert list(found) == list(range(1, 9))
    for rule, flags in found.items():
        length = lengths_of(run_lengths)[rule]
        expected, flagged = [], set()
        for end in range(length - 1, len(points)):
            first = end - length + 1
            for side in _holds(rule, points[first : end + 1]):
                expected.append((end, side, first))
                flagged |= _flagged(rule, points, first, end, side)
        together = list(zip(flags.end.tolist(), flags.side.tolist(), flags.first.tolist(), strict=True))
        assert together == expected, rule
        assert flags.all.tolist() == sorted(flagged), rule


@settings(max_examples=80, deadline=None)
@given(points=places)
def test_the_other_readings_equal_plain_loops(points: Points) -> None:
    panel = _panel(points)
    windows = {m: [(end, points[end - m + 1 : end + 1]) for end in range(m - 1, len(points))] for m in (3, 5, 8)}
    full = {m: [(end, w) for end, w in of if not any(math.isnan(x) for x, _ in w)] for m, of in windows.items()}
    for rule, length, width in ((5, 3, 2), (6, 5, 1)):
        ends = [
            end
            for end, window in full[length]
            if any(sum(side * (x - CENTER) > width * e for x, e in window) >= length - 1 for side in (1, -1))
        ]
        assert end_any(panel, rule).tolist() == ends
    both = [
        end
        for end, window in full[8]
        if all(abs(x - CENTER) > e for x, e in window) and len({x > CENTER for x, _ in window}) == 2
    ]
    assert end_both(panel).tolist() == both
    nelson = find(panel, (1, 2, 5, 6), {2: 8})
    for rule, same in {1: 1, 2: 5, 3: 6, 4: 2}.items():
        assert western_electric(panel)[rule] is not None
        assert western_electric(panel)[rule].end.tolist() == nelson[same].end.tolist()


def test_only_the_rules_that_make_sense_run_on_a_panel() -> None:
    points = [(CENTER, 1.0)] * 3
    for name, allowed in {"I": 8, "XBAR": 8, "R": 4, "S": 4, "P": 4, "C": 4, "MR": 1, "EWMA": 1, "C+": 1}.items():
        assert list(find(_panel(points, name), range(1, 9))) == list(range(1, allowed + 1))
    assert list(western_electric(_panel(points, "R"))) == [1, 4]


def test_with_zero_sigma_only_points_all_on_the_centre_tell_something() -> None:
    for value in (0.1, 5.0, 1e9 + 0.1):
        chart = i_mr([value] * 20, FrozenLimits(value, 0.0))
        found = find(chart.location, range(1, 9))
        assert [rule for rule, flags in found.items() if flags.end.size] == [7]
    moved = i_mr([5.0, 6.0] * 10, FrozenLimits(5.0, 0.0))
    assert not any(flags.end.size for flags in find(moved.location, range(1, 9)).values())


def test_rounding_of_decimals_makes_no_steps_and_no_sides() -> None:
    """Means of the same decimals in another order differ in the last bit: that is a tie, also at a large offset."""
    for offset in (0.0, 1e6, 1e9):
        groups = [[offset + 0.1, offset + 0.2, offset + 0.3], [offset + 0.3, offset + 0.2, offset + 0.1]] * 10
        chart = xbar_r(groups, FrozenLimits(offset + 0.2, 0.1))
        found = find(chart.location, range(1, 9))
        assert [rule for rule, flags in found.items() if flags.end.size] == [7], offset


@pytest.mark.parametrize("run_lengths", [{1: 2}, {9: 3}, {2: 1}, {3: 2}, {7: 51}, {"2": 0}])
def test_a_run_length_that_makes_no_window_is_refused(run_lengths: dict[int, int]) -> None:
    with pytest.raises(ValueError, match="rule"):
        find(_panel([(CENTER, 1.0)]), (2,), run_lengths)
    assert lengths_of({"2": 8, "3": 7}) == {**RUN_LENGTHS, 2: 8, 3: 7}
