"""What supervisors and quality engineers decide about units on their way. Each once, and only where somebody has the
token to do it."""

from collections.abc import Sequence

from lines.plant.files import StepFile
from lines.simulator.floor import Floor
from lines.simulator.plantings import EARLY_CELL, LOT_CELL
from lines.simulator.units import ASIDE, FLOW, Unit

DOUBTED, HELD_DURING = "FILL", "AGE"  # the scale is checked while the cells age
DECISION_S = 3600.0  # plant time until an expired lot has been tested again


async def doubt(floor: Floor, step: StepFile, units: Sequence[Unit]) -> int | None:
    """The scale of the filler is in doubt: what it filled may not go on after this step. The number of the hold."""
    route = floor.route(units[0])
    filled = [unit.times[DOUBTED] for unit in units if DOUBTED in unit.times]
    after = route.after(step, units[0].serial)
    is_planted = any(floor.is_planted(unit, lambda born: born == EARLY_CELL) for unit in units)
    if step.operation != HELD_DURING or not is_planted or not filled or after is None:
        return None
    if not floor.plantings.once("doubt"):
        return None
    machine = floor.machines[floor.plant.station_of[DOUBTED].code]
    hold_id = await floor.people.hold(
        scope="STATION",
        station=machine.code,
        window_from=machine.iso(min(filled) - 1),
        window_to=machine.iso(max(filled) + 1),
        at_operation=after.operation,
        reason="Scale of the filler reads 2 g high on the reference mass",
    )
    if hold_id is not None:
        floor.doubted = hold_id
        serials = [unit.serial for unit in units]
        floor.planted("hold", hold=hold_id, station=machine.code, at_operation=after.operation, serials=serials)
    return hold_id


async def clear(floor: Floor, hold_id: int) -> None:
    """Before any of them asks to go on."""
    await floor.people.release_hold(hold_id, "Checked with two reference masses: the scale is right, the mass was worn")
    floor.doubted = None


async def reprieve(floor: Floor, step: StepFile, unit: Unit) -> None:
    """A cell on the reject rack for a part of an expired lot comes back when the quality engineer let it pass."""
    is_planted = floor.is_planted(unit, lambda born: born == LOT_CELL) and unit.place == ASIDE
    following = floor.route(unit).after(step, unit.serial)
    if not is_planted or following is None or not floor.plantings.once("reprieve"):
        return
    await floor.clock.sleep(DECISION_S)
    reason = "Retained sample of the lot tested again: within specification"
    if await floor.people.decide(unit.serial, "USE_AS_IS", reason):
        floor.planted("disposition", serial=unit.serial, operation=step.operation, disposition="USE_AS_IS")
        unit.place, unit.step = FLOW, following.sequence
        floor.store.add(unit)
