"""The SPC engine against published data sets (fixtures/spc/README.md)."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quality.spc import constants
from quality.spc.panels import Chart
from quality.spc.rules import RULES, find
from quality.spc.variables import i_mr, study_individuals, study_subgroups, xbar_r

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "spc"
CASES = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
PAIRS = [name for name, case in CASES.items() if case["chart"] in {"i-mr", "xbar-r"}]


def test_every_case_is_held_to() -> None:
    assert sorted(CASES) == sorted([*PAIRS, "con01_constants"])
    assert len(PAIRS) == 6


def test_constants() -> None:
    case = CASES["con01_constants"]
    for n, expected in case["expected"].items():
        for name in ("d2", "d3", "c4"):
            assert getattr(constants, name)(int(n)) == pytest.approx(expected[name], rel=1e-10), (n, name)
    assert constants.d2(2) == pytest.approx(2 / np.sqrt(np.pi), rel=1e-12)
    for constant in (constants.d2, constants.d3, constants.c4):
        with pytest.raises(ValueError, match="at least two"):
            constant(1)


def _charts(case: dict[str, Any]) -> tuple[float | None, Chart]:
    first, last = case["params"].get("phase1", [0, len(case["data"]) - 1])
    phase_1 = case["data"][first : last + 1]
    if case["chart"] == "i-mr":
        study = study_individuals(phase_1)
        return study.sigma, i_mr(case["data"], study.limits)
    study = study_subgroups(phase_1)
    return study.sigma, xbar_r(case["data"], study.limits)


@pytest.mark.parametrize("name", PAIRS)
def test_chart_and_rules(name: str) -> None:
    case = CASES[name]
    tolerance = {"rtol": case["tolerance"]["rel"], "atol": case["tolerance"]["abs"]}
    sigma, pair = _charts(case)
    assert sigma is not None
    np.testing.assert_allclose(sigma, case["expected"]["sigma_within"], **tolerance)
    panels = {panel.name.lower(): panel for panel in (pair.location, pair.spread)}
    for chart, expected in case["expected"]["charts"].items():
        panel = panels[chart.lower()]
        known = np.isfinite(panel.points)
        for line in ("center", "lcl", "ucl"):
            np.testing.assert_allclose(getattr(panel, line)[known], expected[line], **tolerance)
        points = expected.get("points", case["data"])
        np.testing.assert_allclose(panel.points, np.array(points, dtype=float), **tolerance)
    for chart, signals in case["expected"]["signals"].items():
        found = find(panels[chart.lower()], tuple(RULES))
        assert found, chart
        for rule, flags in found.items():
            expected = signals["nelson"][str(rule)]
            assert flags.end.tolist() == expected["end"], (chart, rule)
            assert flags.all.tolist() == expected["all"], (chart, rule)
