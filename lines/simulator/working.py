"""What happens at a station: ask for a permit, work, send the result, do as the MES answers."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lines.plant.files import StepFile
from lines.simulator.chance import dice
from lines.simulator.consuming import Inputs, spend
from lines.simulator.entering import let_in
from lines.simulator.floor import Floor
from lines.simulator.leaving import ship
from lines.simulator.links import ResultAnswer
from lines.simulator.machines import Machine
from lines.simulator.results import Job, bodies, tell_results, unit_part, weigh
from lines.simulator.units import GONE, STOCK, Unit
from lines.simulator.wrongs import bench
from lines.states.packml import PackMLState

STOP_EVERY_TAKTS = 150.0  # mean time between short stops
STOP_TAKTS = 0.7


@dataclass(slots=True)
class Sending:
    """A result on its way, and the units it speaks of, in the order of the post."""

    units: list[Unit]
    answer: asyncio.Future[list[ResultAnswer]]


async def work(
    floor: Floor,
    step: StepFile,
    units: Sequence[Unit],
    inputs: dict[str, Inputs] | None = None,
    *,
    tray: str = "",
    together: bool = False,
    against_the_word: bool = False,
) -> list[Sending]:
    """Take the units through one step and send the results: one post for a tray, else one a unit.

    Permits are asked for all of them at once, while others are still being worked on; then a tray, or lanes that are
    slit `together`, make one run, and single units one run each. Units that are denied go aside and their inputs back
    into stock, unless the station works against the MES's word. What was sent before a restart is not done again.
    Returns when the results are in the outbox.
    """
    machine = floor.machine(step)
    sendings = _sent_before(machine, units)
    job = Job(machine, step, [unit for unit in units if not unit.key], inputs or {}, tray)
    job.units = await let_in(floor, job, against_the_word)
    if tray:
        return sendings + await _run(floor, job)
    if not job.units:
        return sendings
    runs = [job.units] if together else [[unit] for unit in job.units]
    for members in runs:
        async with machine.benches.setdefault(bench(floor, job), asyncio.Lock()):
            await _short_stop(floor, machine)
            sendings += await _run(floor, replace(job, units=members))
    return sendings


async def settle(floor: Floor, step: StepFile, sendings: Sequence[Sending]) -> None:
    """Wait for the MES's word on each unit and do as it says."""
    for sending in sendings:
        answers = await sending.answer
        for unit, answer in zip(sending.units, answers, strict=True):
            unit.key = ""
            _obey(floor, step, unit, answer)


def _obey(floor: Floor, step: StepFile, unit: Unit, answer: ResultAnswer) -> None:
    route = floor.route(unit)
    following = route.after(step, unit.serial)
    if answer.next_operation:
        following = route.named(unit.definition, answer.next_operation) or following
    if answer.error:
        floor.set_aside(unit, step.operation, f"not taken: {answer.error}")
    elif answer.disposition in ("SCRAP", "HOLD") and not _waits(floor, answer):
        why = ", ".join(answer.deviations)
        floor.set_aside(unit, step.operation, f"{answer.disposition}: {why}" if why else answer.disposition)
    elif answer.disposition == "REWORK":
        back = route.named(unit.definition, answer.next_operation) or step
        unit.step = back.sequence
    elif following is None:
        unit.step, unit.tray, unit.slot = None, "", 0
        if route.consumer(unit.definition):
            unit.place = STOCK
        else:
            floor.store.drop(unit, GONE)
            floor.spawn(ship(floor, unit))
    else:
        unit.step = following.sequence
    floor.changed(unit.product)


def _waits(floor: Floor, answer: ResultAnswer) -> bool:
    """Nothing is wrong with the unit itself: it goes to its next step, and in there when the hold is released."""
    is_good = answer.disposition == "HOLD" and answer.verdict == "PASS" and not answer.deviations
    return is_good and (floor.doubted is not None or floor.people.do_react)


def _sent_before(machine: Machine, units: Sequence[Unit]) -> list[Sending]:
    by_key: dict[str, list[Unit]] = {}
    for unit in units:
        if unit.key:
            by_key.setdefault(unit.key, []).append(unit)
    return [Sending(members, machine.awaited(key)) for key, members in by_key.items()]


async def _run(floor: Floor, job: Job) -> list[Sending]:
    if not job.units:
        return []
    machine = job.machine
    # Work that was begun before a restart goes on from where it was.
    job.started = job.units[0].since or floor.clock.now()
    await machine.begin(job.started)
    for unit in job.units:
        unit.since = job.started
    pace = dice(floor.seed, job.units[0].serial, job.step.operation, "pace").uniform(0.98, 1.04)
    job.finished = job.started + job.step.duration_s * pace
    await floor.clock.sleep_until(job.finished)
    weighed = [await weigh(floor, job, unit) for unit in job.units]
    # From here to the outbox nothing waits, so that a stop finds a result told as a whole or not at all.
    parts = [unit_part(floor, job, one) for one in weighed]
    sendings = []
    for members, body in bodies(job, parts):
        key = machine.next_key()
        tell_results(floor, job, key, members, body)
        sendings.append(Sending(members, machine.send(key, body)))
        for unit in members:
            unit.key, unit.since = key, 0.0
            unit.times[job.step.operation] = job.finished
            if unit.serial in job.inputs:
                spend(floor, job.inputs[unit.serial])
    await machine.end(job.finished, len(parts), sum(part["outcome"] == "FAIL" for part in parts))
    floor.changed(job.units[0].product)
    return sendings


async def _short_stop(floor: Floor, machine: Machine) -> None:
    """Now and then a station stops for a few minutes, with a reason."""
    now = floor.clock.now()
    rng = dice(floor.seed, machine.code, "stops", machine.processed)
    if not machine.next_stop:
        machine.next_stop = now + rng.uniform(0.2, 1.5) * STOP_EVERY_TAKTS * floor.takt_s
    if now < machine.next_stop:
        return
    reason = rng.choice(["DT-BREAKDOWN", "DT-SETUP", "DT-MATERIAL", "DT-PM"])
    await machine.show(PackMLState.HELD, reason, now)
    await floor.clock.sleep(rng.uniform(0.3, 1.7) * STOP_TAKTS * floor.takt_s)
    machine.next_stop = floor.clock.now() + rng.expovariate(1.0) * STOP_EVERY_TAKTS * floor.takt_s
