"""What the chart pages show beyond one drawing: streams, 4M changes, capability, the wall, causes."""

import json
from datetime import timedelta

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lines.alarms.models import AlarmPriority
from lines.alarms.services import raise_alarm
from lines.models import Person
from lines.people.models import Role
from quality.charts.attention import chart_states, most_needed
from quality.charts.capable import capable
from quality.charts.drawn import chart_data
from quality.charts.models import ChangeKind, ChartPoint, ChartStream, ProcessChange, Signal
from quality.charts.process_changes import RecordFacts, changes_between, note, notice
from quality.plans.models import ControlPlan
from quality.reactions.models import CodeKind, Reaction, ReactionCode, ReactionSignal
from tests.quality.conftest import STARTED, ChartPlant


@pytest.fixture
def client(db: None) -> Client:  # noqa: ARG001 - order
    client = Client()
    client.force_login(Person.objects.create(username="quality", role=Role.QUALITY))
    return client


def fill(plan: ControlPlan, values: list[float], stream: str = "") -> list[ChartPoint]:
    """Points as the evaluation would leave them, a minute apart, without signals."""
    limits = plan.limits.get(version=1)
    points = ChartPoint.objects.bulk_create(
        ChartPoint(
            plan=plan, stream=stream, limits=limits, number=number, source_time=STARTED + timedelta(minutes=number),
            location=value, spread=1.0, n=1, is_late=False, is_excluded=False, records=[],
        )
        for number, value in enumerate(values)
    )  # fmt: skip
    ChartStream.objects.update_or_create(
        plan=plan, stream=stream, defaults={"next_number": len(points), "newest_at": points[-1].source_time}
    )
    return points


def signal_at(point: ChartPoint) -> Signal:
    return Signal.objects.create(
        plan=point.plan, stream=point.stream, limits=point.limits, point=point, chart="I", rule=1, side=1,
        window_first=point.number, raised_at=timezone.now(),
    )  # fmt: skip


def facts(plant: ChartPlant, minute: int, operator: str = "", recipe: str = "", product: str = "CELL-X") -> RecordFacts:
    return RecordFacts(plant.station.pk, "OP", product, operator, recipe, STARTED + timedelta(minutes=minute))


def test_operator_and_recipe_changes_are_found_in_the_records(plant: ChartPlant) -> None:
    notice([facts(plant, 1, "op-1", "R1"), facts(plant, 0, "op-1", "R1"), facts(plant, 2, "op-2", "R1")])
    notice([facts(plant, 3, "op-2", "R2"), facts(plant, 4, recipe="Z1", product="OTHER"), facts(plant, 5)])
    notice([facts(plant, 1, "op-1", "R1")])  # late: what came after is marked already
    found = changes_between(plant.station, "CELL-X", STARTED, STARTED + timedelta(hours=1))
    assert [(change.kind, change.text_en, change.at) for change in found] == [
        ("MAN", "Operator OP: op-2 (was op-1)", STARTED + timedelta(minutes=2)),
        ("METHOD", "Recipe OP: R2 (was R1)", STARTED + timedelta(minutes=3)),
    ]
    with CaptureQueriesContext(connection) as captured:
        notice([facts(plant, minute, "op-2", "R2") for minute in range(10, 60)])
    assert len(captured) == 1


def test_a_change_is_noted_by_people_and_marked_on_the_drawing(client: Client, plant: ChartPlant) -> None:
    fill(plant.add_plan("A"), [10.0, 10.5, 9.8])
    sent = {"kind": "MACHINE", "at": "2026-03-01T09:01:30", "text": "New <b>nozzle</b>"}
    assert client.post("/charts/CHART-A/changes/", sent).status_code == 302
    html = client.get("/charts/CHART-A/").content.decode()
    assert "New &lt;b&gt;nozzle&lt;/b&gt;" in html
    assert "nozzle" in client.get("/charts/CHART-A/spec.json").content.decode()
    for wrong in (
        {"kind": "MOOD"},
        {"text": " "},
        {"text": "x" * 201},
        {"at": "yesterday"},
        {"at": "9999-01-01T00:00"},
    ):
        response = client.post("/charts/CHART-A/changes/", sent | wrong)
        assert response.status_code == 422
        assert "MES-Q-034" in response.content.decode()
    auditor = Client()
    auditor.force_login(Person.objects.create(username="auditor", role=Role.AUDITOR))
    assert auditor.post("/charts/CHART-A/changes/", sent).status_code == 403
    assert ProcessChange.objects.count() == 1


def test_each_stream_has_its_own_drawing_and_points(client: Client, plant: ChartPlant) -> None:
    plan = plant.add_plan("A")
    fill(plan, [10.0, 10.1], "LANE-1")
    fill(plan, [11.0, 11.1, 11.2], "LANE-2")
    html = client.get("/charts/CHART-A/?stream=LANE-2").content.decode()
    assert 'value="LANE-1"' in html
    spec = json.loads(client.get("/charts/CHART-A/spec.json?stream=LANE-2").content)
    assert [row["I"] for row in spec["datasets"]["points"]] == [11.0, 11.1, 11.2]
    assert client.get("/charts/CHART-A/points/2/?stream=LANE-2").status_code == 200
    assert client.get("/charts/CHART-A/points/2/?stream=LANE-1").status_code == 404
    for odd in ("NONE", "'", "x" * 300):
        assert client.get(f"/charts/CHART-A/?stream={odd}").status_code == 200


@pytest.mark.slow
def test_all_of_many_points_are_drawn_by_few_with_every_peak_and_signal(plant: ChartPlant) -> None:
    plan = plant.add_plan("A")
    values = np.random.default_rng(3).normal(10, 0.5, 3000)
    values[1234] = 15.5
    points = fill(plan, values.tolist())
    signal_at(points[77])
    data = chart_data(plan, None, at_most=600)
    assert data.n_points == 3000
    assert len(data.points) <= 602
    drawn = {point.number: point for point in data.points}
    assert drawn[1234].values["I"] == 15.5
    assert [signal.rule for signal in drawn[77].signals] == [1]
    assert data.places == tuple(drawn)
    assert not chart_data(plan, 200, at_most=600).is_thinned


def test_capability_comes_after_the_verdict_on_stability(client: Client, plant: ChartPlant) -> None:
    plan = plant.add_plan("A")
    points = fill(plan, np.random.default_rng(5).normal(10, 1, 120).tolist())
    found = capable(plan)
    assert found is not None
    assert found.refused is None
    assert found.figures.within.potential == pytest.approx(12 / 6)  # (16 - 4) / (6 * 1), the frozen sigma
    assert "In control" in client.get("/charts/CHART-A/capability/").content.decode()
    signal_at(points[100])
    html = client.get("/charts/CHART-A/capability/").content.decode()
    assert "Not in control" in html
    assert "MES-Q-0126" in html
    assert "Cpk" in html
    assert json.loads(client.get("/charts/CHART-A/capability/spec.json").content)["layer"]


@pytest.mark.parametrize("values", [[10.0], [10.0] * 50, [1.7e308, -1.7e308] * 20])
def test_odd_data_have_a_capability_page_too(client: Client, plant: ChartPlant, values: list[float]) -> None:
    fill(plant.add_plan("A"), values)
    html = client.get("/charts/CHART-A/capability/").content.decode()
    assert "undefined" in html
    assert "nan" not in html.lower().replace("nano", "")
    drawing = client.get("/charts/CHART-A/capability/spec.json").content.decode()
    assert "NaN" not in drawing
    assert "Infinity" not in drawing


def test_charts_that_count_say_why_they_have_no_capability(client: Client, plant: ChartPlant) -> None:
    plant.add_plan("A", "C")
    assert "This chart counts" in client.get("/charts/CHART-A/capability/").content.decode()
    assert client.get("/charts/CHART-A/capability/spec.json").status_code == 404


def test_the_wall_shows_first_what_is_most_urgent(client: Client, plant: ChartPlant) -> None:
    now = timezone.now()
    for code in "ABCD":
        fill(plant.add_plan(code), [10.0, 10.2, 9.9])
    signal_at(ChartPoint.objects.get(plan=plant.plans["B"], number=2))
    older = signal_at(ChartPoint.objects.get(plan=plant.plans["C"], number=0))
    older.alarm = raise_alarm(
        plant.station, "SPC-RULE-1", priority=AlarmPriority.LOW, message_en="m", message_ja="m",
        subject_kind="chart", subject_id="CHART-C", source_time=now,
    )  # fmt: skip
    older.save()
    Reaction.objects.create(plan=plant.plans["D"], opened_at=now, due_at=now - timedelta(minutes=1))
    ordered = [state.plan.code for state in most_needed(chart_states(), 20)]
    assert ordered == ["CHART-D", "CHART-B", "CHART-C", "CHART-A"]
    html = client.get("/charts/wall/").content.decode()
    assert html.index("CHART-D") < html.index("CHART-B") < html.index("CHART-C") < html.index("CHART-A")
    assert "reaction overdue" in html
    assert client.get("/charts/wall/parts/").content.decode().count("wall-tile") == 4


def test_causes_are_counted_and_stand_at_the_points(client: Client, plant: ChartPlant) -> None:
    now = timezone.now()
    plan = plant.add_plan("A")
    signal = signal_at(fill(plan, [10.0, 14.0])[1])
    cause = ReactionCode.objects.create(code="NOZZLE", kind=CodeKind.CAUSE, name_en="Nozzle worn", name_ja="ノズル摩耗")
    reaction = Reaction.objects.create(plan=plan, opened_at=now, due_at=now, cause=cause)
    ReactionSignal.objects.create(signal=signal, reaction=reaction)
    assert "Nozzle worn" in client.get("/charts/pareto/causes.json").content.decode()
    assert "Nozzle worn" in client.get("/charts/CHART-A/points/1/").content.decode()
    client.cookies["django_language"] = "ja"
    assert "ノズル摩耗" in client.get("/charts/CHART-A/").content.decode()
    assert "ノズル摩耗" in json.loads(client.get("/charts/CHART-A/spec.json").content)["datasets"]["points"][1]["cause"]
    assert client.get("/charts/pareto/").status_code == 200
    assert client.get("/charts/pareto/moods.json").status_code == 404


def test_changes_of_other_apps_are_noted_in_their_transaction(plant: ChartPlant) -> None:
    note(plant.station, ChangeKind.MATERIAL, STARTED, "Foil: S 1", "箔：S 1", by="station:X", product="OTHER")
    assert changes_between(plant.station, "CELL-X", STARTED, STARTED) == []
    assert len(changes_between(plant.station, "OTHER", STARTED, STARTED)) == 1
