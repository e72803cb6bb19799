"""A chart followed point by point equals the plain batch: in order, and over the final order when points come late."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.spc import attributes, rare, smoothing, three_way, variables
from quality.spc.panels import Chart, FrozenLimits
from quality.spc.rules import find
from quality.spc.series import Key, Plotted, Series, Violation, history

LIMITS = {
    "P": FrozenLimits(0.1, 0.3), "LANEY-P": FrozenLimits(0.1, 0.3), "NP": FrozenLimits(0.1, 0.3),
    "C": FrozenLimits(2.0, 1.4), "U": FrozenLimits(2.0, 1.4), "LANEY-U": FrozenLimits(2.0, 1.4),
    "G": FrozenLimits(2.0, 2.4), "T": FrozenLimits(1.8, 0.3),
}  # fmt: skip
DEFAULT = FrozenLimits(10.0, 1.0)
PARAMETERS = {"I-MR-R": {"sigma_mean": 1.5}, "I-MR-S": {"sigma_mean": 1.5}, "LANEY-P": {"sigma_z": 1.3},
              "LANEY-U": {"sigma_z": 1.3}}  # fmt: skip
OPTIONS = {"EWMA": {"lambda": 0.3, "L": 2.0}, "CUSUM": {"k": 0.25, "h": 3, "head_start": 1.5}}
KINDS = ["I-MR", "XBAR-R", "XBAR-S", "I-MR-R", "I-MR-S", "EWMA", "CUSUM", *LIMITS]
ALL_RULES = tuple(range(1, 9))
SHORT = {2: 4, 3: 4, 4: 4, 5: 3, 6: 3, 7: 5, 8: 3}  # so that short examples break every rule
# The long property tests run on these each time, on the others in `make test-all`.
OFTEN = [kind if kind in {"I-MR", "XBAR-R", "EWMA"} else pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS]

# Values on and around the lines are what a rule can get wrong.
a_value = st.one_of(st.sampled_from([7.0, 9.0, 10.0, 11.0, 13.0, 6.9, 13.1, 9.5, 10.5, 12.1]), st.floats(5, 15))
a_group = st.lists(a_value, min_size=1, max_size=4)


def _point(kind: str, number: int, time_us: int, group: list[float]) -> Plotted:
    """What the caller of a series knows of a point: all but moving ranges and statistics."""
    n = len(group)
    location = variables.subgroup_mean(group)
    if kind in LIMITS:  # counts 0 to 5 in a sample of 5, 10, 15 or 20
        count = float(min(5, max(0, round(group[0] - 7.5))))
        size = 5.0 * n if kind in ("P", "NP", "LANEY-P", "U", "LANEY-U") else None
        location = count / size if size and kind != "NP" else count
        return Plotted(number, time_us, location, size=size)
    if kind in ("I-MR", "EWMA", "CUSUM"):
        return Plotted(number, time_us, group[0])
    spread = None
    if n > 1:
        spread = variables.subgroup_sd(group) if kind.endswith("S") else max(group) - min(group)
    if kind.startswith("I-MR"):
        return Plotted(number, time_us, location, within=spread, n=n)
    return Plotted(number, time_us, location, spread, n=n)


def _batch(kind: str, groups: list[list[float]]) -> Chart:
    limits = LIMITS.get(kind, DEFAULT)
    first = [group[0] for group in groups]
    counts = [float(min(5, max(0, round(value - 7.5)))) for value in first]
    sizes = [5.0 * len(group) for group in groups]
    charts: dict[str, Any] = {
        "I-MR": lambda: variables.i_mr(first, limits),
        "XBAR-R": lambda: variables.xbar_r(groups, limits),
        "XBAR-S": lambda: variables.xbar_s(groups, limits),
        "I-MR-R": lambda: three_way.i_mr_r(groups, limits, 1.5),
        "I-MR-S": lambda: three_way.i_mr_s(groups, limits, 1.5),
        "EWMA": lambda: smoothing.ewma(first, limits, weight=0.3, width=2.0),
        "CUSUM": lambda: smoothing.cusum(first, limits, k=0.25, h=3, head_start=1.5),
        "P": lambda: attributes.p(counts, sizes, limits),
        "LANEY-P": lambda: attributes.p(counts, sizes, limits, sigma_z=1.3),
        "NP": lambda: attributes.np_(counts, sizes, limits),
        "C": lambda: attributes.c(counts, limits),
        "U": lambda: attributes.u(counts, sizes, limits),
        "LANEY-U": lambda: attributes.u(counts, sizes, limits, sigma_z=1.3),
        "G": lambda: rare.g(counts, limits),
        "T": lambda: rare.t(counts, limits),
    }
    chart: Chart = charts[kind]()
    return chart


def _violations(chart: Chart, numbers: list[int], run_lengths: dict[int, int]) -> set[tuple[Key, int]]:
    """(key, number of the first point of its window) by the plain batch; numbers in order of the chart."""
    return {
        ((numbers[end], "CUSUM" if panel.name in ("C+", "C-") else panel.name, found.rule, int(side)), numbers[first])
        for panel in chart.panels
        for found in find(panel, ALL_RULES, run_lengths).values()
        for end, side, first in zip(found.end, found.side, found.first, strict=True)
    }


def _series(kind: str, run_lengths: dict[int, int], **more: Any) -> Series:
    return Series(
        kind,
        LIMITS.get(kind, DEFAULT),
        parameters=PARAMETERS.get(kind),
        options=OPTIONS.get(kind),
        rules=ALL_RULES,
        run_lengths=run_lengths,
        **more,
    )


run_lengths_of = st.sampled_from([SHORT, SHORT, {}])


@pytest.mark.parametrize("kind", OFTEN)
@settings(max_examples=40, deadline=None)
@given(groups=st.lists(a_group, max_size=40), split=st.integers(0, 40), run_lengths=run_lengths_of)
def test_without_late_points_it_is_the_batch(
    kind: str, groups: list[list[float]], split: int, run_lengths: dict[int, int]
) -> None:
    series = _series(kind, run_lengths)
    new: list[Violation] = []
    for number, group in enumerate(groups):
        if number == split:  # picked up where it was left, with no more than the history that is asked for
            known = history(kind, ALL_RULES, run_lengths)
            earlier = series.points[max(0, number - known) :]
            series = _series(kind, run_lengths, earlier=earlier, older=number - len(earlier), standing=series.standing)
        judged = series.insert(_point(kind, number, number * 10, group))
        assert not (judged.changed or judged.ended or judged.is_late)
        new += judged.new
    batch = _batch(kind, groups)
    found = [(violation.key, violation.window_first) for violation in new]
    assert len(found) == len(set(found))
    assert set(found) == _violations(batch, list(range(len(groups))), run_lengths)


@pytest.mark.parametrize("kind", OFTEN)
@settings(max_examples=40, deadline=None)
@given(arrivals=st.lists(st.tuples(st.integers(0, 25), a_group), max_size=30), run_lengths=run_lengths_of)
def test_with_late_points_what_has_not_ended_is_the_batch_over_the_final_order(
    kind: str, arrivals: list[tuple[int, list[float]]], run_lengths: dict[int, int]
) -> None:
    series = _series(kind, run_lengths)
    holds: set[tuple[Key, int]] = set()
    stored: dict[int, Plotted] = {}
    for number, (time_us, group) in enumerate(arrivals):
        judged = series.insert(_point(kind, number, time_us, group))
        assert judged.is_late == any(time_us < earlier for earlier, _ in arrivals[:number])
        ended = set(judged.ended)
        assert ended <= {key for key, _ in holds}
        holds = {(key, first) for key, first in holds if key not in ended}
        new = {violation.key for violation in judged.new}
        assert not new & {key for key, _ in holds}
        holds |= {(violation.key, violation.window_first) for violation in judged.new}
        stored |= {point.number: point for point in (judged.point, *judged.changed)}
    order = sorted(range(len(arrivals)), key=lambda number: (arrivals[number][0], number))
    assert [point.number for point in series.points] == order
    assert stored == {point.number: point for point in series.points}  # every change was told
    batch = _batch(kind, [arrivals[number][1] for number in order])
    assert {key for key, _ in holds} == {key for key, _ in _violations(batch, order, run_lengths)}
    assert series.standing == {key for key, _ in holds}
    _same_figures(kind, series, batch)


def _same_figures(kind: str, series: Series, batch: Chart) -> None:
    def column(name: str) -> list[float]:
        return [math.nan if (value := getattr(point, name)) is None else value for point in series.points]

    told = {"EWMA": ["statistic"], "T": ["statistic"], "CUSUM": ["statistic", "statistic_low"]}.get(kind)
    told = told or (["location", "spread", "within"] if kind != "I-MR" else ["location", "spread"])
    for panel, name in zip(batch.panels, told, strict=False):
        points = -panel.points if name == "statistic_low" else panel.points
        np.testing.assert_allclose(column(name), points, rtol=1e-9, atol=1e-9)


def test_windows_do_not_reach_over_points_on_other_limits_but_a_moving_range_does() -> None:
    older = [Plotted(number, number, 11.0, is_own=False) for number in range(8)]
    series = Series("I-MR", DEFAULT, earlier=older)
    judged = [series.insert(Plotted(number, number, 11.5)) for number in range(8, 17)]
    assert judged[0].point.spread == 0.5
    assert [violation[:5] for one in judged for violation in one.new] == [(16, "I", 2, 1, 8)]
    # A late one on other limits breaks the run that reached over its place.
    late = series.insert(Plotted(17, 12, 11.5, is_own=False))
    assert late.ended == [(16, "I", 2, 1)]
    assert late.is_late


def test_a_point_before_what_is_known_is_refused_not_misjudged() -> None:
    earlier = [Plotted(number, number * 10, 10.0) for number in range(20, 60)]
    series = _series("I-MR", {}, earlier=earlier, older=20)
    first = earlier[history("I-MR", ALL_RULES)]
    assert not series.reaches(first.time_us - 10)
    assert series.reaches(first.time_us)
    with pytest.raises(LookupError):
        series.insert(Plotted(60, earlier[0].time_us - 5, 10.0))
    series.insert(Plotted(60, first.time_us, 10.0))


def test_a_signal_that_ended_may_hold_again() -> None:
    series = Series("I-MR", DEFAULT, rules=(2,))
    for number in range(9):
        judged = series.insert(Plotted(number, number * 10, 10.5))
    assert [violation.key for violation in judged.new] == [(8, "I", 2, 1)]
    assert series.insert(Plotted(9, 75, 9.5)).ended == [(8, "I", 2, 1)]
    for number in range(10, 18):
        judged = series.insert(Plotted(number, 76, 10.5))
    assert (8, "I", 2, 1) in {violation.key for violation in judged.new} | series.standing


@pytest.mark.parametrize("kind", KINDS)
def test_zero_sigma_one_point_and_huge_values_are_no_exception(kind: str) -> None:
    limits = FrozenLimits(0.0, 0.0)
    for values in ([1.0], [5.0] * 20, [1e308, -1e308, 1e308], [1e9 + 0.1] * 3):
        parameters = {"sigma_mean": 0.0, "sigma_z": 1.0}
        series = Series(kind, limits, parameters=parameters, rules=(1, 2, 3, 4, 5, 6, 8))
        for number, value in enumerate(values):
            judged = series.insert(Plotted(number, number, value, size=3.0))
            assert not judged.new
            assert all(math.isfinite(v) for v in judged.point if v is not None)


@pytest.mark.parametrize(
    ("kind", "limits", "given"),
    [
        ("HIST", DEFAULT, {}),
        ("I-MR", FrozenLimits(math.nan, 1.0), {}),
        ("I-MR-R", DEFAULT, {}),
        ("LANEY-P", DEFAULT, {}),
        ("EWMA", DEFAULT, {"options": {"lambda": 1.5}}),
        ("CUSUM", DEFAULT, {"options": {"h": 0}}),
        ("I-MR", DEFAULT, {"run_lengths": {2: 1}}),
    ],
)
def test_what_makes_no_chart_is_refused(kind: str, limits: FrozenLimits, given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Series(kind, limits, **given)
