"""What a station sends about the units it worked on, and the truth's lines on it."""

from dataclasses import dataclass

from lines.plant.files import StepFile
from lines.simulator.consuming import Inputs, as_posted, take_lots, tell_links
from lines.simulator.floor import Floor
from lines.simulator.links import Body
from lines.simulator.machines import Machine
from lines.simulator.readings import measure
from lines.simulator.routes import BATCH, CELL
from lines.simulator.units import Unit
from lines.simulator.visits import Visit


@dataclass(slots=True)
class Job:
    """One run of a station over some units."""

    machine: Machine
    step: StepFile
    units: list[Unit]
    inputs: dict[str, Inputs]
    tray: str
    started: float = 0.0
    finished: float = 0.0


@dataclass(frozen=True, slots=True)
class Weighed:
    """A unit as it leaves the station, before anybody is told."""

    visit: Visit
    measurements: list[Body]
    reasons: list[str]
    consumed: list[Body]


async def weigh(floor: Floor, job: Job, unit: Unit) -> Weighed:
    """Measure a unit and take what it consumes. Does nothing that could not be done again."""
    route, step, inputs = floor.route(unit), job.step, job.inputs.get(unit.serial)
    visit = Visit(
        plant=floor.plant,
        plantings=floor.plantings,
        seed=floor.seed,
        route=route,
        step=step,
        unit=unit,
        attempt=unit.attempts.get(step.operation, 0) + 1,
        started=job.started,
        finished=job.finished,
        rack=unit.rack,
        tray=job.tray,
        parts=inputs.parts if inputs else [],
    )
    measurements, reasons = measure(visit)
    # What is already inside stays inside when a step is done again.
    consumed = await take_lots(floor, route, step, unit, visit.dose_kg) if visit.attempt == 1 else []
    return Weighed(visit, measurements, reasons, consumed)


def unit_part(floor: Floor, job: Job, weighed: Weighed) -> Body:
    """One unit's part of a result; the truth hears what it was made of."""
    unit, step, visit = weighed.visit.unit, job.step, weighed.visit
    route, inputs = floor.route(unit), job.inputs.get(unit.serial)
    unit.attempts[step.operation] = visit.attempt
    components, ranges = as_posted(inputs, visit.dose_kg) if inputs else ([], [])
    is_new = visit.attempt == 1 and step is route.first(unit.definition)
    if is_new:
        if route.definitions[unit.definition].tracking == BATCH:
            unit.mass_kg = round(sum(c["quantity"] for c in weighed.consumed if c["unit"] == "kg"), 3)
        floor.truth.write("unit", serial=unit.serial, definition=unit.definition, product=unit.product)
    tell_links(floor, unit.serial, weighed.consumed, components, ranges)
    _tell_drift(floor, job, unit)
    body: Body = {
        "serial": unit.serial,
        "outcome": "FAIL" if weighed.reasons else "PASS",
        "reason_codes": weighed.reasons,
        "length_m": unit.length_m if is_new else None,
        "mass_kg": unit.mass_kg if is_new else None,
        "measurements": weighed.measurements,
        "consumed": weighed.consumed,
        "components": components,
        "ranges": ranges,
    }
    if job.tray:
        body["slot"] = unit.slot
        if unit.rack:
            body["channel"] = f"{job.machine.code}-R{unit.rack:02d}-C{unit.slot:02d}"
    return body


def bodies(floor: Floor, job: Job, parts: list[Body]) -> list[tuple[list[Unit], Body]]:
    """What is posted: one body for a tray, else one a unit, each with the units it speaks of."""
    whole: Body = {
        "operation": job.step.operation,
        "started_at": job.machine.iso(job.started),
        "finished_at": job.machine.iso(job.finished),
        "recipe": f"{floor.route(job.units[0]).product.code}/{job.step.operation}",
        "operator": "",
    }
    if job.tray:
        return [(job.units, {**whole, "tray": job.tray, "items": parts})]
    return [([unit], {**whole, **part}) for unit, part in zip(job.units, parts, strict=True)]


def tell_results(floor: Floor, job: Job, key: str, units: list[Unit], body: Body) -> None:
    for unit, item in zip(units, body.get("items", [body]), strict=True):
        where = {name: value for name in ("tray", "slot", "channel") if (value := item.get(name) or body.get(name))}
        floor.truth.write(
            "result",
            station=job.machine.code,
            key=key,
            serial=unit.serial,
            operation=body["operation"],
            outcome=item["outcome"],
            started_at=body["started_at"],
            finished_at=body["finished_at"],
            attempt=unit.attempts[job.step.operation],
            reason_codes=item["reason_codes"],
            length_m=item["length_m"],
            mass_kg=item["mass_kg"],
            measurements=item["measurements"],
            **where,
        )


def _tell_drift(floor: Floor, job: Job, unit: Unit) -> None:
    plantings = floor.plantings
    code = plantings.drift_characteristic
    if (
        code in job.step.characteristics
        and unit.definition == floor.route(unit).tracked(CELL)
        and plantings.drifts(code, unit.product, unit.born)
        and plantings.once("spc_drift")
    ):
        floor.planted(
            "spc_drift",
            station=job.machine.code,
            characteristic=code,
            product=unit.product,
            sigmas=plantings.drift_sigmas,
            serial=unit.serial,
            cells=[plantings.drift_from, plantings.drift_until - 1],
        )
