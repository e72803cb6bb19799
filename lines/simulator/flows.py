"""How units move from station to station: alone, or in a tray."""

from dataclasses import replace

from lines.plant.files import StepFile
from lines.simulator import decisions
from lines.simulator.consuming import Inputs, reserve
from lines.simulator.entering import rest
from lines.simulator.floor import Floor
from lines.simulator.plantings import BY_HAND, BYPASS_CELL, LATE_CELL
from lines.simulator.replacing import is_replaced, replacement
from lines.simulator.results import channel
from lines.simulator.routes import CELL
from lines.simulator.units import ASIDE, FLOW, Unit
from lines.simulator.working import settle, work

TRAY_WAIT_TAKTS = 6.0  # a tray that is not full leaves when nothing came for so long
CHANNEL_STATIONS = ("FORM", "GRADE")  # where a tray sits in a rack with one channel for each slot


async def needed(floor: Floor, step: StepFile, units: list[Unit]) -> dict[str, Inputs]:
    """The inputs of our own making that a later step of the units' route takes; waits until they are there."""
    route = floor.route(units[0])
    found: dict[str, Inputs] = {}
    for unit in units:
        if is_replaced(floor, step, unit) and not unit.key and not unit.since:
            while (other := replacement(floor, unit)) is None:
                await floor.change(unit.product)
            found[unit.serial] = other
            continue
        if not route.unit_items(step) or unit.key or unit.since or unit.attempts.get(step.operation):
            continue
        while (inputs := reserve(floor, route, step, unit.serial)) is None:
            await floor.change(unit.product)
        found[unit.serial] = inputs
    return found


async def one_step(floor: Floor, step: StepFile, units: list[Unit]) -> None:
    """Units through a step that works on one at a time."""
    await rest(floor, step, units)
    by_hand = [unit for unit in units if step.alternatives and _is_by_hand(unit)]
    for operation, members in ((step.operation, [u for u in units if u not in by_hand]), (None, by_hand)):
        if members:
            done = step if operation else replace(step, operation=step.alternatives[0])
            inputs = await needed(floor, done, members)
            await settle(floor, done, await work(floor, done, members, inputs))


def _is_by_hand(unit: Unit) -> bool:
    return unit.born % BY_HAND == 5


async def go_on(floor: Floor, unit: Unit) -> None:
    """A unit on its own, until it is finished, aside, or waits for a tray."""
    route = floor.route(unit)
    while unit.place == FLOW and unit.step is not None:
        step = route.by_sequence[unit.step]
        if step.by_tray:
            load(floor, unit)
            return
        if _is_bypass(floor, step, unit):
            await _bypass(floor, step, unit)
            return
        await one_step(floor, step, [unit])
        await decisions.reprieve(floor, step, unit)


def _is_bypass(floor: Floor, step: StepFile, unit: Unit) -> bool:
    route = floor.route(unit)
    return (
        unit.product == floor.plantings.product
        and unit.definition == route.tracked(CELL)
        and unit.born == BYPASS_CELL
        and step is route.steps[unit.definition][1]
        and not unit.key
    )


async def _bypass(floor: Floor, skipped: StepFile, unit: Unit) -> None:
    """Somebody carries a cell past an operation; the next station by unit works on it though entry is denied."""
    route = floor.route(unit)
    step = next(
        s for s in route.steps[unit.definition] if s.sequence > skipped.sequence and not s.by_tray and s.characteristics
    )
    floor.planted(
        "nonconforming",
        serial=unit.serial,
        station=floor.machine(step).code,
        operation=step.operation,
        skipped=skipped.operation,
    )
    inputs = await needed(floor, step, [unit])
    await settle(floor, step, await work(floor, step, [unit], inputs, against_the_word=True))
    if unit.place != ASIDE:
        floor.set_aside(unit, step.operation, "planted: an operation was skipped")


def load(floor: Floor, unit: Unit) -> None:
    """Put a unit into the tray that is being filled for its step."""
    route = floor.route(unit)
    assert unit.step is not None  # noqa: S101 - a finished unit is not loaded
    waiting = floor.loading.setdefault((unit.product, unit.step), [])
    waiting.append(unit)
    unit.tray, unit.slot, unit.rack = "", 0, 0
    floor.loaded_at[unit.product, unit.step] = floor.clock.now()
    if len(waiting) >= route.product.tray_slots:
        _start_tray(floor, unit.product, unit.step)


async def leave_unfilled(floor: Floor) -> None:
    """Send off trays that are not full when nothing has come for a while."""
    while True:
        await floor.clock.sleep(floor.takt_s)
        for (product, step), waiting in list(floor.loading.items()):
            wait_s = TRAY_WAIT_TAKTS * floor.takt_s
            if waiting and floor.clock.now() - floor.loaded_at[product, step] > wait_s:
                _start_tray(floor, product, step)


def _start_tray(floor: Floor, product: str, step: int) -> None:
    units = floor.loading.pop((product, step))
    tray = floor.free_trays.pop()
    for slot, unit in enumerate(units, 1):
        unit.tray, unit.slot = tray, slot
    floor.spawn(carry(floor, tray, units))


async def carry(floor: Floor, tray: str, units: list[Unit]) -> None:
    """A tray on its way with its cells; those that must go back to a tray step leave it for another tray."""
    while members := [u for u in units if u.place == FLOW and u.tray == tray]:
        route = floor.route(members[0])
        sequence = min(unit.step for unit in members if unit.step is not None)
        step = route.by_sequence[sequence]
        here = [unit for unit in members if unit.step == sequence]
        if len(here) < len(members) and step.by_tray and not any(u.key or u.since for u in here):
            for unit in here:
                load(floor, unit)
        elif step.by_tray:
            await _tray_step(floor, step, tray, here)
        else:
            late = next((u for u in here if _is_late(floor, step, u)), None)
            if late is not None:
                here.remove(late)
                floor.spawn(_leave_lying(floor, step, late))
            if here:
                await one_step(floor, step, here)
    floor.free_trays.append(tray)


def _is_late(floor: Floor, step: StepFile, unit: Unit) -> bool:
    is_cell = floor.is_planted(unit, lambda born: born == LATE_CELL)
    return is_cell and step.max_wait_s is not None and not unit.since and floor.plantings.once("late")


async def _leave_lying(floor: Floor, step: StepFile, unit: Unit) -> None:
    """A cell falls out of its tray and is found when it is too late for its next operation."""
    unit.tray, unit.slot = "", 0
    await floor.clock.sleep((step.max_wait_s or 0) * 1.05 + 60)
    floor.planted("denied", why="late", serial=unit.serial, station=floor.machine(step).code, operation=step.operation)
    await go_on(floor, unit)


async def _tray_step(floor: Floor, step: StepFile, tray: str, units: list[Unit]) -> None:
    machine = floor.machine(step)
    rack = units[0].rack
    await rest(floor, step, units)
    has_channels = machine.code.startswith(CHANNEL_STATIONS)
    if has_channels and not rack:
        rack = await machine.take_rack()
        for unit in units:
            unit.rack = rack
        places = [{"serial": u.serial, "slot": u.slot, "channel": channel(machine, u)} for u in units]
        await floor.handling.load(machine.code, tray, places)
    hold_id = await decisions.doubt(floor, step, units)
    sendings = await work(floor, step, units, tray=tray)
    for unit in units:
        unit.rack = 0
    await settle(floor, step, sendings)
    if hold_id is not None:
        await decisions.clear(floor, hold_id)
    if has_channels:
        await floor.handling.unload(machine.code, tray)
        machine.give_rack(rack)
    worked = {unit.serial for sending in sendings for unit in sending.units}
    for unit in units:
        if unit.serial not in worked and unit.place == FLOW:
            load(floor, unit)  # its channel was not fit for it
