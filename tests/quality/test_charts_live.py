"""Every kind of chart, followed through the database in whatever pieces and order records come."""

import random
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.utils import timezone

from lines.models import Alarm, AttributeCount, Event, Pending
from quality.charts import services, subgroups
from quality.charts.attention import limits_in_force
from quality.charts.models import ChartPoint, ChartStream
from quality.plans.models import ControlPlan
from quality.spc import attributes, rare, smoothing, three_way, variables
from quality.spc.panels import FrozenLimits, Panel
from quality.spc.rules import find
from quality.spc.series import Judged, Plotted, Series
from tests.quality.conftest import STARTED, ChartPlant

LIMITS = FrozenLimits(10, 1)


def evaluate_in_pieces(generator: random.Random) -> None:
    """As several workers would, each with what it remembers."""
    while Pending.objects.exists():
        if generator.random() < 0.3:
            services._memory.forget()
        services.evaluate(limit=generator.randint(1, 17), seconds=0)


def standing(plan: ControlPlan, stream: str = "") -> set[tuple[str, int, int, int]]:
    """(panel, rule, side, place in order of time) of the signals that hold."""
    places = {number: place for place, number in enumerate(_points(plan, stream).values_list("number", flat=True))}
    rows = plan.signals.filter(stream=stream, superseded_at=None)
    return {(s.chart, s.rule, s.side, places[s.point.number]) for s in rows.select_related("point")}


def _points(plan: ControlPlan, stream: str = "") -> Any:
    return plan.points.filter(stream=stream).order_by("source_time", "number")


def batch(panels: Iterable[tuple[str, Panel]], rules: Sequence[int]) -> set[tuple[str, int, int, int]]:
    return {
        (name, rule, int(side), int(end))
        for name, panel in panels
        for rule, found in find(panel, rules).items()
        for side, end in zip(found.side, found.end, strict=True)
    }


def named(*panels: Panel) -> list[tuple[str, Panel]]:
    return [("CUSUM" if panel.name in ("C+", "C-") else panel.name, panel) for panel in panels]


OF_VALUES: dict[str, Callable[[list[float]], Sequence[Panel]]] = {
    "I-MR": lambda x: variables.i_mr(x, LIMITS).panels,
    "EWMA": lambda x: smoothing.ewma(x, LIMITS, weight=0.2, width=2.7).panels,
    "CUSUM": lambda x: smoothing.cusum(x, LIMITS, k=0.5, h=4).panels,
}


@pytest.mark.parametrize("chart", OF_VALUES)
def test_late_points_stand_where_they_belong(plant: ChartPlant, chart: str) -> None:
    """Whatever the order of arrival, what stands in the end is what the plain batch finds over the order of time."""
    rules = [1, 2, 3, 5, 6]
    options = {"CUSUM": {"h": 4}, "EWMA": {"lambda": 0.2, "L": 2.7}}.get(chart, {})
    plan = plant.add_plan("LOAD", chart, rules=rules, options=options)
    generator = random.Random(3)
    values = [(60.0 * n, generator.gauss(10 + (1.5 if n % 50 > 30 else 0), 1)) for n in range(120)]
    # Mostly in order, some a little late, some very late.
    arrival = sorted(range(120), key=lambda n: n + generator.choice([0] * 8 + [3, 60]))
    plant.post([{"LOAD": [values[n][1]]} for n in arrival], seconds=[values[n][0] for n in arrival])
    evaluate_in_pieces(generator)
    points = list(_points(plan))
    assert [p.location for p in points] == [value for _, value in values]
    assert any(p.is_late for p in points)
    panels = OF_VALUES[chart]([value for _, value in values])
    assert standing(plan) == batch(named(*panels), rules)
    own = {"I-MR": "spread", "EWMA": "statistic", "CUSUM": "statistic"}[chart]
    plotted = panels[1 if chart == "I-MR" else 0].points.tolist()
    stored = [np.nan if getattr(p, own) is None else getattr(p, own) for p in points]
    assert stored == pytest.approx(plotted, rel=1e-9, nan_ok=True)


def test_subgroups_of_all_kinds_equal_the_batch(plant: ChartPlant) -> None:
    generator = random.Random(5)
    rules = [1, 2]
    values = [generator.gauss(10 + (1 if n > 90 else 0), 1) for n in range(160)]
    groups = [values[n : n + 4] for n in range(0, 160, 4)]
    means = [float(np.mean(group)) for group in groups]
    expected: dict[str, Sequence[Panel]] = {
        "XBAR-R": variables.xbar_r(groups, LIMITS).panels,
        "XBAR-S": variables.xbar_s(groups, LIMITS).panels,
        "I-MR-R": three_way.i_mr_r(groups, LIMITS, 0.4).panels,
        "I-MR-S": three_way.i_mr_s(groups, LIMITS, 0.4).panels,
        "EWMA": smoothing.ewma(means, LIMITS, n=[4] * 40).panels,
    }
    parameters = {"I-MR-R": {"sigma_mean": 0.4}, "I-MR-S": {"sigma_mean": 0.4}}
    plans = {kind: plant.add_plan(kind, kind, 4, parameters=parameters.get(kind)) for kind in expected}
    plant.post([{kind: [value] for kind in expected} for value in values])
    evaluate_in_pieces(generator)
    for kind, panels in expected.items():
        found = batch(named(*panels), rules)
        assert standing(plans[kind]) == found
        assert found, kind


def test_attribute_charts_count_what_was_judged(plant: ChartPlant) -> None:
    generator = random.Random(8)
    fails = [generator.random() < (0.4 if n > 150 else 0.1) for n in range(300)]
    plans = {
        kind: plant.add_plan(kind, kind, 20, parameters={"sigma_z": 1.2} if kind == "LANEY-P" else None)
        for kind in ("P", "NP", "LANEY-P")
    }
    plans |= {"G": plant.add_plan("G", "G"), "T": plant.add_plan("T", "T")}
    for kind, plan in plans.items():
        plant.freeze(plan, 2, 2.0 if kind == "G" else 0.1, 0.5, parameters=plan.limits.get().parameters)
    plant.post([{kind: [20.0 if fail else 10.0] for kind in plans} for fail in fails], fails=fails)
    evaluate_in_pieces(generator)
    counts = [float(sum(fails[n : n + 20])) for n in range(0, 300, 20)]
    sizes = [20.0] * 15
    events = [n for n, fail in enumerate(fails) if fail]
    gaps = [float(b - a - 1) for a, b in zip([-1, *events], events, strict=False)]
    hours = [(b - a) / 60 for a, b in pairwise(events)]
    limits = FrozenLimits(0.1, 0.5)
    expected = {
        "P": attributes.p(counts, sizes, limits),
        "NP": attributes.np_(counts, sizes, limits),
        "LANEY-P": attributes.p(counts, sizes, limits, sigma_z=1.2),
        "G": rare.g(gaps, FrozenLimits(2.0, 0.5)),
        "T": rare.t(hours, limits),
    }
    for kind, chart in expected.items():
        found = batch(named(chart.panels[0]), [1, 2])
        assert standing(plans[kind]) == found, kind
        assert found, kind
    assert [p.location for p in _points(plans["G"])] == gaps
    assert [p.location for p in _points(plans["T"])] == pytest.approx(hours)


def test_counts_and_areas_of_records_are_charted(plant: ChartPlant) -> None:
    per_area, count = plant.add_plan("U", "U"), plant.add_plan("C", "C")
    records = plant.post([{}] * 3)
    for pk, n, area in zip(records, (4, 0, 30), (2.0, 1.0, 2.0), strict=True):
        AttributeCount.objects.create(record_id=pk, code="U", count=n, inspected=area)
        AttributeCount.objects.create(record_id=pk, code="C", count=n)
    services.evaluate()
    assert [(p.location, p.size) for p in _points(per_area)] == [(2.0, 2.0), (0.0, 1.0), (15.0, 2.0)]
    assert [p.location for p in _points(count)] == [4, 0, 30]
    assert standing(count) == {("C", 1, -1, 1), ("C", 1, 1, 2)}


def test_channels_and_positions_are_charts_of_their_own(plant: ChartPlant) -> None:
    channels = plant.add_plan("CAP", stream_by="CHANNEL")
    lanes = plant.add_plan("WIDTH", "XBAR-R", 2, stream_by="POSITION")
    plant.freeze(channels, 2, center=20, stream="CH-2")
    for n in range(9):
        plant.post([{"CAP": [10.5]}], channel="CH-1")
        plant.post([{"CAP": [20.0 + n % 2]}], channel="CH-2")
    plant.post([{"CAP": [10.0]}], channel="CH-3\\odd")
    plant.post([{"WIDTH": [10.0]}, {"WIDTH": [10.0]}], position="lane 1")
    plant.post([{"WIDTH": [14.0]}], position="lane 2")
    services.evaluate()
    assert standing(channels, "CH-1") == {("I", 2, 1, 8)}
    assert standing(channels, "CH-2") == set()  # by its own limits
    assert _points(channels, "CH-2")[0].limits.version == 2
    assert _points(channels, "CH-3\\odd").count() == 1
    assert [p.n for p in _points(lanes, "lane 1")] == [2]
    assert ChartStream.objects.get(plan=lanes, stream="lane 2").values == [14.0]
    assert "［CH-1］" in Alarm.objects.get().message_ja


def test_a_machines_clock_is_corrected_by_its_measured_offset(plant: ChartPlant) -> None:
    plan = plant.add_plan("LOAD")
    plant.post([{"LOAD": [10.0]}], seconds=[100], clock_offset_s=60.0)
    plant.post([{"LOAD": [11.0]}], seconds=[50])
    services.evaluate()
    assert [(p.location, p.source_time - STARTED) for p in _points(plan)] == [
        (10.0, timedelta(seconds=40)),
        (11.0, timedelta(seconds=50)),
    ]
    assert not ChartPoint.objects.filter(is_late=True).exists()


def test_a_closed_subgroup_stays_closed_and_a_late_member_is_judged_singly(plant: ChartPlant) -> None:
    plan = plant.add_plan("LOAD", "XBAR-R", 3)
    plant.post([{"LOAD": [10.0]}, {"LOAD": [11.0]}, {"LOAD": [12.0]}], seconds=[1, 2, 5])
    services.evaluate()
    plant.post([{"LOAD": [13.5]}, {"LOAD": [9.0]}], seconds=[3, 6])
    services.evaluate()
    found = [(p.location, p.n, p.spread, p.is_late) for p in _points(plan)]
    assert found == [(13.5, 1, None, True), (11.0, 3, 2.0, False)]
    assert standing(plan) == {("XBAR", 1, 1, 0)}  # by the limits of a single value
    assert ChartStream.objects.get(plan=plan).values == [9.0]


def test_each_nth_value_and_periods(plant: ChartPlant) -> None:
    sampled = plant.add_plan("NTH", every_nth=3)
    hourly = plant.add_plan("HOUR", "XBAR-R", 5, by="PERIOD", period_s=3600)
    plant.post([{"NTH": [float(n)], "HOUR": [float(n)]} for n in range(8)], seconds=[n * 900 for n in range(8)])
    services.evaluate()
    assert [p.location for p in _points(sampled)] == [0.0, 3.0, 6.0]
    # The second hour is over by the clock, for the records are old.
    assert [(p.location, p.n) for p in _points(hourly)] == [(1.5, 4), (5.5, 4)]
    plant.post([{"HOUR": [9.0]}], seconds=[3500])
    services.evaluate()
    assert [(p.location, p.n) for p in _points(hourly)] == [(1.5, 4), (9.0, 1), (5.5, 4)]


def test_a_run_that_only_a_late_point_shows_is_told_once(plant: ChartPlant) -> None:
    plan = plant.add_plan("LOAD")
    plant.post([{"LOAD": [10.5]}] * 4 + [{"LOAD": [10.5]}] * 4 + [{"LOAD": [9.9]}] * 3)
    services.evaluate()
    assert not Alarm.objects.exists()
    plant.post([{"LOAD": [10.5]}], seconds=[90])
    services.evaluate()
    assert standing(plan) == {("I", 2, 1, 8)}
    alarm = Alarm.objects.get()
    assert alarm.cleared_at is not None  # the run had ended
    assert alarm.acknowledged_at is None  # somebody shall see it


def test_a_late_point_that_breaks_a_run_marks_its_signals_and_ends_the_alarm(plant: ChartPlant) -> None:
    plan = plant.add_plan("LOAD")
    plant.post([{"LOAD": [10.5]}] * 10)
    services.evaluate()
    alarm = Alarm.objects.get(cleared_at=None)
    assert len(standing(plan)) == 2
    plant.post([{"LOAD": [9.5]}], seconds=[330])
    services.evaluate()
    assert standing(plan) == set()
    assert plan.signals.exclude(superseded_at=None).count() == 2
    alarm.refresh_from_db()
    assert alarm.cleared_at is not None


def test_a_plan_that_makes_no_chart_stops_no_other(plant: ChartPlant, caplog: pytest.LogCaptureFixture) -> None:
    plant.add_plan("BAD", "LANEY-P", 2)
    impossible = plant.add_plan("WORSE", "P", 2)
    plant.freeze(impossible, 2, center=10.5)  # as a share
    good = plant.add_plan("GOOD")
    plant.post([{"BAD": [10.0], "WORSE": [10.0], "GOOD": [10.0]}] * 4)
    services.evaluate()
    assert good.points.count() == 4
    assert "MES-Q-0004: CHART-BAD" in caplog.text
    assert [p.location for p in _points(impossible)] == [0.0, 0.0]


def test_a_point_that_cannot_be_judged_stops_no_chart(
    plant: ChartPlant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    plan, good = plant.add_plan("ODD"), plant.add_plan("GOOD")
    insert = Series.insert

    def fails(series: Series, point: Plotted) -> Judged:
        if point.location == 99.0:
            raise OverflowError("too large")
        return insert(series, point)

    monkeypatch.setattr(Series, "insert", fails)
    plant.post([{"ODD": [value], "GOOD": [10.0]} for value in (10.0, 99.0, 12.0)])
    services.evaluate()
    assert [(p.number, p.location, p.spread) for p in _points(plan)] == [(0, 10.0, None), (1, 12.0, 2.0)]
    assert good.points.count() == 3
    assert "MES-Q-0004: CHART-ODD: too large" in caplog.text


def test_screens_hear_of_a_stream(plant: ChartPlant) -> None:
    plan = plant.add_plan("CAP", stream_by="CHANNEL")
    plant.post([{"CAP": [10.0]}], channel="CH-1")
    services.evaluate()
    assert Event.objects.get().payload == {"plan": plan.code, "number": 0, "stream": "CH-1"}


def test_what_ends_and_shows_again_in_one_batch_is_stored_twice(plant: ChartPlant) -> None:
    plan = plant.add_plan("LOAD", rules=[1])
    plant.post([{"LOAD": [v]} for v in (10.0, 10.0, 18.0, 18.0)], seconds=[0, 60, 600, 660])
    services.evaluate()
    # The first late value takes the jump from the point at 600 s, the second one brings it back.
    plant.post([{"LOAD": [18.0]}, {"LOAD": [10.0]}], seconds=[300, 400])
    services.evaluate()
    assert not Pending.objects.exists()
    assert [p.location for p in _points(plan)] == [10, 10, 18, 10, 18, 18]
    jumps = plan.signals.filter(chart="MR", point__number=2).order_by("id")
    assert [signal.superseded_at is None for signal in jumps] == [False, True]
    assert standing(plan) == batch(named(*variables.i_mr([10, 10, 18, 10, 18, 18], LIMITS).panels), [1])


def test_what_shows_ends_and_shows_again_in_one_batch_keeps_each_row(plant: ChartPlant) -> None:
    plan = plant.add_plan("LOAD", rules=[1])
    plant.post([{"LOAD": [v]} for v in (10.0, 10.0, 18.0, 18.0, 10.0)], seconds=[0, 60, 600, 300, 400])
    services.evaluate()
    jumps = plan.signals.filter(chart="MR", point__number=2).order_by("id")
    assert [signal.superseded_at is None for signal in jumps] == [False, True]
    assert standing(plan) == batch(named(*variables.i_mr([10, 10, 18, 10, 18], LIMITS).panels), [1])


def test_periods_stay_open_while_their_records_wait(plant: ChartPlant) -> None:
    plan = plant.add_plan("HOUR", "XBAR-R", 5, by="PERIOD", period_s=3600)
    plant.post([{"HOUR": [10.0 + n % 3]} for n in range(60)], seconds=[n * 60 for n in range(60)])
    for _ in range(3):
        services.evaluate(limit=20, seconds=0)
    assert not plan.points.exists()  # nobody has seen yet that nothing waits
    services.evaluate(limit=20, seconds=0)
    assert [(p.location, p.n, p.is_late) for p in _points(plan)] == [(11.0, 60, False)]


def test_a_period_of_any_number_of_units_stops_no_chart(plant: ChartPlant, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plant.add_plan("SHARE", "P", 2, by="PERIOD", period_s=86_400)
    plant.freeze(plan, 2, 0.2, 0.1)
    monkeypatch.setattr(subgroups, "FULL", 3)
    for n in range(4):  # what is full is known to the next worker
        plant.post([{"SHARE": [10.0]}] * 2, seconds=[n * 10, n * 10 + 1], fails=[False, n < 2])
        services._memory.forget()
        services.evaluate(limit=2, seconds=0)
    assert [(p.location, p.n, p.is_late) for p in _points(plan)] == [(1 / 3, 3, False), (1 / 3, 3, False)]
    services.evaluate()
    assert [p.n for p in _points(plan)] == [3, 3, 2]


@pytest.mark.slow
def test_the_largest_period_fits_its_row(plant: ChartPlant) -> None:
    plan = plant.add_plan("SHARE", "P", 2, by="PERIOD", period_s=86_400)
    plant.freeze(plan, 2, 0.01, 0.1)
    plant.post([{"SHARE": [10.0] * 16_500}] * 2)
    services.evaluate()
    assert [p.n for p in _points(plan)] == [20_000, 13_000]


def test_an_error_of_the_database_at_one_stream_stops_no_other(
    plant: ChartPlant, caplog: pytest.LogCaptureFixture
) -> None:
    odd, good = plant.add_plan("ODD", "XBAR-R", 2), plant.add_plan("GOOD")
    with connection.cursor() as cursor:
        cursor.execute("alter table quality_chartpoint add constraint no_99 check (location <> 99)")
    records = plant.post([{"ODD": [v], "GOOD": [v]} for v in (10.0, 12.0, 98.0, 100.0, 10.0, 10.0)])
    services.evaluate()
    assert not Pending.objects.exists()
    assert [p.location for p in _points(good)] == [10, 12, 98, 100, 10, 10]
    assert [(p.number, p.location) for p in _points(odd)] == [(0, 11.0), (1, 10.0)]
    assert f"MES-Q-0005: CHART-ODD []: records [{records[2]}, {records[3]}]: " in caplog.text
    alarm = Alarm.objects.get(code="SPC-NOT-EVALUATED")
    assert (alarm.station, alarm.subject_id, alarm.acknowledged_at) == (plant.station, "CHART-ODD", None)
    plant.post([{"ODD": [v], "GOOD": [10.0]} for v in (99.0, 99.0, 11.0, 11.0)])
    services.evaluate()
    assert [p.location for p in _points(odd)] == [11.0, 10.0, 11.0]
    assert good.points.count() == 10
    assert Alarm.objects.filter(code="SPC-NOT-EVALUATED").count() == 1  # one until somebody has seen it


def test_a_period_that_cannot_be_closed_stops_no_other(plant: ChartPlant) -> None:
    odd, good = (plant.add_plan(code, "XBAR-R", 2, by="PERIOD", period_s=3600) for code in ("ODD", "GOOD"))
    with connection.cursor() as cursor:
        cursor.execute("alter table quality_chartpoint add constraint no_99 check (location <> 99)")
    plant.post([{"ODD": [v], "GOOD": [10.0]} for v in (98.0, 100.0)])
    services.evaluate()
    assert [p.n for p in _points(good)] == [2]
    assert ChartStream.objects.get(plan=odd).values == []  # or it would fail each second
    assert Alarm.objects.get().subject_id == "CHART-ODD"


def test_a_version_set_for_later_is_withdrawn_by_one_frozen_after_it(plant: ChartPlant) -> None:
    plan = plant.add_plan("LOAD")
    planned, frozen_after = plant.freeze(plan, 2, center=50), plant.freeze(plan, 3, center=12)
    day = timedelta(days=1)
    planned.valid_from = timezone.now() + day
    planned.save()
    plant.post([{"LOAD": [12.0]}])
    services.evaluate()
    planned.valid_from = timezone.now() - day / 24  # its day has come; the one frozen after it is valid for months
    planned.save()
    plant.post([{"LOAD": [12.0]}])
    services.evaluate()
    assert [p.limits_id for p in _points(plan)] == [frozen_after.pk, frozen_after.pk]
    assert limits_in_force([plan.pk]) == {(plan.pk, ""): frozen_after}
    assert not plan.signals.exists()
