"""What the plant files say about making things, as questions the simulator asks. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from lines.orders.serials import parse_serial
from lines.plant.files import (
    BillItemFile,
    CharacteristicFile,
    ControlPlanFile,
    DefinitionFile,
    LimitsFile,
    MaterialFile,
    PlantFiles,
    ProductFile,
    StationFile,
    StepFile,
)

ROLL, BATCH, CELL, PACK, CONTAINER = "ROLL", "SLURRY_BATCH", "CELL", "PACK", "CONTAINER"
PIECES = ("JELLY_ROLL", "STACK")


@dataclass(frozen=True, slots=True)
class Route:
    """One product's ways through the plant: a list of steps for each definition, by sequence."""

    product: ProductFile
    definitions: dict[str, DefinitionFile]
    steps: dict[str, tuple[StepFile, ...]]  # by definition
    by_sequence: dict[int, StepFile]
    uses: dict[str, tuple[StepFile, BillItemFile]]  # by what is used up

    def first(self, definition: str) -> StepFile:
        return self.steps[definition][0]

    def after(self, step: StepFile, serial: str) -> StepFile | None:
        """The next step of the same definition that this unit does; None after the last."""
        later = (s for s in self.steps[step.definition] if s.sequence > step.sequence)
        return next((s for s in later if is_sampled(s, serial)), None)

    def named(self, definition: str, operation: str) -> StepFile | None:
        """The step that an operation stands for, by itself or in place of another one."""
        return next((s for s in self.steps[definition] if operation in (s.operation, *s.alternatives)), None)

    def rested_at(self, step: StepFile, times: Mapping[str, float]) -> float:
        """When a unit has waited long enough for a step, by the ends of its visits; 0 where it need not wait."""
        if step.min_wait_s is None:
            return 0.0
        last = step.wait_from if step.wait_from is not None else step.sequence - 1
        before = [s for s in self.steps[step.definition] if s.sequence <= last and s.operation in times]
        return times[before[-1].operation] + step.min_wait_s if before else 0.0

    def tracked(self, tracking: str) -> str:
        """The code of the one definition with this tracking; '' when the product has none."""
        return next((d.code for d in self.product.definitions if d.tracking == tracking), "")

    def unit_items(self, step: StepFile) -> list[BillItemFile]:
        """The bill items that this plant makes itself."""
        return [item for item in step.bill if item.material in self.definitions]

    def lot_items(self, step: StepFile) -> list[BillItemFile]:
        return [item for item in step.bill if item.material not in self.definitions]

    def consumer(self, definition: str) -> tuple[StepFile, BillItemFile] | None:
        """The step that uses a definition up, with its bill item."""
        return self.uses.get(definition)

    @property
    def cells_per_pack(self) -> int:
        use = self.consumer(self.tracked(CELL))
        return use[1].positions if use else 1


def is_sampled(step: StepFile, serial: str) -> bool:
    """Whether a unit does a step that only every n-th does."""
    return step.sample_every == 1 or parse_serial(serial).sequence % step.sample_every == 0


class Plant:
    """The plant's files with the look-ups the simulator needs."""

    def __init__(self, files: PlantFiles) -> None:
        self.files = files
        self.stations: dict[str, StationFile] = {s.code: s for s in files.stations}
        self.station_of: dict[str, StationFile] = {op: s for s in files.stations for op in s.operations}
        self.feed_points: dict[tuple[str, str], str] = {  # by station and material
            (s.code, material): point.code
            for s in files.stations
            for point in s.feed_points
            for material in point.materials
        }
        self.operations = {operation.code: operation for operation in files.operations}
        self._certified = {
            operation: [
                p.username
                for p in files.people
                if any(operation == c.operation and c.valid_days > 0 for c in p.certifications)
            ]
            for operation in self.operations
        }
        self._operators = [p.username for p in files.people if p.role == "OPERATOR" and p.certifications]
        self.trainees = [p.username for p in files.people if p.role == "OPERATOR" and not p.certifications]
        self.materials: dict[str, MaterialFile] = {m.code: m for m in files.materials}
        self.characteristics: dict[str, CharacteristicFile] = {c.code: c for c in files.characteristics}
        self.routes: dict[str, Route] = {p.code: _route(p) for p in files.products}
        self.serial_head = files.serial_site + files.serial_line

    def operator(self, operation: str, shift: int) -> str:
        """Who is signed in for an operation in the n-th shift; empty in a plant without operators."""
        needs = self.operations[operation].needs_certification
        people = self._certified[operation] if needs else self._operators
        return people[shift % len(people)] if people else ""

    def limits(self, product: str, characteristic: str) -> LimitsFile:
        """The product's own limits, or those of the characteristic."""
        own = self.routes[product].product.limits.get(characteristic)
        if own is not None:
            return own
        c = self.characteristics[characteristic]
        return LimitsFile(c.code, c.lsl, c.target, c.usl, c.sigma)

    def plan(self, product: str, characteristic: str) -> ControlPlanFile | None:
        return next(
            (p for p in self.files.control_plans if (p.product, p.characteristic) == (product, characteristic)), None
        )


def _route(product: ProductFile) -> Route:
    steps = sorted(product.steps, key=lambda s: s.sequence)
    return Route(
        product,
        {d.code: d for d in product.definitions},
        {d.code: tuple(s for s in steps if s.definition == d.code) for d in product.definitions},
        {s.sequence: s for s in steps},
        {item.material: (step, item) for step in reversed(steps) for item in step.bill},
    )
