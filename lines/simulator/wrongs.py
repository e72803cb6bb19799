"""Questions asked wrongly on purpose, each once: the MES must say no, and then the station does it right."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from lines.plant.files import StepFile
from lines.simulator.consuming import DAY_S, mount
from lines.simulator.floor import Floor
from lines.simulator.links import PermitAnswer, ResultAnswer
from lines.simulator.machines import Machine
from lines.simulator.plantings import (
    EARLY_CELL,
    ELSEWHERE_CELL,
    GARBLED_CELL,
    MOUNTED_CELL,
    RECIPE_CELL,
    UNCERTIFIED_CELL,
    UNRELEASED_CELL,
)
from lines.simulator.results import Job
from lines.simulator.routes import BATCH
from lines.simulator.units import MountedLot, Unit


def other_version(product: str, operation: str) -> str:
    """A recipe that no order names."""
    return f"{product}/{operation}/v0"


def bench(floor: Floor, job: Job) -> str:
    """A mixer has a vessel for each slurry; every other station does one thing at a time."""
    tracking = floor.route(job.units[0]).definitions[job.step.definition].tracking
    return job.step.operation if tracking == BATCH else ""


def _denied(floor: Floor, why: str, machine: Machine, operation: str, answer: PermitAnswer) -> None:
    floor.planted(
        "denied",
        why=why,
        serial=answer.serial,
        station=machine.code,
        operation=operation,
        is_allowed=answer.is_allowed,
        codes=list(answer.codes),
    )


def _one(floor: Floor, units: Sequence[Unit], cell: int, *, or_later: bool = False) -> Unit | None:
    def is_it(born: int) -> bool:
        return born == cell or (or_later and born > cell)

    return next((unit for unit in units if floor.is_planted(unit, is_it)), None)


async def ask_too_early(floor: Floor, step: StepFile, units: Sequence[Unit]) -> None:
    """The question of somebody who could not wait: of halfway through the rest, though it may come later."""
    unit = _one(floor, units, EARLY_CELL)
    if unit is None or step.min_wait_s is None or not floor.plantings.once(f"early {step.operation}"):
        return
    machine = floor.machine(step)
    halfway = floor.route(unit).rested_at(step, unit.times) - step.min_wait_s / 2
    async with machine.infeed:
        operator = floor.operator(step.operation)
        at = min(halfway, floor.clock.now())
        (answer,) = await machine.permits([unit.serial], step.operation, operator=operator, at=at)
    _denied(floor, "early", machine, step.operation, answer)


async def ask_wrongly(floor: Floor, job: Job, units: Sequence[Unit]) -> None:
    """The steps are named by their place among the cell's."""
    steps = floor.route(units[0]).steps[units[0].definition]
    wrongs: list[tuple[int, int, Callable[[Floor, Job, Unit], Awaitable[bool]]]] = [
        (ELSEWHERE_CELL, 0, _elsewhere),
        (UNCERTIFIED_CELL, 0, _uncertified),
        (RECIPE_CELL, 1, _recipe),
        (MOUNTED_CELL, 0, _expired),
        (GARBLED_CELL, 0, _garbled),
        (UNRELEASED_CELL, 7, _unreleased),
    ]
    for cell, place, ask in wrongs:
        wrong = ask.__name__
        unit = _one(floor, units, cell, or_later=wrong in floor.plantings.postponed)
        is_here = place < len(steps) and job.step.sequence == steps[place].sequence
        if unit is None or not is_here or not floor.plantings.once(wrong):
            continue
        # A station that is cut off asks nobody, and what was never mounted cannot be put back.
        if job.machine.is_offline or not await ask(floor, job, unit):
            floor.plantings.put_off(wrong)


async def _elsewhere(floor: Floor, job: Job, unit: Unit) -> bool:
    """Somebody puts it onto the conveyor of the next station."""
    after = floor.route(unit).after(job.step, unit.serial)
    other = floor.machine(after) if after else job.machine
    if other is job.machine:
        return False
    async with other.infeed:
        (answer,) = await other.permits([unit.serial], job.step.operation, operator=job.operator)
    _denied(floor, "elsewhere", other, job.step.operation, answer)
    return True


async def _uncertified(floor: Floor, job: Job, unit: Unit) -> bool:
    operation = job.step.operation
    if not floor.plant.trainees or not floor.plant.operations[operation].needs_certification:
        return False
    async with job.machine.infeed:
        (answer,) = await job.machine.permits([unit.serial], operation, operator=floor.plant.trainees[0])
    _denied(floor, "uncertified", job.machine, operation, answer)
    return True


async def _recipe(floor: Floor, job: Job, unit: Unit) -> bool:
    operation = job.step.operation
    recipe = other_version(unit.product, operation)
    async with job.machine.infeed:
        (answer,) = await job.machine.permits([unit.serial], operation, recipe=recipe, operator=job.operator)
    _denied(floor, "recipe", job.machine, operation, answer)
    return True


async def _garbled(floor: Floor, job: Job, unit: Unit) -> bool:
    """A controller with a new programme sends a word where a number belongs; the right one follows when it is done."""
    machine, now = job.machine, job.machine.iso(floor.clock.now())
    if machine.station.interface != "HTTP" or not job.step.characteristics:
        return False
    code = job.step.characteristics[0]
    measurement = {"code": code, "value": "OVERRANGE", "unit": floor.plant.characteristics[code].unit}
    body = {
        "serial": unit.serial,
        "operation": job.step.operation,
        "outcome": "PASS",
        "started_at": now,
        "finished_at": now,
        "measurements": [measurement],
    }
    key = f"{machine.code}:{machine.boot_id}:test"
    await floor.handling.garble(machine.code, key, body)
    floor.planted("refused", serial=unit.serial, station=machine.code, operation=job.step.operation, key=key)
    return True


async def _expired(floor: Floor, job: Job, unit: Unit) -> bool:
    """A lot past its date goes into the magazine."""
    item = next(iter(floor.route(unit).lot_items(job.step)), None)
    if item is None:
        return False
    bad = floor.store.fresh_lot(floor.plant.materials[item.material], 1.0, floor.clock.now(), mount=False)
    bad.expires_at = floor.clock.now() - DAY_S
    return await _mounted(floor, job, unit, bad, why="expired")


async def _unreleased(floor: Floor, job: Job, unit: Unit) -> bool:
    """A lot goes to its feed point before anybody has read its certificate; there it stays in quarantine."""
    items = floor.route(unit).lot_items(job.step)
    materials = [floor.plant.materials[item.material] for item in items]
    material = next((m for m in materials if not m.release_on_receipt), None)
    if material is None:
        return False
    bad = floor.store.fresh_lot(material, 1.0, floor.clock.now(), mount=False)
    return await _mounted(floor, job, unit, bad, why="unreleased")


async def _mounted(floor: Floor, job: Job, unit: Unit, bad: MountedLot, *, why: str) -> bool:
    """While the wrong lot is mounted, nothing is made, and nobody who is denied for it puts it right."""
    machine = job.machine
    good = floor.store.lots.get(bad.material)
    if good is None or (machine.code, bad.material) not in floor.plant.feed_points:
        return False
    await floor.receive(bad, machine.code, is_urgent=False)
    async with machine.benches.setdefault(bench(floor, job), asyncio.Lock()), machine.feeding:
        await _until_told(mount(floor, machine, bad))
        async with machine.infeed:
            (answer,) = await machine.permits([unit.serial], job.step.operation, operator=job.operator)
        await _until_told(mount(floor, machine, good))
    _denied(floor, why, machine, job.step.operation, answer)
    return True


async def _until_told(told: asyncio.Future[list[ResultAnswer]] | None) -> None:
    if told is not None:
        await told
