"""A cell of a pack taken out at rework and another one put in its place."""

from typing import Any

from lines.plant.files import StepFile
from lines.simulator.chance import dice
from lines.simulator.consuming import Inputs
from lines.simulator.floor import Floor
from lines.simulator.plantings import REWORKED_PACK
from lines.simulator.routes import CELL, PACK
from lines.simulator.units import STOCK, TAKEN, Unit

WHY = "EOL-SPREAD"
_KEPT = ("GRA-01", "GRA-03", "rest_mv", "loading_share")


def is_replaced(floor: Floor, step: StepFile, unit: Unit) -> bool:
    """Whether this pack comes back to be built again with another cell in it."""
    return (
        unit.product == floor.plantings.reworked
        and unit.born == REWORKED_PACK
        and floor.route(unit).definitions[unit.definition].tracking == PACK
        and bool(unit.built)
        and unit.attempts.get(step.operation) == 1
        and bool(floor.route(unit).unit_items(step))
    )


def replacement(floor: Floor, unit: Unit) -> Inputs | None:
    """One cell out, and the one of the stock that fits the others best in; None while there is none."""
    cell = floor.route(unit).tracked(CELL)
    stock = floor.store.of(unit.product, cell, STOCK)
    if not stock:
        return None
    out = dice(floor.seed, unit.serial, "replaced").choice(unit.built)
    others = [each["traits"].get("GRA-01", 0.0) for each in unit.built if each is not out]
    middle = (max(others) + min(others)) / 2 if others else 0.0
    found = min(stock, key=lambda each: abs(each.traits.get("GRA-01", 0.0) - middle))
    found.place = TAKEN
    gone = {"serial": out["serial"], "position": out["position"], "reason": WHY}
    return Inputs(pieces=[(found, out["position"])], removed=[gone])


def replaced(built: list[dict[str, Any]], inputs: Inputs) -> list[dict[str, Any]]:
    """What is in a pack after a visit that put these in and took those out."""
    gone = {part["serial"] for part in inputs.removed}
    kept = [each for each in built if each["serial"] not in gone]
    new = [
        {
            "serial": piece.serial,
            "position": position,
            "traits": {name: piece.traits[name] for name in _KEPT if name in piece.traits},
        }
        for piece, position in inputs.pieces
    ]
    return sorted([*kept, *new], key=lambda each: each["position"])


def members(unit: Unit, inputs: Inputs | None) -> list[Unit]:
    """What a visit finds in the unit: the parts that it puts in, and where it was built before, what is in it since."""
    if not unit.built:
        return inputs.parts if inputs else []
    built = replaced(unit.built, inputs) if inputs else unit.built
    return [Unit(each["serial"], unit.product, "", None, traits=dict(each["traits"])) for each in built]
