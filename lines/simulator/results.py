"""What a station sends about the units it worked on, and the truth's lines on it."""

from dataclasses import asdict, dataclass, field

from lines.plant.files import StepFile
from lines.simulator.chance import dice, poisson
from lines.simulator.consuming import Inputs, splice_m, take_lots
from lines.simulator.floor import Floor
from lines.simulator.links import Body
from lines.simulator.machines import Machine
from lines.simulator.plantings import GRADE_CELL
from lines.simulator.readings import measure
from lines.simulator.replacing import members, replaced
from lines.simulator.routes import BATCH, CELL, PACK, ROLL
from lines.simulator.telling import as_posted, tell_links, web_of
from lines.simulator.units import Unit
from lines.simulator.visits import Visit
from lines.simulator.web import WEB_MM, coated_marks

WOUND_IN = "WIN-FOREIGN"  # the piece was wound over a mark
DEFECTS = {"COA-PIN": 0.4, "COA-BUB": 0.2, "COA-AGGL": 0.3, "COA-LINE": 0.1}  # shares


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
    operator: str = ""
    offline: set[str] = field(default_factory=set)  # let in while the MES did not answer


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
        parts=members(unit, inputs) if inputs or route.unit_items(step) else [],
    )
    measurements, reasons = measure(visit)
    if inputs and inputs.faults:
        reasons = [*reasons, WOUND_IN]
    # What is already inside stays inside when a step is done again.
    consumed = await take_lots(floor, step, unit, visit.dose_kg, job.started) if visit.attempt == 1 else []
    return Weighed(visit, measurements, reasons, consumed)


def unit_part(floor: Floor, job: Job, weighed: Weighed) -> Body:
    """One unit's part of a result; the truth hears what it was made of."""
    unit, step, visit = weighed.visit.unit, job.step, weighed.visit
    route, inputs = floor.route(unit), job.inputs.get(unit.serial)
    unit.attempts[step.operation] = visit.attempt
    parts = as_posted(floor, unit, inputs, visit.dose_kg) if inputs else {"components": [], "ranges": []}
    if inputs and route.definitions[unit.definition].tracking == PACK:
        unit.built = replaced(unit.built, inputs)
    is_new = visit.attempt == 1 and step is route.first(unit.definition)
    if is_new:
        if route.definitions[unit.definition].tracking == BATCH:
            unit.mass_kg = round(sum(c["quantity"] for c in weighed.consumed if c["unit"] == "kg"), 3)
        floor.truth.write("unit", serial=unit.serial, definition=unit.definition, product=unit.product)
    tell_links(floor, unit.serial, weighed.consumed, parts, inputs)
    _tell_drift(floor, job, unit)
    body: Body = {
        "serial": unit.serial,
        "outcome": "FAIL" if weighed.reasons else "PASS",
        "reason_codes": weighed.reasons,
        "length_m": unit.length_m if is_new else None,
        "mass_kg": unit.mass_kg if is_new else None,
        "measurements": weighed.measurements,
        "consumed": [
            {name: value for name, value in lot.items() if name != "is_mounted"}
            for lot in weighed.consumed
            if not lot["is_mounted"]
        ],
        **parts,
    }
    if grade := _grade(floor, job, unit):
        body["grade"] = grade
    counts = _defects(floor, unit, step) if is_new else []
    if counts:
        body["counts"] = counts
    if is_new and route.definitions[unit.definition].tracking == ROLL:
        body |= _web(floor, weighed, parts, counts)
    if job.tray:
        body["slot"] = unit.slot
        if unit.rack:
            body["channel"] = channel(job.machine, unit)
    return body


def _web(floor: Floor, weighed: Weighed, parts: Body, counts: list[Body]) -> Body:
    """Marks and scans of a new roll, which the truth hears as they are."""
    unit, step = weighed.visit.unit, weighed.visit.step
    is_coated = not parts["ranges"]
    if is_coated:
        found = coated_marks(
            floor.seed,
            unit.serial,
            {count["code"]: count["count"] for count in counts},
            length_m=unit.length_m or 0.0,
            lanes=unit.lanes,
            width_mm=step.recipe.get("lane_width_mm", step.recipe.get("web_width_mm", WEB_MM) / max(unit.lanes, 1)),
            splice_m=splice_m(floor, floor.route(unit), step, unit),
        )
        unit.marks = [asdict(mark) for mark in found]
    web = web_of(unit, weighed.visit.scans, is_coated=is_coated, n_ranges=len(parts["ranges"]))
    floor.truth.write("web", serial=unit.serial, length_m=unit.length_m, **web)
    return web


def channel(machine: Machine, unit: Unit) -> str:
    return f"{machine.code}-R{unit.rack:02d}-C{unit.slot:02d}"


def _grade(floor: Floor, job: Job, unit: Unit) -> str:
    """By capacity, where a later step asks for a grade."""
    asked = {grade for step in floor.route(unit).steps[unit.definition] for grade in step.grades}
    if not asked or "GRA-01" not in job.step.characteristics:
        return ""
    limits = floor.plant.limits(unit.product, "GRA-01")
    if unit.product == floor.plantings.product and unit.born == GRADE_CELL:
        if floor.plantings.once("grade"):
            floor.planted("denied", why="grade", serial=unit.serial, operation="SORT", grade="C")
        return "C"
    return "A" if unit.traits.get("GRA-01", 0.0) >= (limits.target or 0.0) else "B"


def _defects(floor: Floor, unit: Unit, step: StepFile) -> list[Body]:
    """What the line camera counted on a roll, by kind of defect."""
    if "COA-07" not in step.characteristics:
        return []
    rng = dice(floor.seed, unit.serial, step.operation, "defects")
    per_100_m = (floor.plant.limits(unit.product, "COA-07").target or 0.0) * (unit.length_m or 0.0) / 100
    return [
        {"code": code, "count": poisson(rng, min(20.0, per_100_m * share)), "inspected": unit.length_m}
        for code, share in DEFECTS.items()
    ]


def bodies(job: Job, parts: list[Body]) -> list[tuple[list[Unit], Body]]:
    """What is posted: one body for a tray, else one a unit, each with the units it speaks of."""
    whole: Body = {
        "operation": job.step.operation,
        "started_at": job.machine.iso(job.started),
        "finished_at": job.machine.iso(job.finished),
        "operator": job.operator,
    }
    if job.tray:
        whole |= {"recipe": job.units[0].recipe, "tray": job.tray}
        whole |= {"offline": True} if any(unit.serial in job.offline for unit in job.units) else {}
        return [(job.units, {**whole, "items": parts})]
    return [
        (
            [unit],
            {
                **whole,
                "recipe": unit.recipe,
                **({"offline": True} if unit.serial in job.offline else {}),
                **part,
            },
        )
        for unit, part in zip(job.units, parts, strict=True)
    ]


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
    if not (
        code in job.step.characteristics
        and unit.definition == floor.route(unit).tracked(CELL)
        and plantings.drifts(code, unit.product, unit.born)
    ):
        return
    if plantings.once("spc_drift"):
        floor.planted(
            "spc_drift",
            station=job.machine.code,
            characteristic=code,
            product=unit.product,
            sigmas=plantings.drift_sigmas,
            serial=unit.serial,
            cells=[plantings.drift_from, plantings.drift_until - 1],
        )
    floor.planted("drifted", serial=unit.serial, characteristic=code, sigmas=round(plantings.drift(unit.born), 2))
