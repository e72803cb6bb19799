"""Which product is made when, and how much of everything it takes: campaigns, and a pull from behind. Pure."""

import math
from dataclasses import dataclass
from typing import Any

from lines.simulator.routes import BATCH, CELL, ROLL, Route
from lines.simulator.units import Unit

LEAD_CELLS = 40  # the next product's slurries and rolls start when so many cells of this one are left
AHEAD_CELLS = 40  # what rolls and batches may run ahead of the cells
AHEAD_PIECES = 6  # the same for jelly rolls and stacks


@dataclass(slots=True)
class Campaigns:
    """Products in turn, each for enough cells to build one pack with some to spare."""

    sizes: dict[str, int]  # cells, in the order of the turns
    turn: int = 0
    started: int = 0  # cells of this turn

    @property
    def product(self) -> str:
        return list(self.sizes)[self.turn % len(self.sizes)]

    def remaining(self, product: str) -> int:
        """Cells still to start that may be prepared for now."""
        left = self.sizes[self.product] - self.started
        if product == self.product:
            return left
        following = list(self.sizes)[(self.turn + 1) % len(self.sizes)]
        return self.sizes[product] if product == following and left <= LEAD_CELLS else 0

    def start_cell(self) -> None:
        self.started += 1
        if self.started >= self.sizes[self.product]:
            self.turn, self.started = self.turn + 1, 0

    def as_json(self) -> dict[str, Any]:
        return {"turn": self.turn, "started": self.started}


def campaign_size(route: Route) -> int:
    """A pack's cells and an eighth more for what is scrapped and held, and some for what is planted."""
    return math.ceil(route.cells_per_pack * 1.12) + 9


def chain(route: Route, definition: str) -> list[str]:
    """The definitions from this one up to what a cell is directly made of."""
    found = [definition]
    while (use := route.consumer(found[-1])) and use[0].definition != route.tracked(CELL):
        found.append(use[0].definition)
    return found


def roll_length_m(route: Route, definition: str) -> float:
    """Nominal length of a roll: its recipe's, or that of the roll it is made of."""
    step = route.first(definition)
    if "roll_length_m" in step.recipe:
        return step.recipe["roll_length_m"]
    parent = next(i.material for i in route.unit_items(step) if route.definitions[i.material].tracking == ROLL)
    return roll_length_m(route, parent) * (1 + step.recipe.get("stretch_pct", 0.0) / 100)


def cells_in(route: Route, definition: str, amount: float) -> float:
    """How many cells an amount (m, kg, pieces) of something is enough for, counting whole uses only."""
    use = route.consumer(definition)
    if use is None:
        return 0.0
    step, item = use
    user = route.definitions[step.definition]
    tracking = route.definitions[definition].tracking
    if tracking == ROLL and user.tracking == ROLL:
        lanes = step.recipe.get("lanes", 1)
        return lanes * cells_in(route, user.code, amount * (1 + step.recipe.get("stretch_pct", 0.0) / 100))
    is_bulk = tracking in (ROLL, BATCH)
    uses = math.floor(amount / item.quantity + 0.02) if is_bulk else amount / max(item.positions, 1)
    if user.tracking == CELL:
        return float(uses)
    return uses * cells_in(route, user.code, roll_length_m(route, user.code) if user.tracking == ROLL else 1.0)


def cover(route: Route, definition: str, units: dict[str, list[Unit]]) -> float:
    """Cells that can be started from what exists of a definition and of everything made of it.

    `units` by definition: those on their way or in stock.
    """
    return sum(cells_in(route, step, unit.left) for step in chain(route, definition) for unit in units.get(step, ()))


def wanted(route: Route, definition: str, remaining: int, waiting: int) -> float:
    """Cells that a definition should cover: what the campaign still needs, but not far ahead.

    `waiting`: cells already started that still need it themselves (an electrolyte filled in later).
    """
    is_bulk = route.definitions[definition].tracking in (ROLL, BATCH)
    return min(remaining, AHEAD_CELLS if is_bulk else AHEAD_PIECES) + waiting
