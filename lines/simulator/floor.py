"""The shop floor: everything that runs at once and what they share."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from lines.plant.files import StepFile
from lines.simulator.campaigns import Campaigns
from lines.simulator.certificates import certificate
from lines.simulator.clock import SimulatedClock
from lines.simulator.handling import Handling
from lines.simulator.machines import Machine
from lines.simulator.people import People
from lines.simulator.plantings import Plantings
from lines.simulator.routes import CELL, Plant, Route
from lines.simulator.truth import TruthFile
from lines.simulator.units import ASIDE, MountedLot, Store, Unit

SHIFT_S = 8 * 3600
INSPECTION_S = 1200.0  # until a certificate has been read


@dataclass(slots=True)
class Floor:
    """Shared by all tasks of one event loop; nothing here is touched from another thread."""

    plant: Plant
    clock: SimulatedClock
    store: Store
    machines: dict[str, Machine]
    truth: TruthFile
    plantings: Plantings
    campaigns: Campaigns
    handling: Handling
    people: People
    seed: int
    takt_s: float
    next_cell_at: float = 0.0
    doubted: int | None = None  # a hold that somebody placed and will release
    loading: dict[tuple[str, int], list[Unit]] = field(default_factory=dict)  # cells that wait for a tray
    loaded_at: dict[tuple[str, int], float] = field(default_factory=dict)
    free_trays: list[str] = field(default_factory=lambda: [f"T-{n:04d}" for n in range(400, 0, -1)])
    _changed: dict[str, asyncio.Event] = field(default_factory=dict)
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    failure: asyncio.Future[None] | None = None

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a task of the floor. One that fails stops the simulator rather than leaving a dead station."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() and self.failure is not None and not self.failure.done():
            self.failure.set_exception(task.exception() or RuntimeError("a task of the plant ended"))

    async def stop(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def route(self, unit: Unit) -> Route:
        return self.plant.routes[unit.product]

    def operator(self, operation: str) -> str:
        """Who is signed in for an operation now; three shifts a day."""
        return self.plant.operator(operation, int(self.clock.now() // SHIFT_S))

    async def receive(self, lot: MountedLot, station: str, *, is_urgent: bool = True) -> None:
        """Goods receipt. What must be released first is waited for, unless nobody needs it now."""
        answer = await self.handling.receive(lot, station, certificate(self.seed, lot))
        if is_urgent and answer.get("state") == "QUARANTINE":
            await self.clock.sleep(INSPECTION_S)
            await self.people.release_lot(answer["id"])

    def machine(self, step: StepFile) -> Machine:
        return self.machines[self.plant.station_of[step.operation].code]

    def is_planted(self, unit: Unit, holds: Callable[[int], bool]) -> bool:
        """Whether it is a cell that carries the numbered faults, and its number is asked for."""
        cell = self.route(unit).tracked(CELL)
        return unit.product == self.plantings.product and unit.definition == cell and holds(unit.born)

    def changed(self, product: str) -> None:
        """Stock or demand of a product changed: whoever waits for material looks again."""
        event = self._changed.pop(product, None)
        if event is not None:
            event.set()

    async def change(self, product: str) -> None:
        await self._changed.setdefault(product, asyncio.Event()).wait()

    def set_aside(self, unit: Unit, operation: str, why: str) -> None:
        """To the reject rack, where it stays."""
        self.truth.write("aside", serial=unit.serial, operation=operation, why=why)
        self.store.drop(unit, ASIDE)
        self.changed(unit.product)

    def planted(self, what: str, **facts: Any) -> None:
        self.truth.write("planted", what=what, **facts)
