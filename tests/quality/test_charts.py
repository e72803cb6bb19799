"""Records become points, signals and alarms: in order, once, in few statements."""

import random
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lines.events.models import Event, EventKind
from lines.models import Alarm, Pending
from lines.records.models import Consumer
from quality.charts import services
from quality.charts.attention import chart_states
from quality.charts.drawn import chart_data
from quality.charts.models import ChartPoint, ChartStream
from quality.charts.tasks import evaluate_pending
from quality.plans.models import ControlPlan
from quality.reactions.models import Reaction
from quality.spc.panels import FrozenLimits
from quality.spc.rules import find
from quality.spc.variables import i_mr, xbar_r
from tests.quality.conftest import ChartPlant

LIMITS = FrozenLimits(10, 1)


def _signals(plan: ControlPlan) -> list[tuple[str, int, int, int]]:
    return list(plan.signals.order_by("id").values_list("chart", "rule", "side", "point__number"))


def test_a_point_beyond_a_limit_signals_and_raises_one_alarm_at_its_station(plant: ChartPlant) -> None:
    plan = plant.add_plan("LOAD")
    records = plant.post([{"LOAD": [10.0]}, {"LOAD": [10.5]}, {"LOAD": [14.25]}, {"LOAD": [10.0]}])
    assert evaluate_pending() == 4
    points = list(plan.points.order_by("number"))
    assert [(p.number, p.location, p.spread, p.records) for p in points] == [
        (0, 10.0, None, [records[0]]),
        (1, 10.5, 0.5, [records[1]]),
        (2, 14.25, 3.75, [records[2]]),
        (3, 10.0, 4.25, [records[3]]),
    ]
    assert _signals(plan) == [("I", 1, 1, 2), ("MR", 1, 1, 2), ("MR", 1, 1, 3)]
    # One cause, one alarm: the outlier, its jump up and its jump back.
    alarm = Alarm.objects.get()
    assert set(plan.signals.values_list("alarm_id", flat=True)) == {alarm.pk}
    assert (alarm.station, alarm.code, alarm.subject_kind, alarm.subject_id) == (
        plant.station,
        "SPC-RULE-1",
        "chart",
        "CHART-LOAD",
    )
    assert alarm.source_time == points[2].source_time
    assert alarm.message_en == "Chart LOAD: value 14.2 mg/cm2 is above the upper control limit 13.0 mg/cm2 (rule 1)"
    assert alarm.message_ja == "管理図LOAD：測定値 14.2 mg/cm2 が上方管理限界 13.0 mg/cm2 を外れました（ルール1）"
    assert alarm.cleared_at is None  # the range has not come back yet
    plant.post([{"LOAD": [10.0]}])
    services.evaluate()
    alarm.refresh_from_db()
    assert alarm.cleared_at is not None
    assert alarm.acknowledged_at is None
    assert Pending.objects.count() == 0
    kinds = list(Event.objects.order_by("id").values_list("kind", "payload"))
    signal = plan.signals.earliest("id")
    assert (EventKind.SIGNAL, {"signal": signal.pk, "plan": plan.code, "rule": 1}) in kinds
    assert (EventKind.CHART_POINT, {"plan": plan.code, "number": 3}) in kinds
    assert (EventKind.ALARM, {"alarm": alarm.pk, "change": "raised"}) in kinds
    assert (EventKind.ALARM, {"alarm": alarm.pk, "change": "cleared"}) in kinds


def test_a_long_run_is_many_signals_and_one_alarm(plant: ChartPlant) -> None:
    plan = plant.add_plan("LOAD")
    plant.post([{"LOAD": [10.5]}] * 15 + [{"LOAD": [9.5]}] + [{"LOAD": [10.5]}] * 9)
    while services.evaluate(limit=4, seconds=0):
        pass
    assert _signals(plan) == [("I", 2, 1, n) for n in [*range(8, 15), 24]]
    first, second = Alarm.objects.order_by("id")
    assert plan.signals.filter(alarm=first).count() == 7
    assert plan.signals.filter(alarm=second).count() == 1
    assert first.cleared_at is not None
    assert second.cleared_at is None
    assert plan.signals.filter(alarm=second).get().window_first == 16
    assert second.message_en == (
        "Chart LOAD: 9 points in a row above the centre line 10.0 mg/cm2, last value 10.5 mg/cm2 (rule 2)"
    )


def test_a_jump_during_an_alarm_joins_it(plant: ChartPlant) -> None:
    plan = plant.add_plan("LOAD")
    for value in (10.0, 12.0, 14.0, 20.0):  # the moving range of the last one is beyond its limit, too
        plant.post([{"LOAD": [value]}])
        services.evaluate()
    assert _signals(plan) == [("I", 1, 1, 2), ("I", 1, 1, 3), ("MR", 1, 1, 3)]
    assert set(plan.signals.values_list("alarm_id", flat=True)) == {Alarm.objects.get().pk}


def test_new_limits_end_the_alarm_of_the_old_ones(plant: ChartPlant) -> None:
    plan = plant.add_plan("LOAD")
    plant.post([{"LOAD": [14.0]}])
    services.evaluate()
    plant.freeze(plan, 2, center=10.1)
    plant.post([{"LOAD": [14.0]}])
    services.evaluate()
    old, new = Alarm.objects.order_by("id")
    assert old.cleared_at is not None
    assert new.cleared_at is None
    assert [signal.alarm_id for signal in plan.signals.order_by("id")] == [old.pk, new.pk]


def test_a_plan_that_is_no_longer_active_clears_its_alarm(plant: ChartPlant) -> None:
    plan = plant.add_plan("LOAD")
    plant.post([{"LOAD": [14.0]}])
    services.evaluate()
    ControlPlan.objects.filter(pk=plan.pk).update(is_active=False)
    assert services.evaluate() == 0
    assert Alarm.objects.get().cleared_at is not None
    ControlPlan.objects.filter(pk=plan.pk).update(is_active=True)
    plant.post([{"LOAD": [14.0]}])
    services.evaluate()
    assert Alarm.objects.filter(cleared_at=None).count() == 1  # still violating, watched again


def test_a_chart_that_only_logs_raises_no_alarm(plant: ChartPlant) -> None:
    plan = plant.add_plan("LOAD", response="LOG")
    plant.post([{"LOAD": [20.0]}])
    services.evaluate()
    assert [signal.alarm for signal in plan.signals.all()] == [None]
    assert not Alarm.objects.exists()


def test_however_records_are_cut_the_charts_equal_the_batch(plant: ChartPlant) -> None:
    generator = random.Random(7)
    single, pairs, trays = (
        plant.add_plan("ONE"),
        plant.add_plan("THREE", "XBAR-R", 3),
        plant.add_plan("TRAY", "XBAR-R", 4, by="RECORD"),
    )
    drift = [0.0] * 40 + [0.9] * 40 + [-1.6] * 40
    rows: list[dict[str, Any]] = [
        {
            "ONE": [generator.gauss(10 + shift, 1)],
            "THREE": [generator.gauss(10 + shift, 1) for _ in range(generator.randint(0, 2))],
            "TRAY": [generator.gauss(10 + shift, 1) for _ in range(generator.randint(0, 5))],
        }
        for shift in drift
    ]
    plant.post(rows)
    while services.evaluate(limit=generator.randint(1, 23), seconds=0) or Pending.objects.exists():
        pass
    threes = [value for row in rows for value in row["THREE"]]
    full = len(threes) // 3 * 3
    expected = {
        single: i_mr([row["ONE"][0] for row in rows], LIMITS),
        pairs: xbar_r([threes[n : n + 3] for n in range(0, full, 3)], LIMITS),
        trays: xbar_r([row["TRAY"] for row in rows if row["TRAY"]], LIMITS),
    }
    for plan, pair in expected.items():
        points = list(plan.points.order_by("number"))
        assert [point.number for point in points] == list(range(pair.location.points.size))
        assert [point.location for point in points] == pytest.approx(pair.location.points.tolist(), rel=1e-14)
        spreads = [float("nan") if point.spread is None else point.spread for point in points]
        assert spreads == pytest.approx(pair.spread.points.tolist(), rel=1e-14, nan_ok=True)
        batch = {
            (panel.name, found.rule, int(side), int(end))
            for panel in (pair.location, pair.spread)
            for found in find(panel, (1, 2)).values()
            for side, end in zip(found.side, found.end, strict=True)
        }
        assert set(_signals(plan)) == batch
        assert batch, plan.code
    assert ChartStream.objects.get(plan=pairs).values == threes[full:]


def test_a_point_keeps_its_limits_and_new_limits_start_new_windows(plant: ChartPlant) -> None:
    plan = plant.add_plan("LOAD")
    plant.post([{"LOAD": [10.5]}] * 8)
    services.evaluate()
    plant.freeze(plan, 2, center=10.1)
    plant.post([{"LOAD": [10.5]}] * 9)
    services.evaluate()
    assert _signals(plan) == [("I", 2, 1, 16)]
    versions = list(plan.points.order_by("number").values_list("limits__version", flat=True))
    assert versions == [1] * 8 + [2] * 9
    assert plan.points.get(number=8).spread == 0.0  # a moving range goes on


def test_only_the_charts_own_product_and_station_count(plant: ChartPlant) -> None:
    plan = plant.add_plan("LOAD")
    plant.post([{"LOAD": [10.0]}], product="OTHER")
    plant.post([{"ELSE": [10.0]}, {}])
    ControlPlan.objects.filter(pk=plan.pk).update(is_active=False)
    plant.post([{"LOAD": [10.0]}])
    assert services.evaluate() == 4
    assert not ChartPoint.objects.exists()


def test_an_evaluation_that_fails_leaves_everything_as_it_was(
    plant: ChartPlant, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plant.add_plan("LOAD")
    plant.post([{"LOAD": [14.0]}] * 3)

    def fail(*stored: object) -> None:  # noqa: ARG001 - stands for keep_streams
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch, pytest.raises(RuntimeError, match="power cut"):
        patch.setattr(services, "keep_streams", fail)
        services.evaluate()
    assert Pending.objects.filter(consumer=Consumer.SPC).count() == 3
    assert not Alarm.objects.exists()
    assert not ChartPoint.objects.exists()
    assert services.evaluate() == 3
    assert plan.points.count() == 3
    assert Alarm.objects.count() == 1


def test_one_extreme_value_stops_no_chart(plant: ChartPlant, caplog: pytest.LogCaptureFixture) -> None:
    pairs, single = plant.add_plan("TRAY", "XBAR-R", 3, by="RECORD"), plant.add_plan("ONE")
    extreme = [0.0, 1.5e308, 1.5e308]
    records = plant.post([{"TRAY": extreme, "ONE": [10.0]}, {"TRAY": [9.0, 10.0, 11.0], "ONE": [10.5]}])
    assert services.evaluate() == 2
    assert [point.records for point in pairs.points.all()] == [[records[1]]]
    assert single.points.count() == 2
    assert f"MES-Q-0003: CHART-TRAY: records [{records[0]}]" in caplog.text


def test_a_second_evaluator_leaves_it_to_the_first(plant: ChartPlant) -> None:
    plant.add_plan("LOAD")
    plant.post([{"LOAD": [10.0]}])
    database = connection.settings_dict
    with psycopg.connect(
        host=database["HOST"], port=database["PORT"], user=database["USER"], password=database["PASSWORD"],
        dbname=database["NAME"],
    ) as other:  # fmt: skip
        other.execute("select pg_advisory_xact_lock(%s)", [services._ONE_AT_A_TIME])
        assert services.evaluate() == 0
    assert services.evaluate() == 1


def test_two_hundred_records_take_a_fixed_number_of_statements(plant: ChartPlant) -> None:
    for n in range(5):
        plant.add_plan(f"C{n}", *(("I-MR", 1) if n % 2 else ("XBAR-R", 5)))
    generator = random.Random(1)
    for size in (1, 200):
        plant.post([{f"C{n}": [generator.uniform(9, 11)] for n in range(5)} for _ in range(size)])
        before, reactions = Alarm.objects.count(), Reaction.objects.count()
        with CaptureQueriesContext(connection) as captured:
            assert services.evaluate() == size
        changed = 4 * (Alarm.objects.count() - before + Reaction.objects.count() - reactions)
        # Raising and clearing an alarm takes a few more each, and opening its reaction; they are rare.
        assert len(captured) - changed <= 20, [query["sql"][:90] for query in captured.captured_queries]


def test_chart_data_and_list(plant: ChartPlant, django_assert_max_num_queries: Any) -> None:
    plan = plant.add_plan("LOAD")
    plant.add_plan("QUIET", "XBAR-R", 5)
    plant.post([{"LOAD": [10.0 + n % 2]} for n in range(30)] + [{"LOAD": [14.0]}])
    services.evaluate()
    with django_assert_max_num_queries(6):
        data = chart_data(plan, last_n=20)
    assert [point.number for point in data.points] == list(range(11, 31))
    last = data.points[-1]
    individual, moving = last.lines["I"], last.lines["MR"]
    assert individual is not None and moving is not None
    assert (individual.lcl, individual.center, individual.ucl) == (7, 10, 13)
    assert moving.ucl == pytest.approx(3.686, abs=1e-3)
    assert last.serials == ("SERIAL-00030",)
    assert [(s.chart, s.rule, s.side, s.is_acknowledged) for s in last.signals] == [("I", 1, 1, False)]
    assert data.spec is not None
    assert (data.spec.lsl, data.spec.usl) == (4, 16)
    assert last.source_time is not None
    assert str(last.source_time.tzinfo) == settings.TIME_ZONE
    with django_assert_max_num_queries(4):
        charts = {state.plan.code: state for state in chart_states()}
    load = charts["CHART-LOAD"]
    assert (load.points, load.open_alarms, load.is_signalling) == (31, 1, True)
    assert "CHART-QUIET" not in charts  # has no points yet
    assert load.last_signal is not None
    assert load.last_signal.point.number == 30
    assert chart_data(plant.plans["QUIET"]).spec is None  # never beside a mean
    assert chart_data(plant.plans["QUIET"]).points == ()
