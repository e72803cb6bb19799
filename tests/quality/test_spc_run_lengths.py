"""Average run lengths against published tables, and false signals against long seeded series in control."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quality.spc import attributes, rare, smoothing
from quality.spc.panels import FrozenLimits, Panel
from quality.spc.rule_runs import rule_arl
from quality.spc.rules import find
from quality.spc.run_length_tables import charts_table, rules_table
from quality.spc.run_lengths import cusum_h, ewma_arl, ewma_L, false_signals_per_point, shewhart_arl
from quality.spc.variables import i_mr, xbar_r, xbar_s

PUBLISHED = Path(__file__).parents[2] / "fixtures" / "spc" / "arl01_run_lengths.json"
POINTS = 400_000
ALL = range(1, 9)


def _agree(got: Any, expected: Any, where: str = "") -> None:
    if isinstance(expected, dict):
        for key in expected.keys() - {"mc_se"}:
            _agree(got[key], expected[key], f"{where}/{key}")
    elif isinstance(expected, list):
        for one, other in zip(got, expected, strict=True):
            _agree(one, other, where)
    else:
        assert got == pytest.approx(expected, rel=0.01), where


@pytest.mark.slow
def test_run_lengths_agree_with_the_published_tables() -> None:
    expected = json.loads(PUBLISHED.read_text())["expected"]
    del expected["run_rules_monte_carlo"]
    _agree(charts_table(expected["shift_in_sigma"]), expected)


@pytest.mark.slow
def test_run_lengths_of_rule_sets_agree_with_the_published_ones() -> None:
    expected = json.loads(PUBLISHED.read_text())["expected"]["run_rules_monte_carlo"]
    _agree(rules_table(), expected)


def test_rule_sets_that_see_zones_only_are_exact() -> None:
    assert rule_arl((1,)) == pytest.approx(shewhart_arl(), rel=1e-12)
    assert rule_arl((1, 2), 0.0, {2: 8}) == pytest.approx(152.73, abs=0.005)  # Champ and Woodall 1987
    assert rule_arl((1, 2, 5, 6), 0.0, {2: 8}) == pytest.approx(91.75, rel=0.003)  # there before windows are full
    with pytest.raises(ValueError, match="Rules"):
        rule_arl(())


def test_a_design_gives_the_run_length_it_was_asked_for() -> None:
    assert ewma_arl(0.25, ewma_L(0.25, 500)) == pytest.approx(500, rel=1e-6)
    assert ewma_arl(1.0, ewma_L(1.0, shewhart_arl())) == pytest.approx(shewhart_arl(), rel=1e-6)
    assert ewma_L(1.0, shewhart_arl()) == pytest.approx(3, rel=1e-4)  # lambda 1 is a Shewhart chart
    for wrong in (0.5, 1e9, math.nan):
        with pytest.raises(ValueError, match="run length"):
            cusum_h(0.5, wrong)


def _starts(panels: list[Panel], rules: range | tuple[int, ...]) -> float:
    """First points of runs of signals per point: places where a rule holds on a side and did not just before."""
    n = 0
    for panel in panels:
        for found in find(panel, rules).values():
            for side in (1, 0, -1):
                ends = np.unique(found.end[found.side == side])
                n += int((np.diff(ends, prepend=-2) > 1).sum())
    return n / panels[0].points.size


def _normal(n: int) -> np.ndarray:
    return np.random.default_rng(8).standard_normal((POINTS, n))


STANDARD = FrozenLimits(0.0, 1.0)


def _counts(kind: str, center: float, size: float) -> list[Panel]:
    random = np.random.default_rng(9)
    if kind in {"P", "NP"}:
        x = random.binomial(int(size), center, POINTS)
        limits = FrozenLimits(center, math.sqrt(center * (1 - center)))
        return list((attributes.p if kind == "P" else attributes.np_)(x, size, limits).panels)
    if kind == "G":
        return list(rare.g(random.geometric(1 / (1 + center), POINTS) - 1, FrozenLimits(center, 1.0)).panels)
    limits = FrozenLimits(center, math.sqrt(center))
    x = random.poisson(center * size, POINTS)
    return list((attributes.u(x, size, limits) if kind == "U" else attributes.c(x, limits)).panels)


def _times() -> list[Panel]:
    """Limits as a long study finds them: mean and moving ranges of the transformed times."""
    times = np.random.default_rng(10).exponential(36.0, POINTS)
    return list(rare.t(times, rare.study_t(times).limits).panels)


SERIES = {
    "I-MR": lambda: list(i_mr(_normal(1)[:, 0], STANDARD).panels),
    "XBAR-R": lambda: list(xbar_r(_normal(5), STANDARD).panels),
    "XBAR-S": lambda: list(xbar_s(_normal(5), STANDARD).panels),
    "EWMA": lambda: list(smoothing.ewma(_normal(1)[:, 0], STANDARD, weight=0.2, width=2.7).panels),
    "CUSUM": lambda: list(smoothing.cusum(_normal(1)[:, 0], STANDARD, k=0.5, h=4).panels),
    "P": lambda: _counts("P", 0.05, 80),
    "NP": lambda: _counts("NP", 0.3, 40),
    "C": lambda: _counts("C", 16.0, 1),
    "U": lambda: _counts("U", 1.5, 4),
    "G": lambda: _counts("G", 40.0, 1),
    "T": _times,
}
ASKED: dict[str, dict[str, Any]] = {
    "EWMA": {"options": {"lambda": 0.2, "L": 2.7}},
    "CUSUM": {"options": {"k": 0.5, "h": 4}},
    "P": {"size": 80, "options": {"center": 0.05}},
    "NP": {"size": 40, "options": {"center": 0.3}},
    "C": {"options": {"center": 16.0}},
    "U": {"size": 4, "options": {"center": 1.5}},
    "G": {"options": {"center": 40.0}},
}


@pytest.mark.parametrize("kind", SERIES)
def test_false_signals_come_as_often_as_said(kind: str) -> None:
    panels = SERIES[kind]()
    for rules in ((1, 2), ALL):
        expected = false_signals_per_point(kind, tuple(rules), **ASKED.get(kind, {}))
        # Runs come nearly as a Poisson process; four of its standard deviations.
        assert _starts(panels, tuple(rules)) == pytest.approx(expected, abs=4 * math.sqrt(expected / POINTS))


def test_false_signals_follow_the_run_lengths_and_a_wrong_chart_is_told() -> None:
    assert false_signals_per_point("I-MR", (2,), {"2": 8}) == pytest.approx(2 * 0.5**9)
    assert false_signals_per_point("I-MR", ()) == 0
    more = false_signals_per_point("I-MR", (1,))
    assert false_signals_per_point("I-MR-R", (1,)) > more > 2 * 0.00135
    with pytest.raises(ValueError, match="chart"):
        false_signals_per_point("PARETO", (1,))
