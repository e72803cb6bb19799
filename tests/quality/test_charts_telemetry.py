"""Characteristics that come from signals: a scan or an interval becomes one value a period."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from lines.models import Signal
from lines.telemetry import batches
from lines.telemetry.services import ensure_partitions, store
from quality.charts import services
from quality.charts.models import ChartStream
from quality.plans.models import ControlPlan
from tests.quality.conftest import ChartPlant

PERIOD = 600
# The beginning of a period, not long ago.
BEGUN = (int(datetime.now(UTC).timestamp()) // PERIOD - 20) * PERIOD
BAD = 0x8000_0000


class Sensors:
    """A profile of three elements, and the speed of the web."""

    def __init__(self, plant: ChartPlant) -> None:
        self.profile = [
            Signal.objects.create(station=plant.station, code=f"Profile[{n}]", name_en="P", name_ja="P", elements=3)
            for n in range(3)
        ]
        self.speed = Signal.objects.create(station=plant.station, code="Speed", name_en="S", name_ja="S")
        self.batches = 0

    def say(self, signal: Signal, values: Sequence[tuple[float, float] | tuple[float, float, int]]) -> None:
        """(second after BEGUN, value, status)"""
        rows = [(*value, 0)[:3] for value in values]
        times = [int((BEGUN + second) * 1_000_000) for second, _, _ in rows]
        self.batches += 1
        content = batches.encode(
            batches.make(
                times[-1], [signal.pk] * len(rows), times, [float(v) for _, v, _ in rows], [int(s) for *_, s in rows]
            )
        )
        assert store("L1-test", self.batches, content)


@pytest.fixture
def sensors(plant: ChartPlant) -> Sensors:
    ensure_partitions()
    return Sensors(plant)


def watch(plant: ChartPlant, code: str, signal: str, summary: str, **more: Any) -> ControlPlan:
    return plant.add_plan(code, source="TELEMETRY", signal_code=signal, summary=summary, period_s=PERIOD, **more)


def test_a_scan_across_the_web_becomes_one_value_a_period(plant: ChartPlant, sensors: Sensors) -> None:
    level = watch(plant, "LEVEL", "Profile", "MEAN")
    across = watch(plant, "ACROSS", "Profile", "RANGE_PCT")
    for signal in sensors.profile:
        sensors.say(signal, [(-1, 1.0)])
    services.evaluate()  # from here on it is watched
    scans = {10: (9.0, 10.0, 11.0), 20: (19.0, 20.0, 21.0), 610: (7.0, 7.0, 10.0), 1805: (1.0, 1.0, 1.0)}
    for n, signal in enumerate(sensors.profile):
        sensors.say(signal, [(at, scan[n]) for at, scan in scans.items()])
    sensors.say(sensors.profile[0], [(620, 99.0)])  # no scan: the other elements are missing
    services.evaluate()
    services.evaluate()
    assert list(level.points.order_by("number").values_list("location", flat=True)) == [15.0, 8.0]
    assert list(across.points.order_by("number").values_list("location", flat=True)) == [15.0, 37.5]
    assert [round(p.source_time.timestamp()) - BEGUN for p in level.points.order_by("number")] == [20, 610]
    assert level.points.exclude(records=[]).count() == 0
    watched = ChartStream.objects.get(plan=level).watched_until
    assert watched is not None
    assert watched.timestamp() == BEGUN + 3 * PERIOD


def test_a_period_waits_for_what_the_gateway_still_has(plant: ChartPlant, sensors: Sensors) -> None:
    fastest = watch(plant, "FAST", "Speed", "MAX")
    sensors.say(sensors.speed, [(-1, 60.0)])
    services.evaluate()
    sensors.say(sensors.speed, [(5, 61.0), (6, 99.0, BAD)])
    services.evaluate()
    assert not fastest.points.exists()  # the period may go on
    sensors.say(sensors.speed, [(30, 62.0), (PERIOD + 1, 60.0)])
    services.evaluate()
    assert [p.location for p in fastest.points.all()] == [62.0]


def test_only_what_the_plans_product_made_counts(plant: ChartPlant, sensors: Sensors) -> None:
    speed = watch(plant, "FAST", "Speed", "MEAN")
    sensors.say(sensors.speed, [(-1, 60.0)])
    services.evaluate()
    start = BEGUN - 1_772_323_200  # of the records' own clock
    plant.post([{}], seconds=[start + 100])
    plant.post([{}], seconds=[start + PERIOD + 100], product="OTHER")
    sensors.say(sensors.speed, [(200, 61.0), (PERIOD + 200, 70.0), (2 * PERIOD + 1, 60.0)])
    services.evaluate()
    assert [p.location for p in speed.points.all()] == [61.0]
