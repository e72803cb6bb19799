"""The drawn chart: one spec for screen and report, readable without colour, in both languages."""

from datetime import UTC, datetime, timedelta

import pytest
import vl_convert

from quality.charts.plotted import ChartData, ChartLimits, PlottedPoint, Signalled, SpecLimits
from quality.charts.specs import pair_spec
from quality.charts.streams import Stream, Value
from quality.spc.panels import FrozenLimits
from quality.spc.variables import mean_lines, range_lines

LIMITS = FrozenLimits(19.0, 0.08)
STARTED = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def _data(chart: str, values: list[float], size: int = 1, spec: SpecLimits | None = None) -> ChartData:
    stream = Stream(chart, False, size, (1, 2), LIMITS, 1)
    spread_lines = range_lines(LIMITS, max(size, 2))
    points = []
    for point in stream.take([Value(v, 100 + n, STARTED + timedelta(minutes=n)) for n, v in enumerate(values)]):
        signals = tuple(
            Signalled(1, chart, rule.rule, rule.side, point.number - rule.length + 1, 5, False)
            for chart, rule, *_ in point.broken
        )
        serials = tuple(f"SK1CLF{record:06d}" for record in point.records)
        points.append(
            PlottedPoint(
                point.number, point.source_time, point.location, point.spread, point.n, point.records, serials, 1,
                mean_lines(LIMITS, point.n), spread_lines, signals,
            )
        )  # fmt: skip
    newest = ChartLimits(1, *LIMITS, 100, "MR-MEAN", STARTED, "demo", "study", mean_lines(LIMITS, size), spread_lines)
    return ChartData(
        "LOAD", "Loading", "目付", "Cathode loading", "正極目付", "mg/cm2", chart, (1, 2), newest, spec, tuple(points)
    )


def test_limits_specification_and_rule_numbers_are_on_the_drawing() -> None:
    data = _data("I-MR", [19.0, 19.05, 19.4, 19.0] + [18.95] * 9, spec=SpecLimits(1, 18.7, 19.0, 19.3))
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
    assert (rows[2]["I_rules"], rows[2]["I_look"], rows[2]["MR_rules"]) == ("1", "open", "1")
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
