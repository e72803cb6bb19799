"""A look back shows what the chart would have shown: the same values, streams, samples and subgroups."""

from datetime import UTC, datetime, timedelta

import pytest

from lines.models import Person
from lines.people.models import Role
from lines.telemetry.services import ensure_partitions
from quality.charts.services import evaluate
from quality.plans.listing import one_plan, values_of_plan
from quality.plans.models import ControlPlan
from quality.studies.past import Past, past_points, watched_as
from quality.studies.services import make_study
from tests.quality.conftest import ChartPlant
from tests.quality.test_charts_telemetry import BEGUN, PERIOD, Sensors, watch


def past(plan: ControlPlan) -> Past:
    found = one_plan(plan.code)
    assert found is not None
    return past_points(watched_as(values_of_plan(found), found.station_id))


@pytest.mark.parametrize(
    ("chart", "size", "by", "nth"),
    [("I-MR", 1, "CONSECUTIVE", 1), ("I-MR", 1, "CONSECUTIVE", 3), ("XBAR-S", 4, "CONSECUTIVE", 1),
     ("XBAR-R", 2, "RECORD", 2), ("I-MR-R", 3, "CONSECUTIVE", 1), ("P", 5, "CONSECUTIVE", 1)],
)  # fmt: skip
def test_past_points_are_those_the_chart_drew(plant: ChartPlant, chart: str, size: int, by: str, nth: int) -> None:
    plan = plant.add_plan("A", chart, size, by=by)
    ControlPlan.objects.filter(pk=plan.pk).update(every_nth=nth)
    plan.limits.update(parameters={"sigma_mean": 1.0})
    values = [10.0, 11.5, 9.0, 10.5, 12.0, 9.5, 10.2, 9.9, 10.1, 10.4, 9.7, 10.3]
    plant.post([{"A": [value, value + 0.5]} for value in values])
    evaluate()
    drawn = list(plan.points.order_by("number").values_list("location", "spread", "within", "n", "size", "records"))
    assert drawn
    found = past(plan).streams[""]
    looked_back = [
        # The moving range is made by the chart itself.
        (group.location, point[1] if chart == "I-MR" else group.spread, group.within, group.n, group.size,
         list(group.records))
        for group, point in zip(found, drawn, strict=True)
    ]  # fmt: skip
    if chart.startswith("I-MR-"):
        drawn = [(point[0], None, *point[2:]) for point in drawn]
    assert looked_back == drawn


def test_scans_across_the_web_are_studied_as_they_are_charted(plant: ChartPlant) -> None:
    ensure_partitions()
    sensors = Sensors(plant)
    plan = watch(plant, "ACROSS", "Profile", "RANGE")
    # Of the last scan's period more may come.
    scans = {
        10: (9.0, 10.0, 11.0),
        20: (19.0, 20.0, 23.0),
        610: (7.0, 7.0, 10.0),
        1210: (5.0, 6.0, 7.0),
        1805: (1, 1, 1),
    }
    for n, signal in enumerate(sensors.profile):
        sensors.say(signal, [(at, scan[n]) for at, scan in scans.items()])
    assert [group.location for group in past(plan).streams[""]] == [3.0, 3.0, 2.0]
    since = datetime.fromtimestamp(BEGUN + PERIOD, UTC)
    engineer = Person.objects.create(username="quality", role=Role.QUALITY)
    study = make_study(plan.code, engineer, stream="", since=since, until=since + timedelta(seconds=3 * PERIOD))
    assert [group["at"] for group in study.groups] == [3.0, 2.0]
