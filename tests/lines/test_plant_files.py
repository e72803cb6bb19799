"""The Osaka plant's files: complete, in both languages, and numbers that fit each other."""

from pathlib import Path

import pytest

from lines.plant.files import LimitsFile, Name, PlantFiles, ProductFile, StepFile, read_plant

OSAKA = Path(__file__).parents[2] / "fixtures" / "plant" / "osaka"


@pytest.fixture(scope="module")
def plant() -> PlantFiles:
    return read_plant(OSAKA)


def product(plant: PlantFiles, code: str) -> ProductFile:
    return next(p for p in plant.products if p.code == code)


def step(plant: PlantFiles, code: str, operation: str) -> StepFile:
    return next(s for s in product(plant, code).steps if s.operation == operation)


def target(limits: LimitsFile) -> float:
    assert limits.target is not None
    return limits.target


# What the folder holds.


def test_it_has_all_four_kinds_both_products_and_a_person_for_each_role(plant: PlantFiles) -> None:
    assert {station.kind for station in plant.stations} == {
        "ELECTRODE_COATING",
        "CELL_ASSEMBLY",
        "FORMATION",
        "PACK_TEST",
    }
    assert {p.code for p in plant.products} == {"LFP-314", "ZNH-100"}
    logins = sorted(person.role for person in plant.people if person.role != "OPERATOR")
    assert logins == ["ADMINISTRATOR", "AUDITOR", "QUALITY", "SUPERVISOR"]
    telemetry = [signal for station in plant.stations for signal in station.signals if signal.kind == "MEASUREMENT"]
    assert len(telemetry) >= 80
    assert {server.stack for server in plant.opcua_servers} == {"asyncua", "opcua"}


def test_each_of_the_83_characteristics_is_measured_somewhere(plant: PlantFiles) -> None:
    listed = {c.code for c in plant.characteristics if c.station != "raw value"}
    used = {code for p in plant.products for s in p.steps for code in s.characteristics}
    assert len(listed) == 83
    assert listed <= used


def test_names_are_in_both_languages(plant: PlantFiles) -> None:
    """A Japanese name that is only ASCII is a forgotten one, but for what is written so in Japan, too."""
    names: list[Name] = [plant.site_name, plant.line_name]
    names += [area.name for area in plant.areas] + [shift.name for shift in plant.shifts]
    names += [station.name for station in plant.stations] + [operation.name for operation in plant.operations]
    names += [material.name for material in plant.materials] + [person.name for person in plant.people]
    names += [characteristic.name for characteristic in plant.characteristics] + [p.name for p in plant.products]
    names += [name for plan in plant.control_plans for name in (plan.name, plan.reaction)]
    names += [reason.name for reason in plant.reason_codes]
    names += [signal.name for station in plant.stations for signal in station.signals]
    names += [point.name for station in plant.stations for point in station.feed_points]
    names += [gauge.name for station in plant.stations for gauge in station.gauges]
    names += [definition.name for p in plant.products for definition in p.definitions]
    assert {name.ja for name in names if name.ja.isascii()} == {"pH"}
    assert all(name.en.isascii() for name in names)
    small = {c.name.en for c in plant.characteristics if c.name.en[0].islower()}
    assert small == {"pH"}  # on the screens a name stands by itself


def test_each_definition_goes_its_way_without_a_hole(plant: PlantFiles) -> None:
    """A definition enters where its inputs are taken in; packs are tested after they are built."""
    for p in plant.products:
        made_of = {s.definition: {i.material for i in s.bill} for s in reversed(p.steps)}
        assert all(made_of[definition.code] for definition in p.definitions)
        operations = [s.operation for s in p.steps]
        assert operations[-4:] == ["PACK", "EOL", "AIL", "CONT"]


# Domain relations: the numbers of the plant fit each other.


def test_loading_gives_the_rated_capacity(plant: PlantFiles) -> None:
    """2 sides x loading x active share x 0.147 Ah/g x lane width x cathode length of two jelly rolls, within 1 %."""
    limits = product(plant, "LFP-314").limits
    width_cm = target(limits["SLI-01"]) / 10
    cathode = next(i for i in step(plant, "LFP-314", "WIND").bill if i.material == "CATHODE-LANE")
    jelly_rolls = next(i for i in step(plant, "LFP-314", "WELD").bill if i.material == "LFP-JELLY")
    area_cm2 = width_cm * cathode.quantity * 100 * jelly_rolls.quantity
    grams = 2 * target(limits["COA-01"]) / 1000 * area_cm2 * target(limits["MIX-05"]) / 100
    assert grams * 0.147 == pytest.approx(314, rel=0.01)


@pytest.mark.parametrize(("loading", "thickness", "density", "foil_um"), [("COA-01", "CAL-01", 2.5, 13)])
def test_thickness_follows_from_loading_and_density(
    plant: PlantFiles, loading: str, thickness: str, density: float, foil_um: float
) -> None:
    limits = product(plant, "LFP-314").limits
    computed_um = 2 * target(limits[loading]) * 10 / density + foil_um
    assert target(limits[thickness]) == pytest.approx(computed_um, abs=1)


def test_electrolyte_adds_up_but_for_the_gas(plant: PlantFiles) -> None:
    limits = product(plant, "LFP-314").limits
    second = next(i for i in step(plant, "LFP-314", "DEGAS").bill if i.material == "ELECTROLYTE-LFP")
    gas_g = target(limits["FIL-01"]) + 1000 * second.quantity - target(limits["FOR-06"])
    assert 0 < gas_g < 10


def test_all_charge_before_the_first_discharge_gives_its_efficiency(plant: PlantFiles) -> None:
    limits = product(plant, "LFP-314").limits
    charged = target(limits["FOR-03"]) + target(limits["GRA-RC"])
    assert 100 * target(limits["GRA-01"]) / charged == pytest.approx(target(limits["FOR-04"]), rel=0.002)


def test_k_value_follows_from_both_voltages(plant: PlantFiles) -> None:
    limits = product(plant, "LFP-314").limits
    drop_mv = 1000 * (target(limits["OCV-01"]) - target(limits["OCV-R2"]))
    assert drop_mv / target(limits["OCV-RT"]) == pytest.approx(target(limits["OCV-02"]), rel=0.01)


@pytest.mark.parametrize("code", ["LFP-314", "ZNH-100"])
def test_pack_resistance_is_that_of_cells_and_joints(plant: PlantFiles, code: str) -> None:
    limits = product(plant, code).limits
    cells = max(item.positions for item in step(plant, code, "PACK").bill)
    computed = cells * (target(limits["GRA-03"]) + target(limits["PAC-02"]))
    assert target(limits["EOL-03"]) == pytest.approx(computed, rel=0.05)


@pytest.mark.parametrize("code", ["LFP-314", "ZNH-100"])
def test_energy_is_capacity_times_voltage(plant: PlantFiles, code: str) -> None:
    limits = product(plant, code).limits
    assert target(limits["GRA-02"]) == pytest.approx(target(limits["GRA-01"]) * target(limits["OCV-01"]), rel=0.03)


def test_a_roll_has_the_metres_its_jelly_rolls_take(plant: PlantFiles) -> None:
    """Cathode and anode rolls are stretched and consumed together; neither leaves more than a jelly roll over."""
    wind = {item.material: item.quantity for item in step(plant, "LFP-314", "WIND").bill}
    rolls = {}
    for side, coat, cal in (("CATHODE", "COAT-C", "CAL-C"), ("ANODE", "COAT-A", "CAL-A")):
        coated_m = step(plant, "LFP-314", coat).recipe["roll_length_m"]
        pressed_m = coated_m * (1 + step(plant, "LFP-314", cal).recipe["stretch_pct"] / 100)
        slit = step(plant, "LFP-314", f"SLIT-{side[0]}").bill[0]
        assert slit.quantity == pytest.approx(pressed_m, rel=0.005)
        rolls[side] = pressed_m / wind[f"{side}-LANE"]
    assert rolls["CATHODE"] == pytest.approx(rolls["ANODE"], abs=1)


def test_slurry_mass_covers_the_loading(plant: PlantFiles) -> None:
    limits = product(plant, "LFP-314").limits
    coat = step(plant, "LFP-314", "COAT-C")
    area_m2 = coat.recipe["roll_length_m"] * coat.recipe["lanes"] * coat.recipe["lane_width_mm"] / 1000
    solids_kg = area_m2 * 2 * target(limits["COA-01"]) / 100
    needed_kg = solids_kg / (target(limits["MIX-02"]) / 100)
    slurry = next(item for item in coat.bill if item.material == "CATHODE-SLURRY")
    assert needed_kg < slurry.quantity < 1.05 * needed_kg
    kit = step(plant, "LFP-314", "MIX-C")
    assert sum(item.quantity for item in kit.bill) == pytest.approx(kit.recipe["batch_kg"], rel=0.001)
    solids = sum(item.quantity for item in kit.bill if item.material != "NMP")
    assert 100 * solids / kit.recipe["batch_kg"] == pytest.approx(target(limits["MIX-02"]), abs=0.2)


def test_durations_meet_their_own_limits(plant: PlantFiles) -> None:
    """A step whose time is a characteristic plans that time."""
    limits = product(plant, "LFP-314").limits
    for operation, code in (("SOAK", "FIL-03"), ("AGE", "AGE-01"), ("OCV2", "OCV-RT")):
        assert step(plant, "LFP-314", operation).duration_s == 3600 * target(limits[code])


def test_a_first_pack_is_tested_within_nine_days(plant: PlantFiles) -> None:
    """Longest way from mixing to the end-of-line test, and a day and a half to collect the cells of a pack."""
    for p in plant.products:
        until = [s for s in p.steps if s.operation not in {"AIL", "CONT"}]
        assert sum(s.duration_s for s in until) / 86_400 + 1.5 < 9


def test_control_limits_rest_on_the_target(plant: PlantFiles) -> None:
    assert 10 <= len(plant.control_plans) <= 20
    # Of counts there is no sigma of values, and a mean across the web varies less than one place of it.
    of_values = [p for p in plant.control_plans if p.source == "RECORD" and p.chart != "C"]
    assert len(of_values) >= 10
    for plan in of_values:
        limits = product(plant, plan.product).limits[plan.characteristic]
        assert limits.sigma is not None
        assert abs(plan.center - target(limits)) <= limits.sigma
        assert plan.sigma_within == pytest.approx(limits.sigma, rel=0.25)
