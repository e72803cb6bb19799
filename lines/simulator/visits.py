"""One visit of one unit to one operation, as its measurements see it. Pure."""

import random
from dataclasses import dataclass, field
from typing import Any

from lines.plant.files import StepFile
from lines.simulator.chance import dice
from lines.simulator.plantings import Plantings
from lines.simulator.routes import Plant, Route
from lines.simulator.units import Unit


@dataclass(slots=True)
class Visit:
    plant: Plant
    plantings: Plantings
    seed: int
    route: Route
    step: StepFile
    unit: Unit
    attempt: int
    started: float
    finished: float
    rack: int = 0  # 0: not in a rack
    tray: str = ""
    parts: list[Unit] = field(default_factory=list)  # units built in at this visit
    dose_kg: float | None = None  # what the filler or the glue nozzle weighed, where it measures that itself
    scans: list[dict[str, Any]] = field(default_factory=list)  # passes of a gauge across the web
    values: dict[str, list[float]] = field(default_factory=dict)  # measured so far in this visit
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = dice(self.seed, self.unit.serial, self.step.operation, self.attempt)

    @property
    def slowness(self) -> float:
        """How long it took against its nominal time; a plant whose times are cut short still ages its cells fully."""
        return (self.finished - self.started) / self.step.duration_s

    @property
    def is_hot(self) -> bool:
        """The top layer of each tower of four racks is warmer than the rest."""
        return self.rack > 0 and self.rack % 4 == 0

    @property
    def is_biased(self) -> bool:
        return (self.rack, self.unit.slot) == (self.plantings.biased_rack, self.plantings.biased_slot)

    def first(self, code: str) -> float | None:
        """A value measured in this visit or remembered from an earlier one."""
        if code in self.values:
            return self.values[code][0]
        return self.unit.traits.get(code)
