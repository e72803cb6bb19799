"""Values depend on (seed, serial, operation, attempt) alone, follow their distributions, and say why they fail."""

import statistics
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from lines.plant.files import PlantFiles, read_plant
from lines.simulator.campaigns import Campaigns, campaign_size, cells_in, chain
from lines.simulator.chance import dice, gamma, lognormal, split_gauge
from lines.simulator.plantings import Plantings
from lines.simulator.readings import measure
from lines.simulator.routes import Plant
from lines.simulator.units import Unit
from lines.simulator.visits import Visit
from tests.plants import OSAKA


@pytest.fixture(scope="module")
def plant() -> Iterator[Plant]:
    yield Plant(read_plant(OSAKA))


def _measure(plant: Plant, operation: str, number: int, seed: int = 1, attempt: int = 1, **unit: Any) -> Any:
    route = plant.routes["LFP-314"]
    step = next(s for s in route.product.steps if s.operation == operation)
    thing = Unit(f"S{number}", "LFP-314", step.definition, step.sequence, born=number, **unit)
    visit = Visit(
        plant=plant,
        plantings=Plantings(product="LFP-314", cells=120),
        seed=seed,
        route=route,
        step=step,
        unit=thing,
        attempt=attempt,
        started=0.0,
        finished=float(step.duration_s),
    )
    return measure(visit)


def test_the_same_question_gets_the_same_answer_in_any_order(plant: Plant) -> None:
    forward = [_measure(plant, "FILL", n) for n in range(20)]
    backward = [_measure(plant, "FILL", n) for n in reversed(range(20))]
    assert forward == backward[::-1]
    assert _measure(plant, "FILL", 3, seed=2) != forward[3]
    assert _measure(plant, "FILL", 3, attempt=2) != forward[3]


def test_a_cell_is_filled_as_the_control_chart_expects(plant: Plant) -> None:
    fills = [_measure(plant, "FILL", n)[0][0]["value"] for n in range(1000, 3000)]
    good = [value for value in fills if 842 <= value <= 850]
    assert statistics.fmean(good) == pytest.approx(846, abs=0.1)
    assert statistics.stdev(good) == pytest.approx(0.9, rel=0.06)
    assert 0 < len(fills) - len(good) < 30  # machine faults, about one in 250, half of them in the vacuum


def test_a_failure_names_its_reason_and_the_planted_cell_fails_once(plant: Plant) -> None:
    measurements, reasons = _measure(plant, "WELD", 2)
    assert reasons == ["WEL-RES"]
    assert next(m["value"] for m in measurements if m["code"] == "WEL-03") > 0.035
    assert _measure(plant, "WELD", 2, attempt=2)[1] == []
    known = {reason.code for reason in plant.files.reason_codes}
    failed = [reason for n in range(100, 1500) for reason in _measure(plant, "CAN", n)[1]]
    assert failed
    assert set(failed) <= known


def test_every_characteristic_of_every_step_is_measured_in_its_unit(plant: Plant) -> None:
    for code, route in plant.routes.items():
        for step in route.product.steps:
            unit = Unit("S", code, step.definition, step.sequence, born=20, length_m=1000.0)
            visit = Visit(
                plant=plant,
                plantings=Plantings(product="LFP-314", cells=120),
                seed=1,
                route=route,
                step=step,
                unit=unit,
                attempt=1,
                started=0.0,
                finished=float(step.duration_s),
            )
            measured = {m["code"]: m["unit"] for m in measure(visit)[0]}
            wanted = {c for c in step.characteristics if not plant.characteristics[c].formula} - set(step.sampled)
            assert wanted <= measured.keys()
            assert all(plant.characteristics[c].unit == u for c, u in measured.items())


def test_draws_have_the_moments_they_are_asked_for() -> None:
    rng = dice(1, "moments")
    skewed = [gamma(rng, 180, 35) for _ in range(20_000)]
    assert statistics.fmean(skewed) == pytest.approx(180, rel=0.02)
    assert statistics.stdev(skewed) == pytest.approx(35, rel=0.04)
    assert statistics.median([lognormal(rng, 2e-8, 0.6) for _ in range(20_000)]) == pytest.approx(2e-8, rel=0.04)
    process, gauge = split_gauge(0.9, 8.0)
    assert process**2 + gauge**2 == pytest.approx(0.81)
    assert 0.05 <= 6 * gauge / 8.0 <= 0.15


def test_one_set_of_rolls_is_enough_for_one_campaign(plant: Plant) -> None:
    route = plant.routes["LFP-314"]
    assert chain(route, "CATHODE-SLURRY") == [
        "CATHODE-SLURRY",
        "CATHODE-ROLL",
        "CATHODE-CAL",
        "CATHODE-LANE",
        "LFP-JELLY",
    ]
    assert campaign_size(route) <= cells_in(route, "CATHODE-ROLL", 1000.0)
    assert cells_in(route, "LFP-JELLY", 1) == 0.5
    campaigns = Campaigns({"LFP-314": 50, "ZNH-100": 20})
    for _ in range(20):
        campaigns.start_cell()
    assert (campaigns.remaining("LFP-314"), campaigns.remaining("ZNH-100")) == (30, 20)
    for _ in range(30):
        campaigns.start_cell()
    assert campaigns.product == "ZNH-100"


def test_other_limits_in_the_files_give_other_values(plant: Plant) -> None:
    """Nothing of a characteristic's level stands in code."""
    files: PlantFiles = plant.files
    product = files.products[0]
    limits = {**product.limits, "WIN-01": replace(product.limits["WIN-01"], lsl=50, target=60.0, usl=70, sigma=1.0)}
    other = Plant(replace(files, products=(replace(product, limits=limits), *files.products[1:])))
    values = [_measure(other, "WIND", n)[0][0]["value"] for n in range(100)]
    assert statistics.fmean(values) == pytest.approx(60, abs=1.5)
