"""What goes into a unit: rolls by metre range, batches by mass, pieces by position, lots by quantity."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from lines.plant.files import BillItemFile, StepFile
from lines.simulator.chance import dice
from lines.simulator.floor import Floor
from lines.simulator.links import ResultAnswer
from lines.simulator.machines import Machine
from lines.simulator.plantings import LOT_CELL
from lines.simulator.routes import BATCH, CELL, ROLL, Route
from lines.simulator.units import GONE, STOCK, TAKEN, MountedLot, Unit, weighed

DAY_S = 86_400.0


@dataclass(slots=True)
class Inputs:
    """Reserved for one visit, in the order of the bill."""

    ranges: list[tuple[Unit, int, float, float]] = field(default_factory=list)  # roll, lane (0: all), from_m, to_m
    batches: list[tuple[Unit, float]] = field(default_factory=list)  # batch, kg
    pieces: list[tuple[Unit, int]] = field(default_factory=list)  # unit, position
    whole: list[Unit] = field(default_factory=list)  # rolls that end with this visit

    @property
    def parts(self) -> list[Unit]:
        return [*(r for r, *_ in self.ranges), *(b for b, _ in self.batches), *(p for p, _ in self.pieces)]


def reserve(floor: Floor, route: Route, step: StepFile, serial: str) -> Inputs | None:
    """Everything the step's bill asks of our own making, or None while something is missing."""
    inputs = Inputs()
    rng = dice(floor.seed, serial, step.operation, "quantities")
    for item in route.unit_items(step):
        quantity = weighed(rng, item.quantity, item.tolerance_pct, route.definitions[item.material].uom)
        makes_roll = route.definitions[step.definition].tracking == ROLL
        if not _reserve_item(floor, route, item, quantity, inputs, whole_rolls=makes_roll):
            give_back(inputs)
            return None
    return inputs


def _reserve_item(
    floor: Floor, route: Route, item: BillItemFile, quantity: float, inputs: Inputs, *, whole_rolls: bool
) -> bool:
    tracking = route.definitions[item.material].tracking
    stock = floor.store.of(route.product.code, item.material, STOCK)
    if tracking == ROLL and whole_rolls:
        if not stock:
            return False
        roll = stock[0]
        roll.place = TAKEN
        inputs.ranges.append((roll, 0, 0.0, roll.length_m or 0.0))
        inputs.whole.append(roll)
        return True
    if tracking in (ROLL, BATCH):
        for unit in stock:
            if unit.left < quantity:
                floor.store.drop(unit, GONE)  # the tail on the core, the rest in the tank: scrap
                continue
            if tracking == ROLL:
                inputs.ranges.append((unit, 0, round(unit.used, 4), round(unit.used + quantity, 4)))
            else:
                inputs.batches.append((unit, quantity))
            unit.used += quantity
            return True
        return False
    if len(stock) < item.positions:
        return False
    chosen = matched(stock, item.positions) if tracking == CELL else stock[: item.positions]
    for position, unit in enumerate(chosen, 1):
        unit.place = TAKEN
        inputs.pieces.append((unit, position))
    return True


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
    for roll, _, from_m, to_m in inputs.ranges:
        roll.used -= 0.0 if roll in inputs.whole else to_m - from_m
    for batch, quantity in inputs.batches:
        batch.used -= quantity
    for unit in [*inputs.whole, *(piece for piece, _ in inputs.pieces)]:
        unit.place = STOCK


async def take_lots(floor: Floor, step: StepFile, unit: Unit, dose_kg: float | None, since: float) -> list[Any]:
    """Consumed lots as posted; what the MES is to take from the feed points is marked `is_mounted`. `dose_kg` replaces
    the nominal mass of what the station weighed itself. A new lot was mounted before the visit began, at `since`."""
    machine, route = floor.machine(step), floor.route(unit)
    rng = dice(floor.seed, unit.serial, step.operation, "lots")
    consumed = []
    for item in route.lot_items(step):
        material = floor.plant.materials[item.material]
        quantity = weighed(rng, item.quantity, item.tolerance_pct, material.uom)
        if dose_kg is not None and material.uom == "kg":
            quantity = round(dose_kg, 5)
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
        consumed.append(
            {
                "material": item.material,
                "supplier": lot.supplier,
                "lot": lot.number,
                "quantity": quantity,
                "unit": material.uom,
                "is_mounted": is_mounted,
            }
        )
    return consumed


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


def as_posted(inputs: Inputs, dose_kg: float | None) -> tuple[list[Any], list[Any]]:
    """`components` and `ranges` of a result."""
    components: list[dict[str, Any]] = [{"serial": p.serial, "position": position} for p, position in inputs.pieces]
    for position, (batch, quantity) in enumerate(inputs.batches, 1):
        mass = quantity if dose_kg is None else round(dose_kg, 5)
        components.append({"serial": batch.serial, "position": position, "quantity": mass})
    ranges = []
    for roll, lane, from_m, to_m in inputs.ranges:
        where: dict[str, Any] = {"serial": roll.serial, "from_m": from_m, "to_m": to_m}
        ranges.append(where | ({"lane": lane} if lane else {}))
    return components, ranges


def tell_links(floor: Floor, output: str, consumed: list[Any], components: list[Any], ranges: list[Any]) -> None:
    """The truth's lines on what one unit was made of."""
    nothing = {"quantity": None, "position": None, "lane": None, "from_m": None, "to_m": None}
    for c in consumed:
        lot = {"supplier": c["supplier"], "number": c["lot"], "material": c["material"]}
        floor.truth.write("link", output=output, lot=lot, **(nothing | {"quantity": c["quantity"]}))
    for c in components:
        facts = nothing | {"position": c["position"], "quantity": c.get("quantity")}
        floor.truth.write("link", output=output, input_serial=c["serial"], **facts)
    for r in ranges:
        facts = nothing | {"lane": r.get("lane"), "from_m": r["from_m"], "to_m": r["to_m"]}
        floor.truth.write("link", output=output, input_serial=r["serial"], **facts)
