"""The SPC engine against published data sets (fixtures/spc/README.md)."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quality.spc import constants
from quality.spc.panels import Chart
from quality.spc.rules import RULES, end_any, end_both, find, western_electric
from quality.spc.variables import i_mr, study_individuals, study_subgroups, xbar_r, xbar_s

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "spc"
CASES = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
PAIRS = [name for name, case in CASES.items() if case["chart"] in {"i-mr", "xbar-r", "xbar-s"}]
METHODS = {"MR2-mean": "MR-MEAN", "MR2-median": "MR-MEDIAN"}  # other names in the cases than here


def test_the_charts_for_variables_are_there() -> None:
    published = ["pub01", "pub02", "pub04", "pub07", "pub18", "pub20", "pub21"]
    assert {name[:5] for name in PAIRS} >= set(published)


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
    params, data = case["params"], case["data"]
    first, last = params.get("phase1", [0, len(data) - 1])
    chosen = np.arange(first, last + 1)
    method = METHODS.get(params["sigma_method"], params["sigma_method"])
    if case["chart"] == "i-mr":
        study = study_individuals(data, method=method, chosen=chosen, span=params["mr_span"])
        return study.sigma, i_mr(data, study.limits, k=params["k"], span=params["mr_span"])
    study = study_subgroups(data, method=method, chosen=chosen)
    return study.sigma, (xbar_r if case["chart"] == "xbar-r" else xbar_s)(data, study.limits, k=params["k"])


@pytest.mark.parametrize("name", PAIRS)
def test_chart_and_rules(name: str) -> None:
    case = CASES[name]
    tolerance = {"rtol": case["tolerance"]["rel"], "atol": case["tolerance"]["abs"]}
    sigma, chart = _charts(case)
    assert sigma is not None
    np.testing.assert_allclose(sigma, case["expected"]["sigma_within"], **tolerance)
    panels = {panel.name.lower(): panel for panel in chart.panels}
    for panel_name, expected in case["expected"]["charts"].items():
        panel = panels[panel_name.lower()]
        known = np.isfinite(panel.points)
        for line in ("center", "lcl", "ucl"):
            np.testing.assert_allclose(getattr(panel, line)[known], expected[line], **tolerance)
        points = expected.get("points", case["data"])
        np.testing.assert_allclose(panel.points, np.array(points, dtype=float), **tolerance)
    for panel_name, signals in case["expected"]["signals"].items():
        panel = panels[panel_name.lower()]
        found = find(panel, tuple(RULES))
        assert {str(rule) for rule in found} == set(signals["nelson"]), panel_name
        for rule, flags in found.items():
            expected = signals["nelson"][str(rule)]
            assert flags.end.tolist() == expected["end"], (panel_name, rule)
            assert flags.all.tolist() == expected["all"], (panel_name, rule)
            if "end_any" in expected:
                assert end_any(panel, rule).tolist() == expected["end_any"], (panel_name, rule)
            if "end_both" in expected:
                assert end_both(panel).tolist() == expected["end_both"], (panel_name, rule)
        for rule, flags in western_electric(panel).items() if "we" in signals else ():
            assert flags.end.tolist() == signals["we"][str(rule)], (panel_name, rule)
        for reading, (rule, length) in {"side8_WE4": (2, 8), "side7_AIAG": (2, 7), "trend7": (3, 7)}.items():
            if "extra" in signals:
                assert find(panel, (rule,), {rule: length})[rule].end.tolist() == signals["extra"][reading]
