"""Each part of the data's way fails once while stations of two makes give values: none is missing, none doubled."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.kit import scenarios
from tests.faults.kit.plant import FaultPlant, ServerPlan
from tests.faults.kit.scenarios import Scenario

# One after the other, with all of them counted at the end: most of a fault's time is the wait for what comes after.
SHORT = (
    Scenario("cut of 5 s", scenarios.cut, 5),
    Scenario("gateway killed", scenarios.kill("gateway"), 1),
    Scenario("worker killed", scenarios.kill("worker"), 1),
    Scenario("broker killed and wiped", scenarios.wipe_broker, 1),
    Scenario("PostgreSQL killed", scenarios.kill_database, 1),
    Scenario("half-open for 3 s", scenarios.half_open, 3),
    Scenario("disk full for 2 s", scenarios.fill_disk, 2),
)
# Last: what it costs is gone for good.
LOSING = Scenario("server killed while cut off", scenarios.kill_cut_off("one"), 2, may_lose=True)
REST_S = 1.5
MICROSECONDS = 1_000_000

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def plant(open_folder: Path) -> Iterator[FaultPlant]:
    # python-opcua forgets a subscription with its connection, so what is held through a cut is its history.
    made = FaultPlant(open_folder, {"one": ServerPlan("asyncua", 2, False), "other": ServerPlan("opcua", 2, True)})
    try:
        made.start()
        made.wait_flowing()
        yield made
    finally:
        made.stop()


def run(plant: FaultPlant, scenario: Scenario) -> tuple[int, int]:
    """When it began and ended, with the rest that follows."""
    began = time.time_ns() // 1000
    scenario.run(plant)
    time.sleep(REST_S)
    return began, time.time_ns() // 1000


def test_each_part_fails_once(plant: FaultPlant) -> None:
    spans = {scenario.name: run(plant, scenario) for scenario in SHORT}
    ended = max(spans.values())[1]
    plant.settle(plant.given(min(spans.values())[0], ended))
    counts = {name: plant.count(plant.given(*span)) for name, span in spans.items()}
    print(*(f"{name}: {count}" for name, count in counts.items()), sep="\n")
    for name, count in counts.items():
        assert count.given == count.stored > 0, f"{name}: {count}"
        assert (count.missing, count.doubled, count.unknown) == (0, 0, 0), f"{name}: {count}"
    assert plant.settle_ledger(0) == 0

    # What no server has any more is on the ledger, to the last value.
    LOSING.run(plant)
    plant.wait_flowing()
    # The window ends a second ago: all that was lost is to lie in it.
    time.sleep(2)
    lost = plant.settle(plant.given(ended, time.time_ns() // 1000 - MICROSECONDS), patience_s=4)
    print(f"{LOSING.name}: {lost}")
    assert lost.missing > 20, lost
    assert (lost.doubled, lost.unknown) == (0, 0), lost
    assert plant.settle_ledger(lost.missing) == lost.missing
