"""How units come into a station: rest, ask, do as the MES says; run on or stop while it says nothing."""

import asyncio
from collections.abc import Sequence

from lines.plant.files import StepFile
from lines.simulator import wrongs
from lines.simulator.chance import dice
from lines.simulator.consuming import give_back, mount
from lines.simulator.floor import Floor
from lines.simulator.links import PermitAnswer
from lines.simulator.plantings import OFFLINE_CELL, OUTAGES, Outage
from lines.simulator.results import Job
from lines.simulator.units import Unit

# What the MES says no for, where the station can do something about it (docs/errors.md).
HELD = "MES-T-0010"
WRONG_RECIPE, CHANNEL_OVERDUE = "MES-T-0016", "MES-T-0021"
MATERIAL = {"MES-T-0027", "MES-T-0028", "MES-T-0029"}  # mounted: another one, expired, not released
OPERATOR = {"MES-T-0022", "MES-T-0023", "MES-T-0024", "MES-T-0025"}
NOT_CHARTED = "MES-T-0030"  # the charts are behind: a matter of seconds, or of a worker that is down
PATIENT = {*MATERIAL, NOT_CHARTED}
MOST_TRIES = 20
HELD_TRIES = 40  # a hold ends with somebody's decision, which is asked for less often
HELD_WALL_PAUSE_S = 1.5
PAUSE_S = 600.0  # plant time, until a station asks again whether its material is released
WALL_PAUSE_S = 0.3  # at least, however fast the plant's clock runs
REST_MARGIN_S = 1.0  # clocks are rounded
CARRY_S = (5.0, 40.0)  # plant time, by conveyor or cart from one station to the next


async def rest(floor: Floor, step: StepFile, units: Sequence[Unit]) -> None:
    """Let units wait as long as the route says before they ask. Work that was begun is not held up."""
    waiting = [unit for unit in units if not unit.since and not unit.key]
    if step.min_wait_s is None or not waiting:
        return
    await wrongs.ask_too_early(floor, step, waiting)
    until = max(floor.route(unit).rested_at(step, unit.times) for unit in waiting)
    await floor.clock.sleep_until(until + REST_MARGIN_S)


async def let_in(floor: Floor, job: Job, against_the_word: bool) -> list[Unit]:
    """Those that may be worked on. What was begun before a restart has its permit."""
    machine = job.machine
    job.operator = floor.operator(job.step.operation)
    asking = [unit for unit in job.units if not unit.since]
    begun = [unit for unit in job.units if unit.since]
    if against_the_word:
        async with machine.infeed:
            await machine.permits([unit.serial for unit in job.units], job.step.operation, operator=job.operator)
        return job.units
    if not asking:
        return begun
    carry_s = dice(floor.seed, asking[0].serial, job.step.operation, "carried").uniform(*CARRY_S)
    await floor.clock.sleep(carry_s)
    await wrongs.ask_wrongly(floor, job, asking)
    outage = _outage(floor, job, asking)
    if machine.is_offline:
        if machine.made_offline + len(asking) <= machine.station.offline_units or (outage and outage.runs_on):
            return begun + _run_on(floor, job, asking)
        await floor.clock.sleep_until(machine.offline_until)  # the station stops
    return begun + await _allowed(floor, job, asking)


def _outage(floor: Floor, job: Job, units: Sequence[Unit]) -> Outage | None:
    """The one that goes on at this station or begins now."""
    machine = job.machine
    found = next((outage for outage in OUTAGES if outage.operation == job.step.operation), None)
    if found is None:
        return None
    reached = any(floor.is_planted(unit, lambda born: born >= found.cell) for unit in units)
    if reached and floor.plantings.once(f"outage {found.operation}"):
        machine.offline_until, machine.made_offline = floor.clock.now() + 60 * found.minutes, 0
        floor.planted(
            "outage",
            station=machine.code,
            operation=found.operation,
            begins_at=machine.iso(floor.clock.now()),
            ends_at=machine.iso(machine.offline_until),
            offline_units=machine.station.offline_units,
            runs_on=found.runs_on,
        )
    return found


def _run_on(floor: Floor, job: Job, units: list[Unit]) -> list[Unit]:
    """Without a word of the MES, with the recipe it named last."""
    for unit in units:
        job.machine.made_offline += 1
        unit.recipe = job.machine.recipes.get((unit.product, job.step.operation), "")
        if job.step.operation == OUTAGES[0].operation and floor.is_planted(unit, lambda born: born == OFFLINE_CELL):
            unit.recipe = wrongs.other_version(unit.product, job.step.operation)
            floor.planted(
                "offline_violation",
                serial=unit.serial,
                station=job.machine.code,
                operation=job.step.operation,
                recipe=unit.recipe,
            )
        job.offline.add(unit.serial)
    return units


async def _allowed(floor: Floor, job: Job, asking: list[Unit]) -> list[Unit]:
    """Those that may enter. What the station can put right, it does, and asks again; the others go aside with their
    reasons, or to another channel."""
    machine, operation = job.machine, job.step.operation
    allowed: list[Unit] = []
    tries = 0
    while asking:
        tries += 1
        recipe = machine.recipes.get((asking[0].product, operation), "")
        job.operator = floor.operator(operation)
        async with machine.infeed:
            serials = [unit.serial for unit in asking]
            answers = await machine.permits(serials, operation, recipe=recipe, operator=job.operator)
        again: list[Unit] = []
        pause_s = 0.0
        for unit, answer in zip(asking, answers, strict=True):
            if answer.recipe:
                machine.recipes[unit.product, operation] = answer.recipe
            if answer.is_allowed:
                unit.recipe = answer.recipe
                allowed.append(unit)
            elif (wait_s := _comes_again(floor, answer)) is not None and (
                tries < (HELD_TRIES if HELD in answer.codes else MOST_TRIES) or PATIENT & {*answer.codes}
            ):
                pause_s = max(pause_s, wait_s)
                again.append(unit)
            elif job.tray and answer.codes == (CHANNEL_OVERDUE,):
                continue  # its slot is not for it: it goes on in another tray
            else:
                if unit.serial in job.inputs:
                    give_back(job.inputs.pop(unit.serial))
                floor.set_aside(unit, operation, f"denied: {', '.join(answer.codes)}")
        if again:
            is_held = any(HELD in answer.codes for answer in answers)
            await _put_right(floor, job, again[0], pause_s, HELD_WALL_PAUSE_S if is_held else WALL_PAUSE_S)
        asking = again
    return allowed


def _comes_again(floor: Floor, answer: PermitAnswer) -> float | None:
    """In how many seconds of plant time to ask again; None where asking again is of no use."""
    codes = {*answer.codes}
    if answer.retry_after_s is not None:
        return answer.retry_after_s + REST_MARGIN_S
    if codes <= {WRONG_RECIPE, *OPERATOR}:
        return 0.0
    will_be_released = codes == {HELD} and (floor.doubted is not None or floor.people.do_react)
    return PAUSE_S if codes <= MATERIAL or will_be_released else None


async def _put_right(floor: Floor, job: Job, unit: Unit, pause_s: float, wall_pause_s: float) -> None:
    """Mount the lots that are meant to be used, and wait."""
    async with job.machine.feeding:
        for item in floor.route(unit).lot_items(job.step):
            lot = floor.store.lots.get(item.material)
            told = mount(floor, job.machine, lot) if lot else None
            if told is not None:
                await told
    await asyncio.sleep(wall_pause_s)
    await floor.clock.sleep(pause_s)
