"""Where a disposition sends a unit. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lines.records.visits import Visits, together


@dataclass(frozen=True, slots=True)
class OwnStep:
    """A step that the unit does in its route."""

    id: int
    sequence: int
    operation: str
    alternatives: tuple[str, ...]
    repeat_in_rework: bool
    is_test: bool

    def takes(self, operation: str) -> bool:
        return operation == self.operation or operation in self.alternatives


@dataclass(frozen=True, slots=True)
class Standing:
    """A unit when somebody decides about it."""

    state: str
    next_step_id: int | None
    steps: Sequence[OwnStep]  # in order
    visits: Mapping[str, Visits]  # by operation
    accepted: tuple[str, ...]
    last_test_passed: bool | None

    def verdict(self, step: OwnStep) -> str:
        """Of its last visit to a step; empty: none."""
        found = together(self.visits[o] for o in (step.operation, *step.alternatives) if o in self.visits)
        return found.last_verdict if found else ""

    @property
    def next_step(self) -> OwnStep | None:
        return next((step for step in self.steps if step.id == self.next_step_id), None)

    @property
    def reached(self) -> list[OwnStep]:
        """Where it may begin again: what it did, or is to do now."""
        return [step for step in self.steps if self.verdict(step) or step.id == self.next_step_id]


@dataclass(frozen=True, slots=True)
class Move:
    """The unit after a disposition."""

    state: str
    next_step_id: int | None
    accepted: tuple[str, ...]
    last_test_passed: bool | None
    extra_passes: int = 0  # granted now


def pass_over(unit: Standing, operation: str) -> Move:
    """Use as is: on past the operation of the record that was decided about, as if it had passed.

    What it left out or failed up to there is accepted; the records stay as they are. A unit that is further on, or at
    an operation its route does not have, stays where it is.
    """
    step = next((s for s in unit.steps if s.takes(operation)), None)
    stays = Move(unit.state, unit.next_step_id, unit.accepted, unit.last_test_passed)
    if step is None or unit.state not in ("IN_PROCESS", "SCRAPPED"):
        return stays
    start = unit.next_step or (step if unit.state == "SCRAPPED" else None)
    if start is None or start.sequence > step.sequence:
        return stays
    let_go = [s.operation for s in unit.steps if s.sequence <= step.sequence and unit.verdict(s) != "PASS"]
    later = (s for s in unit.steps if s.sequence > step.sequence)
    after = next((s for s in later if s.repeat_in_rework or unit.verdict(s) != "PASS"), None)
    accepted = tuple(dict.fromkeys([*unit.accepted, *let_go]))
    state = "IN_PROCESS" if after else "COMPLETED"
    return Move(state, after.id if after else None, accepted, unit.last_test_passed)


def begin_again(unit: Standing, operation: str) -> Move | None:
    """Rework from an operation on that the unit has reached, with one pass more than the route allows; None: it has
    not reached it, or its route has no such operation."""
    step = next((s for s in unit.reached if s.operation == operation), None)
    if step is None:
        return None
    kept = {s.operation for s in unit.steps if s.sequence < step.sequence}
    is_tested_again = any(s.is_test and s.sequence >= step.sequence for s in unit.steps)
    return Move(
        "IN_PROCESS",
        step.id,
        tuple(o for o in unit.accepted if o in kept),
        None if is_tested_again and unit.last_test_passed else unit.last_test_passed,
        extra_passes=1,
    )


def leave(unit: Standing, state: str) -> Move:
    """Scrapped or returned: nothing left to do."""
    return Move(state, None, unit.accepted, unit.last_test_passed)
