"""What the interlock knows when it decides: plain records, loaded by queries.py. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from lines.orders.serials import SerialError, parse_serial
from lines.records.visits import Visits, together
from traceability.feeding.facts import MountedFacts
from traceability.holds.facts import HoldFacts

# Kinds of unit that are gone once they are built in; rolls and batches are used up by and by.
DISCRETE = frozenset({"JELLY_ROLL", "STACK", "CELL", "MODULE", "PACK"})


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
    is_gate: bool = False  # denies until SPC has looked at the unit's records
    alternatives: Collection[str] = ()  # operations that may be done in place of its own
    sample_every: int = 1  # n: only units whose serial's sequence divides by n do it
    repeat_in_rework: bool = True
    grades: Collection[str] = ()  # allowed; empty: all
    wait_from: int | None = None  # sequence of the step at whose end the waiting begins; None: the one before
    min_wait_s: int | None = None
    max_wait_s: int | None = None
    duration_s: int = 0  # planned

    def takes(self, operation: str) -> bool:
        return operation == self.operation or operation in self.alternatives


@dataclass(frozen=True, slots=True)
class SampleFacts:
    """A sample without a result; its unit waits for it at an operation."""

    code: str
    waits_at: str


@dataclass(frozen=True, slots=True)
class GaugeFacts:
    """A gauge of the station, or of one channel of it."""

    code: str
    channel: str  # empty: it measures for the whole station
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class OperatorFacts:
    """A person of this plant, with until when each certification is good, by operation."""

    certified_until: Mapping[str, datetime]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request said, or a result about its visit. Texts are empty where nothing was said."""

    recipe: str
    operator: str
    channel: str
    at: datetime  # of the visit's begin, by our clock


LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
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
    asked: Asked = Asked("", "", "", LONG_AGO)
    work_order: str = ""
    recipe: str = ""  # the one to use; empty: the operation has none
    grade: str = ""
    mode: str = "PRODUCTION"  # of the station
    gauges: Sequence[GaugeFacts] = ()
    needs_certification: bool = False  # the operation does
    operator: OperatorFacts | None = None  # None: nobody of that name
    mounted: Sequence[MountedFacts] = ()
    feeds: Mapping[str, frozenset[int]] = field(default_factory=dict)  # what each feed point takes: definitions' ids
    samples: Sequence[SampleFacts] = ()
    not_contained: int = 0  # records of it that SPC has not looked at
    open_elsewhere: str = ""  # the station that has an open permit for it
    extra_passes: int = 0  # that dispositions granted, at every operation
    accepted: frozenset[str] = frozenset()  # operations that dispositions let it pass, failed or left out

    @cached_property
    def own_steps(self) -> tuple[Step, ...]:
        """The steps that this unit does: those of samples only where it is one."""
        next_id = self.next_step.id if self.next_step else None
        return tuple(s for s in self.steps if s.id == next_id or is_sampled(s, self.serial, self.serial_fault))

    @cached_property
    def step(self) -> Step | None:
        """The step asked for, where the route has it."""
        return self.step_of(self.operation)

    def step_of(self, operation: str) -> Step | None:
        """Where an operation stands in the route: at the step that is next, as a step's own, or as an alternative."""
        if self.next_step is not None and self.next_step.takes(operation):
            return self.next_step
        own = (step for step in self.steps if step.operation == operation)
        return next(own, None) or next((step for step in self.steps if operation in step.alternatives), None)

    @property
    def is_next(self) -> bool:
        """The operation asked for is what the unit is to do now."""
        return self.next_step is not None and self.step is not None and self.next_step.id == self.step.id

    def visits_of(self, step: Step) -> Visits | None:
        """Visits to a step, by its own operation or another that may be done in its place."""
        if not step.alternatives:
            return self.visits.get(step.operation)
        return together(self.visits[o] for o in (step.operation, *step.alternatives) if o in self.visits)

    def passed_in_turn(self, step: Step) -> bool:
        """Its last visit passed, and before that every earlier step had been passed."""
        visits = self.visits_of(step)
        if visits is None or visits.last_verdict != "PASS":
            return False
        before = (s for s in self.own_steps if s.sequence < step.sequence and s.operation not in self.accepted)
        earlier = [self.visits_of(s) for s in before]
        return all(v and v.first_passed_id is not None and v.first_passed_id < visits.last_id for v in earlier)

    def holds_at(self, step: Step | None) -> list[HoldFacts]:
        """Those of its holds that keep it from a step: one from a later operation on does not yet."""
        return [hold for hold in self.holds if hold.is_in_force(step.sequence if step else None)]


@dataclass(frozen=True, slots=True)
class InputFacts:
    """A unit that goes into another one."""

    unit_id: int
    serial: str
    is_known: bool
    definition: Definition | None
    state: str
    holds: tuple[HoldFacts, ...]
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


def sequence_of(serial: str) -> int:
    """The running number in a serial; only of a serial without fault."""
    return int(serial[9:15])


def is_sampled(step: Step, serial: str, fault: str) -> bool:
    """Whether a unit does a step that only every n-th one does. A serial that no rule knows is a sample."""
    return step.sample_every <= 1 or bool(fault) or sequence_of(serial) % step.sample_every == 0


def first_step(serial: str, fault: str, steps: Sequence[Step]) -> Step | None:
    """Where a unit of this serial begins."""
    return next((step for step in steps if is_sampled(step, serial, fault)), None)
