"""New units come into being: pulled from behind by the campaigns, as soon as what they are made of is there."""

import math
from dataclasses import asdict

from lines.plant.files import StepFile
from lines.simulator.campaigns import chain, cover, roll_length_m, wanted
from lines.simulator.chance import dice
from lines.simulator.consuming import Inputs, reserve
from lines.simulator.floor import Floor
from lines.simulator.flows import go_on
from lines.simulator.routes import CELL, CONTAINER, PACK, PIECES, ROLL, Route
from lines.simulator.units import FLOW, STOCK, Unit
from lines.simulator.web import STRAIGHT, TURNS, carried, laid_out, slit
from lines.simulator.working import Sending, settle, work

FIRST_SHARE = 0.62  # of what a roll takes
CATCH_UP_TAKTS = 4.0  # how far the line may run ahead of its pace after it was starved


async def make_for_cells(floor: Floor, route: Route, definition: str) -> None:
    """Keep enough of one definition for the cells to come: slurries, rolls, jelly rolls, stacks."""
    product = route.product.code
    while True:
        if _cover(floor, route, definition) < _wanted(floor, route, definition):
            await _make(floor, route, definition)
        else:
            await floor.change(product)


async def make_cells(floor: Floor, route: Route) -> None:
    """Start one cell each takt while it is this product's turn."""
    product = route.product.code
    while True:
        if floor.campaigns.product != product:
            await floor.change(product)
            continue
        now = floor.clock.now()
        await floor.clock.sleep_until(floor.next_cell_at)
        if not await _make(floor, route, route.tracked(CELL)):
            continue
        floor.next_cell_at = max(floor.next_cell_at + floor.takt_s, now - CATCH_UP_TAKTS * floor.takt_s)
        floor.campaigns.start_cell()
        for other in floor.plant.routes:
            floor.changed(other)


async def make_from_stock(floor: Floor, route: Route, definition: str) -> None:
    """Packs of cells and containers of packs, whenever there are enough."""
    while True:
        await _make(floor, route, definition)


async def _make(floor: Floor, route: Route, definition: str) -> bool:
    """Wait for the inputs, make what one run makes and send it on its way; False if all of it was denied.

    A run makes the lanes of one roll, the jelly rolls of one cell, or one unit of anything else.
    """
    product, step = route.product.code, route.first(definition)
    lanes = _lanes(route, definition)
    units: list[Unit] = []
    inputs: dict[str, Inputs] = {}
    for _ in range(_at_once(route, definition)):
        reserved = _reserve(floor, route, definition)
        while reserved is None and not units:
            await floor.change(product)
            reserved = _reserve(floor, route, definition)
        if reserved is None:
            break  # a short lane: one less this time
        for lane in range(1, lanes + 1):
            unit = floor.store.new_unit(
                product, definition, route.definitions[definition].design_code, step.sequence, floor.clock.now()
            )
            inputs[unit.serial] = _lane_of(reserved, lane) if lanes > 1 else reserved
            unit.lane = lane if lanes > 1 else 0
            _plan_size(floor, route, unit, inputs[unit.serial])
            units.append(unit)
    sendings = await work(floor, step, units, inputs, together=lanes > 1)
    if not sendings:  # denied
        await floor.clock.sleep(floor.takt_s)
        return False
    for sending in sendings:
        floor.spawn(_finish(floor, step, sending))
    return True


def _reserve(floor: Floor, route: Route, definition: str) -> Inputs | None:
    number = floor.store.sequences.get(route.definitions[definition].design_code, 0)
    return reserve(floor, route, route.first(definition), f"{definition} {number}")


def _at_once(route: Route, definition: str) -> int:
    """Pieces that a cell takes several of come in such sets."""
    use = route.consumer(definition)
    is_piece = route.definitions[definition].tracking in PIECES
    return max(use[1].positions, 1) if use and is_piece else 1


async def _finish(floor: Floor, step: StepFile, sending: Sending) -> None:
    """Hear the MES's word on new units, then let each go on by itself."""
    await settle(floor, step, [sending])
    for unit in sending.units:
        if unit.place == FLOW:
            floor.spawn(go_on(floor, unit))


def _lanes(route: Route, definition: str) -> int:
    """How many units one run of the first step makes: the lanes of a roll that is slit."""
    step = route.first(definition)
    is_slit = route.definitions[definition].tracking == ROLL and any(
        route.definitions[item.material].tracking == ROLL for item in route.unit_items(step)
    )
    return int(step.recipe.get("lanes", 1)) if is_slit else 1


def _lane_of(reserved: Inputs, lane: int) -> Inputs:
    pieces, cuts = slit(reserved.ranges[0].roll, lane)
    return Inputs(ranges=pieces, whole=reserved.whole, cuts=cuts)


def _plan_size(floor: Floor, route: Route, unit: Unit, inputs: Inputs) -> None:
    """Length or mass, and what the unit has from its parents."""
    step = route.first(unit.definition)
    rng = dice(floor.seed, unit.serial, "size")
    match route.definitions[unit.definition].tracking:
        case "ROLL" if inputs.ranges:
            parent, lane, turn = inputs.ranges[0].roll, inputs.ranges[0].lane, TURNS.get(step.operation, STRAIGHT)
            stretch = step.recipe.get("stretch_pct", 0.0)
            if stretch:
                stretch += rng.gauss(0, 0.08)
                unit.traits["stretch_pct"] = stretch
            inputs.ranges = laid_out(inputs.ranges, stretch, turn)
            unit.length_m = inputs.ranges[-1].own_to_m
            unit.lanes = 1 if lane else parent.lanes
            unit.marks = [asdict(mark) for mark in carried(inputs.ranges, parent.lanes)]
            for trait in [t for t in parent.traits if t.startswith(("loading_share", "lane_share"))]:
                unit.traits[trait] = parent.traits[_mirrored(trait, parent.lanes) if turn.is_mirrored else trait]
            if lane:
                unit.traits["loading_share"] = parent.traits.get("loading_share", 0.0) + parent.traits.get(
                    f"lane_share_{lane}", 0.0
                )
        case "ROLL":
            unit.length_m = round(roll_length_m(route, unit.definition) * rng.uniform(0.997, 1.003), 2)
            unit.lanes = int(step.recipe.get("lanes", 1))
        case "SLURRY_BATCH":
            unit.mass_kg = math.fsum(i.quantity for i in step.bill)
            use = route.consumer(unit.definition)
            if unit.born == 0 and use and route.definitions[use[0].definition].tracking == ROLL:
                # The first one fills the pipes: what is left of it is not enough for a roll.
                unit.used = unit.mass_kg - FIRST_SHARE * use[1].quantity


def _mirrored(trait: str, lanes: int) -> str:
    head, _, lane = trait.rpartition("_")
    return f"{head}_{lanes + 1 - int(lane)}" if lane.isdigit() else trait


def _cover(floor: Floor, route: Route, definition: str) -> float:
    product = route.product.code
    units = {code: floor.store.of(product, code, FLOW, STOCK) for code in chain(route, definition)}
    return cover(route, definition, units)


def _wanted(floor: Floor, route: Route, definition: str) -> float:
    product = route.product.code
    use = route.consumer(definition)
    waiting = 0
    if use and use[0].definition == route.tracked(CELL) and use[0] is not route.first(route.tracked(CELL)):
        cells = floor.store.of(product, route.tracked(CELL), FLOW)
        waiting = sum(c.step is not None and c.step <= use[0].sequence for c in cells)
    return wanted(route, definition, floor.campaigns.remaining(product), waiting)


def start_makers(floor: Floor) -> None:
    for route in floor.plant.routes.values():
        for definition in route.product.definitions:
            if definition.tracking == CELL:
                floor.spawn(make_cells(floor, route))
            elif definition.tracking in (PACK, CONTAINER):
                floor.spawn(make_from_stock(floor, route, definition.code))
            else:
                # The next pieces ask for entry while the last are being made.
                for _ in range(2 if definition.tracking in PIECES else 1):
                    floor.spawn(make_for_cells(floor, route, definition.code))
