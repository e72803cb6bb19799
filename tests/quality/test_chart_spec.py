"""The drawn chart: one spec for screen and report, readable without colour, in both languages."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import vl_convert
from hypothesis import given
from hypothesis import strategies as st

from quality.charts.lined import drawn_panels, lines_at
from quality.charts.plotted import Change, ChartData, ChartLimits, PlottedPoint, Signalled, SpecLimits
from quality.charts.specs import pair_spec
from quality.charts.thinning import thinned
from quality.spc.panels import FrozenLimits
from quality.spc.standards import PANELS, Standard

LIMITS = FrozenLimits(19.0, 0.08)
STARTED = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
# What else is frozen of the kinds that need it, and a mean and value that fit them.
PARAMETERS = {"sigma_mean": 0.05, "sigma_between": 0.02, "sigma_z": 1.2}
MEANS = {"P": 0.1, "LANEY-P": 0.1, "NP": 0.1}


def _data(
    chart: str, values: list[float], size: int = 1, spec: SpecLimits | None = None, rules: dict[int, int] | None = None
) -> ChartData:
    """`rules`: at which places the first panel breaks which rule."""
    limits = FrozenLimits(MEANS.get(chart, 19.0), 0.08)
    standard = Standard(chart, limits, PARAMETERS, {})
    panels = drawn_panels(chart)
    first = panels[0]
    lines = lines_at(chart, standard, size, 100.0)
    points = []
    for number, value in enumerate(values):
        broken = (rules or {}).get(number)
        signal = Signalled(1, first, broken or 1, -1, number - 8 if broken == 2 else number, 5, False)
        points.append(
            PlottedPoint(
                number, STARTED + timedelta(minutes=number), size, dict.fromkeys(panels, value) | {"CUSUM_LOW": -1.0},
                lines, (100 + number,), (f"SK1CLF{number:06d}",), 1, (signal,) if broken else (), 100.0,
            )
        )  # fmt: skip
    newest = ChartLimits(1, *limits, 100, "MR-MEAN", STARTED, "demo", "study", lines)
    return ChartData(
        "LOAD", "Loading", "目付", "Cathode loading", "正極目付", "mg/cm2", chart, panels, (1, 2), newest, spec,
        tuple(points),
    )  # fmt: skip


def test_limits_specification_and_rule_numbers_are_on_the_drawing() -> None:
    values = [19.0, 19.05, 19.4, 19.0] + [18.95] * 9
    data = _data("I-MR", values, spec=SpecLimits(1, 18.7, 19.0, 19.3), rules={2: 1, 12: 2})
    svg = vl_convert.vegalite_to_svg(pair_spec(data, "en"))
    for text in (
        "Moving range",
        "UCL 19.240",
        "CL 19.000",
        "LCL 18.760",
        "USL 19.300",
        "LSL 18.700",
        "UCL 0.295",
        ">1<",
        ">2<",
    ):
        assert text in svg, text
    rows = {row["number"]: row for row in pair_spec(data)["datasets"]["points"]}
    assert (rows[2]["I_rules"], rows[2]["I_look"], rows[2]["MR_rules"]) == ("1", "open", "")
    assert (rows[12]["I_rules"], rows[12]["I_above"]) == ("2", False)
    assert rows[2]["alarms"] == [5]
    svg = vl_convert.vegalite_to_svg(pair_spec(data, "ja"))
    assert "移動範囲" in svg
    assert "規格上限 19.300" in svg


def test_specification_limits_never_stand_on_a_chart_of_means() -> None:
    data = _data("XBAR-R", [19.0, 19.1, 18.9] * 8, size=3, spec=SpecLimits(1, 18.7, 19.0, 19.3))
    svg = vl_convert.vegalite_to_svg(pair_spec(data))
    assert "USL" not in svg
    assert "LSL" not in svg


@pytest.mark.parametrize("values", [[], [19.0], [19.0] * 400])
def test_any_number_of_points_draws(values: list[float]) -> None:
    far = SpecLimits(1, None, None, 40.0)  # would flatten the chart: named, not drawn
    for language in ("en", "ja"):
        svg = vl_convert.vegalite_to_svg(pair_spec(_data("I-MR", values, spec=far), language, width=760, height=420))
        assert "40.000 ↑" in svg


@pytest.mark.slow
@pytest.mark.parametrize("chart", sorted(PANELS))
def test_every_kind_of_chart_is_drawn_in_both_languages(chart: str) -> None:
    data = _data(chart, [0.1, 0.2, 0.9], 5 if len(PANELS[chart]) > 1 and chart != "I-MR" else 1, rules={1: 1})
    for language in ("en", "ja"):
        assert ">1<" in vl_convert.vegalite_to_svg(pair_spec(data, language, height=640))


def test_versions_of_limits_and_changes_at_the_station_are_marked() -> None:
    data = _data("I-MR", [19.0] * 20)
    points = [*data.points[:10], *(replace(point, limits_version=2) for point in data.points[10:])]
    points[4] = replace(points[4], is_late=True, signals=(Signalled(1, "I", 1, 1, 4, None, False, is_superseded=True),))
    changes = (
        Change(STARTED + timedelta(minutes=3.5), "MATERIAL", "Lot A1", "ロットA1"),
        Change(STARTED - timedelta(days=1), "MAN", "before", "前"),
    )
    spec = pair_spec(replace(data, points=tuple(points), changes=changes), "en")
    text = json.dumps(spec)
    assert "limits 2" in text
    assert "limits 1" not in text
    assert "Lot A1" in text
    assert "before" not in text
    row = spec["datasets"]["points"][4]
    assert (row["dot"], row["I_look"], row["I_rules"]) == ("late", "superseded", "")
    assert vl_convert.vegalite_to_svg(spec)


@given(st.integers(0, 2**32), st.integers(1, 400), st.integers(8, 60), st.integers(0, 5))
def test_thinning_keeps_every_peak_and_what_signals(seed: int, m: int, at_most: int, n_kept: int) -> None:
    random = np.random.default_rng(seed)
    values = random.integers(-9, 9, m).astype(float)
    values[random.random(m) < 0.1] = np.nan
    keep = np.isin(np.arange(m), random.integers(0, m, n_kept))
    places = thinned([values], keep, at_most).tolist()
    assert places == sorted(set(places))
    assert {0, m - 1} <= set(places)
    if keep.sum() <= at_most // 2:
        assert set(np.flatnonzero(keep)) <= set(places)
    drawn, present = values[places], values[np.isfinite(values)]
    if present.size:
        assert (np.nanmin(drawn), np.nanmax(drawn)) == (present.min(), present.max())
    assert len(places) <= at_most + 2
