"""What goes into a unit: rolls by metre range, batches by mass, pieces by position, lots by quantity."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from lines.plant.files import BillItemFile, MaterialFile, StepFile
from lines.simulator.chance import dice
from lines.simulator.floor import Floor
from lines.simulator.links import ResultAnswer
from lines.simulator.machines import Machine
from lines.simulator.plantings import LOT_CELL
from lines.simulator.routes import BATCH, CELL, ROLL, Route
from lines.simulator.units import GONE, STOCK, TAKEN, MountedLot, Unit, weighed
from lines.simulator.web import ENCODER_M, Cut, Piece, wind

DAY_S = 86_400.0
LEAST_SHARE = 0.1  # of a roll: with less in the tank the coater does not begin
SPLICED_EVERY = 3  # coated rolls, the first of them included


@dataclass(slots=True)
class Inputs:
    """Reserved for one visit, in the order of the bill."""

    ranges: list[Piece] = field(default_factory=list)
    batches: list[tuple[Unit, float]] = field(default_factory=list)  # batch, kg
    pieces: list[tuple[Unit, int]] = field(default_factory=list)  # unit, position
    whole: list[Unit] = field(default_factory=list)  # rolls that end with this visit
    cuts: list[Cut] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)  # marks that were wound in
    removed: list[dict[str, Any]] = field(default_factory=list)  # parts taken out, as posted

    @property
    def parts(self) -> list[Unit]:
        return [*(piece.roll for piece in self.ranges), *(b for b, _ in self.batches), *(p for p, _ in self.pieces)]


def reserve(floor: Floor, route: Route, step: StepFile, serial: str) -> Inputs | None:
    """Everything the step's bill asks of our own making, or None while something is missing."""
    inputs = Inputs()
    rng = dice(floor.seed, serial, step.operation, "quantities")
    for item in route.unit_items(step):
        quantity = weighed(rng, item.quantity, item.tolerance_pct, route.definitions[item.material].uom)
        makes_roll = route.definitions[step.definition].tracking == ROLL
        if not _reserve_item(floor, route, item, quantity, inputs, makes_roll=makes_roll):
            give_back(inputs)
            return None
    return inputs


def _reserve_item(
    floor: Floor, route: Route, item: BillItemFile, quantity: float, inputs: Inputs, *, makes_roll: bool
) -> bool:
    tracking = route.definitions[item.material].tracking
    stock = floor.store.of(route.product.code, item.material, STOCK)
    if tracking == ROLL and makes_roll:
        if not stock:
            return False
        roll = stock[0]
        roll.place = TAKEN
        inputs.ranges.append(Piece(roll, 0, 0.0, roll.length_m or 0.0))
        inputs.whole.append(roll)
        return True
    if tracking == ROLL:
        return _reserve_metres(floor, stock, quantity, inputs)
    if tracking == BATCH:
        return _reserve_mass(floor, stock, quantity, inputs, in_a_row=makes_roll)
    if len(stock) < item.positions:
        return False
    chosen = matched(stock, item.positions) if tracking == CELL else stock[: item.positions]
    for position, unit in enumerate(chosen, 1):
        unit.place = TAKEN
        inputs.pieces.append((unit, position))
    return True


def _reserve_metres(floor: Floor, stock: list[Unit], quantity_m: float, inputs: Inputs) -> bool:
    for roll in stock:
        wound = wind(floor.seed, roll, quantity_m)
        if wound is None:
            floor.store.drop(roll, GONE)  # the tail on the core: scrap
            continue
        inputs.ranges.append(Piece(roll, 0, wound.from_m, wound.to_m))
        inputs.cuts += wound.cuts
        inputs.faults += wound.faults
        roll.used = wound.to_m
        return True
    return False


def _reserve_mass(floor: Floor, stock: list[Unit], quantity: float, inputs: Inputs, *, in_a_row: bool) -> bool:
    """`in_a_row`: the coater goes on with the next batch while it runs, and ends the one before."""
    for index, batch in enumerate(stock):
        if batch.left >= quantity:
            inputs.batches.append((batch, quantity))
            batch.used += quantity
            return True
        if in_a_row and batch.left >= LEAST_SHARE * quantity:
            following = stock[index + 1] if index + 1 < len(stock) else None
            rest = round(quantity - batch.left, 4)
            if following is None or following.left < rest:
                return False  # the next one is being mixed
            inputs.batches += [(batch, round(batch.left, 4)), (following, rest)]
            batch.used, following.used = batch.used + batch.left, following.used + rest
            return True
        floor.store.drop(batch, GONE)  # the rest in the tank: scrap
    return False


def matched(cells: list[Unit], count: int) -> list[Unit]:
    """The `count` cells with the smallest range of capacity, oldest numbers first."""
    by_capacity = sorted(cells, key=lambda c: c.traits.get("GRA-01", 0.0))
    windows = range(len(by_capacity) - count + 1)

    def spread(start: int) -> float:
        last, first = by_capacity[start + count - 1], by_capacity[start]
        return last.traits.get("GRA-01", 0.0) - first.traits.get("GRA-01", 0.0)

    start = min(windows, key=spread)
    return sorted(by_capacity[start : start + count], key=lambda c: c.born)


def give_back(inputs: Inputs) -> None:
    """Entry was denied: nothing was used."""
    for piece in inputs.ranges:
        roll = piece.roll
        cut_m = sum(cut.to_m - cut.from_m for cut in inputs.cuts if cut.roll is roll)
        # Where the next piece has been taken already, these metres are lost.
        if roll not in inputs.whole and roll.used == piece.to_m:
            roll.used = piece.from_m - cut_m
    for batch, quantity in inputs.batches:
        batch.used -= quantity
    for unit in [*inputs.whole, *(piece for piece, _ in inputs.pieces)]:
        unit.place = STOCK


async def take_lots(floor: Floor, step: StepFile, unit: Unit, dose_kg: float | None, since: float) -> list[Any]:
    """Consumed lots as posted; what the MES is to take from the feed points is marked `is_mounted`. `dose_kg` replaces
    the nominal mass of what the station weighed itself. A new lot was mounted before the visit began, at `since`; where
    the foil was spliced, the next one after that."""
    machine, route = floor.machine(step), floor.route(unit)
    rng = dice(floor.seed, unit.serial, step.operation, "lots")
    consumed = []
    for item in route.lot_items(step):
        material = floor.plant.materials[item.material]
        quantity = weighed(rng, item.quantity, item.tolerance_pct, material.uom)
        if dose_kg is not None and material.uom == "kg":
            quantity = round(dose_kg, 5)
        spliced = splice_m(floor, route, step, unit) if material.uom == "m" else 0.0
        if spliced:
            consumed += await _take_spliced(floor, step, unit, material, quantity, at_m=spliced, since=since)
            continue
        lot = _planted_lot(floor, route, step, unit, item.material)
        if lot is None:
            lot = floor.store.mounted(material.code, quantity, floor.clock.now())
            if lot is None:
                lot = floor.store.fresh_lot(material, quantity, floor.clock.now())
                await floor.receive(lot, machine.code)
            lot.left -= quantity
            mount(floor, machine, lot, since)
            is_mounted = machine.station.kind == "CELL_ASSEMBLY" and material.uom != "kg"
        else:
            await floor.receive(lot, machine.code)
            is_mounted = False
        consumed.append(_as_consumed(lot, material, quantity) | {"is_mounted": is_mounted})
    return consumed


def splice_m(floor: Floor, route: Route, step: StepFile, unit: Unit) -> float:
    """Where the foil of a roll that is coated ends and the next one begins; 0: nowhere."""
    is_coated = route.definitions[unit.definition].tracking == ROLL and step is route.first(unit.definition)
    makes_from_rolls = any(route.definitions[item.material].tracking == ROLL for item in route.unit_items(step))
    if not is_coated or makes_from_rolls or unit.born % SPLICED_EVERY:
        return 0.0
    share = dice(floor.seed, unit.serial, "splice").uniform(0.3, 0.7)
    return round((unit.length_m or 0.0) * share, 3)


async def _take_spliced(
    floor: Floor, step: StepFile, unit: Unit, material: MaterialFile, quantity: float, *, at_m: float, since: float
) -> list[Any]:
    """The last metres of one foil and the first ones of the next, each with the metres of the roll it carries."""
    machine, length = floor.machine(step), unit.length_m or 0.0
    found = []
    for own_from, own_to in ((0.0, at_m), (at_m, length)):
        share = round(quantity * (own_to - own_from) / length, 4)
        lot = None if own_from else floor.store.mounted(material.code, share, floor.clock.now())
        if lot is None:
            lot = floor.store.fresh_lot(material, share, floor.clock.now())
            await floor.receive(lot, machine.code)
        lot.left -= share
        mount(floor, machine, lot, since)
        own = {"own_from_m": own_from, "own_to_m": own_to, "delta_m": ENCODER_M}
        found.append(_as_consumed(lot, material, share) | own)
    return found


def _as_consumed(lot: MountedLot, material: MaterialFile, quantity: float) -> dict[str, Any]:
    named = {"material": material.code, "supplier": lot.supplier, "lot": lot.number}
    return {**named, "quantity": quantity, "unit": material.uom, "is_mounted": False}


def mount(
    floor: Floor, machine: Machine, lot: MountedLot, at: float | None = None
) -> asyncio.Future[list[ResultAnswer]] | None:
    """Put a lot to its feed point, now or at a plant time; None where it is already, or no place for it."""
    feed_point = floor.plant.feed_points.get((machine.code, lot.material))
    name = f"{lot.supplier} {lot.number}"
    if feed_point is None or floor.store.feeds.get(f"{machine.code}/{feed_point}") == name:
        return None
    floor.store.feeds[f"{machine.code}/{feed_point}"] = name
    operator = floor.operator(machine.station.operations[0])
    return machine.mount(feed_point, lot, operator, floor.clock.now() if at is None else at)


def _planted_lot(floor: Floor, route: Route, step: StepFile, unit: Unit, material: str) -> MountedLot | None:
    """A lot past its date, for one cell at the second step of its own."""
    steps = route.steps[unit.definition]
    is_planted = (
        unit.product == floor.plantings.product
        and unit.definition == route.tracked(CELL)
        and unit.born == LOT_CELL
        and len(steps) > 1
        and step is steps[1]
    )
    if not is_planted:
        return None
    lot = floor.store.fresh_lot(floor.plant.materials[material], 1.0, floor.clock.now(), mount=False)
    lot.expires_at = floor.clock.now() - 3 * DAY_S
    floor.planted(
        "expired_lot",
        serial=unit.serial,
        station=floor.machine(step).code,
        operation=step.operation,
        lot={"supplier": lot.supplier, "number": lot.number, "material": material},
    )
    return lot


def spend(floor: Floor, inputs: Inputs) -> None:
    """The result was sent: what went in is gone."""
    for unit in [*inputs.whole, *(piece for piece, _ in inputs.pieces)]:
        floor.store.drop(unit, GONE)
