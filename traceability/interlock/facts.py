"""What the interlock knows when it decides: plain records, loaded by queries.py. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lines.orders.serials import SerialError, parse_serial
from lines.records.visits import Visits
from traceability.holds.facts import HoldFacts

# Kinds of unit that are gone once they are built in; rolls and batches are used up by and by.
DISCRETE = frozenset({"JELLY_ROLL", "STACK", "CELL", "PACK"})


@dataclass(frozen=True, slots=True)
class Definition:
    """What kind of unit of which product (lines.orders.models.MaterialDefinition)."""

    id: int
    code: str
    tracking: str
    product_id: int
    product: str
    design_code: str
    uom: str


@dataclass(frozen=True, slots=True)
class Material:
    """A bought material."""

    id: int
    uom: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a route."""

    id: int
    route_id: int
    definition_id: int
    sequence: int
    operation: str
    max_passes: int
    rework_from: int | None  # sequence of the step where a failed unit starts again
    on_fail: str  # SCRAP or HOLD
    is_test: bool
    bill: Collection[int]  # ids of the material definitions it takes in
    units_in: Collection[str]  # codes of those of them that are units: made here, or put in positions


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """One unit in front of one station that wants to do one operation to it."""

    serial: str
    serial_fault: str  # empty: the serial fits the rule
    is_known: bool  # a row existed before this request
    definition: Definition | None
    state: str
    next_step: Step | None
    steps: Sequence[Step]  # its definition's steps in its route, in order
    visits: Mapping[str, Visits]
    holds: Sequence[HoldFacts]
    operation: str
    station_operations: frozenset[str]

    @property
    def step(self) -> Step | None:
        """The step asked for, where the route has it."""
        return next((s for s in self.steps if s.operation == self.operation), None)


@dataclass(frozen=True, slots=True)
class InputFacts:
    """A unit that goes into another one."""

    unit_id: int
    serial: str
    is_known: bool
    definition: Definition | None
    state: str
    is_held: bool
    outputs: frozenset[int]  # ids of the units it went into before

    @property
    def is_discrete(self) -> bool:
        return self.definition is not None and self.definition.tracking in DISCRETE


@dataclass(frozen=True, slots=True)
class LotFacts:
    """A lot that goes into a unit."""

    lot_id: int
    supplier: str
    number: str
    is_known: bool
    material_id: int | None  # as received
    state: str
    expires_at: datetime | None


def serial_fault(serial: str) -> str:
    """What is wrong with a canonical serial, in English; empty when it fits the rule."""
    try:
        parse_serial(serial)
    except SerialError as error:
        return str(error)
    return ""


def design_code(serial: str) -> str:
    """The three characters that say what the unit is; only of a serial without fault."""
    return serial[3:6]
