"""The pages of control charts."""

import json
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from lines.models import Alarm, Person
from lines.people.models import Role
from quality.charts.attention import chart_states, glances
from quality.charts.services import evaluate
from quality.charts.sparkline import sparkline
from tests.quality.conftest import ChartPlant


@pytest.fixture
def client(db: None) -> Client:  # noqa: ARG001 - order
    client = Client()
    client.force_login(Person.objects.create(username="quality", role=Role.QUALITY))
    return client


def store(plant: ChartPlant, code: str, values: list[float]) -> list[int]:
    return plant.post([{code: [value]} for value in values])


def queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_a_signal_stands_in_the_list_and_on_the_chart_with_alarm_and_unit(client: Client, plant: ChartPlant) -> None:
    plant.add_plan("A")
    records = store(plant, "A", [10.0, 10.5, 14.0])
    evaluate()
    html = client.get("/charts/").content.decode()
    row = html[html.index('id="row-CHART-A"') :]
    assert "rule 1" in row
    assert 'class="beyond"' in row
    assert Alarm.objects.count() == 1
    html = client.get("/charts/CHART-A/").content.decode()
    signals = html[html.index('id="signals"') :]
    assert "One point beyond a control limit" in signals
    assert f"/alarms/#alarm-{Alarm.objects.get().pk}" in signals
    assert "Unacknowledged" in signals
    assert "/go/unit/" in signals
    assert "study 1" in html  # why the limits are what they are
    assert records


def test_the_drawing_comes_as_data_in_the_readers_language(client: Client, plant: ChartPlant) -> None:
    plant.add_plan("A")
    store(plant, "A", [10.0, 10.5, 14.0])
    evaluate()
    for language, word in (("en", "Individual value"), ("ja", "測定値")):
        client.cookies["django_language"] = language
        response = client.get("/charts/CHART-A/spec.json", {"width": 900, "height": 400})
        spec = json.loads(response.content)
        assert [row["number"] for row in spec["datasets"]["points"]] == [0, 1, 2]
        assert word in json.dumps(spec, ensure_ascii=False)
        assert "mg/cm²" in json.dumps(spec, ensure_ascii=False)
    past = json.loads(client.get("/charts/CHART-A/spec.json", {"until": "1", "last": "x"}).content)
    assert [row["number"] for row in past["datasets"]["points"]] == [0, 1]


def test_a_point_opens_into_its_units(client: Client, plant: ChartPlant) -> None:
    plant.add_plan("S", "XBAR-R", 3)
    store(plant, "S", [10.0, 10.5, 9.5])
    evaluate()
    html = client.get("/charts/CHART-S/points/0/").content.decode()
    assert len(re.findall(r"/go/record/\d+/", html)) == 3
    assert client.get("/charts/CHART-S/points/1/").status_code == 404
    assert client.get("/charts/NONE/").status_code == 404


def test_specification_is_told_apart_and_not_drawn_on_means(client: Client, plant: ChartPlant) -> None:
    plant.add_plan("S", "XBAR-R", 3)
    html = client.get("/charts/CHART-S/").content.decode()
    assert "Not drawn: means of subgroups" in html
    assert "No points yet" in html


def test_a_drawing_has_finite_numbers_only_whatever_was_measured(client: Client, plant: ChartPlant) -> None:
    plan = plant.add_plan("A")
    store(plant, "A", [1.7e308, 10.0, -1.7e308])
    evaluate()
    plant.freeze(plan, 2, sigma=1e308)
    store(plant, "A", [10.0])
    evaluate()

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    for path in ("/charts/", "/charts/CHART-A/"):
        assert client.get(path).status_code == 200
    drawn = json.loads(client.get("/charts/CHART-A/spec.json").content, parse_constant=refuse)
    assert [row["number"] for row in drawn["datasets"]["points"]] == [0, 1, 2, 3]


def test_the_number_of_queries_does_not_grow_with_the_rows(client: Client, plant: ChartPlant) -> None:
    plant.add_plan("A")
    store(plant, "A", [10.0, 14.0])
    evaluate()
    client.get("/charts/")
    few = {path: queries(client, path) for path in ("/charts/", "/charts/CHART-A/", "/charts/CHART-A/spec.json")}
    for code in ("B", "C", "D"):
        plant.add_plan(code)
        store(plant, code, [10.0, 14.0, 10.0])
    store(plant, "A", [14.5, 10.0, 5.0, 14.0])
    evaluate()
    assert {path: queries(client, path) for path in few} == few


def test_a_sparkline_stands_against_the_chart_s_own_limits(plant: ChartPlant) -> None:
    """Those of a share end at 0 and 1: near one end they are not as far off on both sides."""
    plan = plant.add_plan("SHARE", "P", 50, rules=[1])
    plant.freeze(plan, 2, center=0.99, sigma=0.0995)
    plant.post([{"SHARE": [1.0]} for _ in range(100)], fails=[n % 50 > 1 for n in range(100)])
    evaluate()
    states = chart_states(plan)
    (glance,) = glances(states, 40, 160, 36).values()
    assert glance.newest == 0.96
    assert not states[0].is_signalling
    assert glance.spark.beyond == ()


def test_a_sparkline_keeps_within_its_picture() -> None:
    drawn = sparkline([10.0, 13.5, -500.0, 10.0], center=10.0, half_width=3.0)
    assert len(drawn.beyond) == 2
    heights = [float(y) for y in re.findall(r" ([\d.]+)", drawn.path)]
    assert all(0 <= y <= drawn.height for y in heights)
    assert drawn.lower_y > drawn.center_y > drawn.upper_y
    flat = sparkline([5.0], center=5.0, half_width=0.0)
    assert flat.beyond == ()
