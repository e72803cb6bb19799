"""The route engine against a plain model of its rules, over routes and visits of every kind."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lines.orders.serials import Serial, make_serial
from lines.records.visits import Visits
from tests.traceability.test_outcome import PACK
from traceability import errors
from traceability.interlock import errors as entry_errors
from traceability.interlock.checks import check_entry, codes
from traceability.interlock.facts import Asked, Step, UnitFacts, first_step
from traceability.interlock.outcome import decide

BEGAN = datetime(2026, 11, 20, tzinfo=UTC)
# The route's own reasons; the others have tests of their own.
OF_ROUTE = {
    code.code
    for code in (
        errors.SERIAL_UNKNOWN,
        errors.NOT_IN_ROUTE,
        errors.WRONG_STEP,
        errors.ALREADY_DONE,
        errors.EARLIER_MISSING,
        errors.EARLIER_FAILED,
        errors.MAX_PASSES,
        errors.SCRAPPED,
        entry_errors.NOT_IN_SAMPLE,
        entry_errors.TOO_EARLY,
        entry_errors.TOO_LATE,
    )
}


@st.composite
def routes(draw: st.DrawFn) -> tuple[Step, ...]:
    found: list[Step] = []
    for place in range(draw(st.integers(1, 5))):
        sequence = 10 * (place + 1)
        alternatives = tuple(f"OP{sequence}-{n}" for n in range(draw(st.integers(0, 2))))
        waits = st.none() | st.integers(0, 300)
        found.append(
            Step(
                id=place + 1,
                route_id=1,
                definition_id=1,
                sequence=sequence,
                operation=f"OP{sequence}",
                max_passes=draw(st.integers(1, 3)),
                rework_from=draw(st.none() | st.sampled_from([s.sequence for s in found] or [sequence])),
                on_fail=draw(st.sampled_from(["SCRAP", "HOLD"])),
                is_test=draw(st.booleans()),
                bill=(),
                units_in=(),
                alternatives=alternatives,
                sample_every=draw(st.sampled_from([1, 1, 1, 2, 3])),
                repeat_in_rework=draw(st.booleans()),
                wait_from=draw(st.none() | st.sampled_from([s.sequence for s in found])) if found else None,
                min_wait_s=draw(waits),
                max_wait_s=draw(waits),
            )
        )
    return tuple(found)


@dataclass
class Visit:
    operation: str
    verdict: str
    at: datetime


class Model:
    """The rules, over the whole list of what happened, without any short cut."""

    def __init__(self, route: tuple[Step, ...], number: int) -> None:
        self.steps = [step for step in route if number % step.sample_every == 0]
        self.others = [step for step in route if number % step.sample_every]
        self.log: list[Visit] = []
        self.state = "IN_PROCESS"
        self.next = self.steps[0] if self.steps else None

    def at(self, operation: str) -> Step | None:
        return next((s for s in [*self.steps, *self.others] if operation in {s.operation, *s.alternatives}), None)

    def visits(self, step: Step) -> list[Visit]:
        return [visit for visit in self.log if self.at(visit.operation) is step]

    def is_done_in_turn(self, step: Step) -> bool:
        """Passed at last, and each earlier step was passed some time before that."""
        mine = self.visits(step)
        if not mine or mine[-1].verdict == "FAIL":
            return False
        before = self.log[: self.log.index(mine[-1])]
        passed = [self.at(visit.operation) for visit in before if visit.verdict == "PASS"]
        return all(s in passed for s in self.steps if s.sequence < step.sequence)

    def reasons(self, operation: str, now: datetime) -> set[str]:
        step = self.at(operation)
        if step is None:
            there = [v.verdict for v in self.log if v.operation == operation][-1:]
            found = {errors.NOT_IN_ROUTE.code} | ({errors.ALREADY_DONE.code} if there == ["PASS"] else set())
            return found | ({errors.SCRAPPED.code} if self.state == "SCRAPPED" else set())
        found = set()
        mine = self.visits(step)
        passed = bool(mine) and mine[-1].verdict == "PASS"
        is_next = self.next is step
        unknown = not self.log and bool(self.steps) and step is not self.steps[0]
        if unknown:
            found.add(errors.SERIAL_UNKNOWN.code)
        if step in self.others:
            found.add(entry_errors.NOT_IN_SAMPLE.code)
        if passed and not is_next:
            found.add(errors.ALREADY_DONE.code)
        is_elsewhere = self.next is not None or self.state == "COMPLETED"
        if not (is_next or passed or unknown or step in self.others) and is_elsewhere:
            found.add(errors.WRONG_STEP.code)
        earlier = [s for s in self.steps if s.sequence < step.sequence]
        if self.log and any(not self.visits(s) for s in earlier):
            found.add(errors.EARLIER_MISSING.code)
        if any(v[-1].verdict == "FAIL" for s in earlier if (v := self.visits(s))):
            found.add(errors.EARLIER_FAILED.code)
        if mine and not passed and sum(v.verdict == "FAIL" for v in mine) >= step.max_passes:
            found.add(errors.MAX_PASSES.code)
        if self.state == "SCRAPPED":
            found.add(errors.SCRAPPED.code)
        begins = [s for s in earlier if step.wait_from is None or s.sequence <= step.wait_from][-1:]
        ended = [v.at for s in begins for v in self.visits(s)][-1:]
        for end in ended:
            waited = (now - end).total_seconds()
            if step.min_wait_s is not None and waited < step.min_wait_s:
                found.add(entry_errors.TOO_EARLY.code)
            if step.max_wait_s is not None and waited > step.max_wait_s:
                found.add(entry_errors.TOO_LATE.code)
        return found

    def visit(self, operation: str, verdict: str, now: datetime) -> None:
        step = self.at(operation)
        is_moving = step is not None and step is self.next and self.state != "SCRAPPED"
        self.log.append(Visit(operation, verdict, now))
        if not is_moving or step is None:
            return
        if verdict == "PASS":
            later = [s for s in self.steps if s.sequence > step.sequence]
            left = [s for s in later if s.repeat_in_rework or not self.is_done_in_turn(s)]
            self.next = left[0] if left else None
            self.state = "IN_PROCESS" if left else "COMPLETED"
        elif sum(v.verdict == "FAIL" for v in self.visits(step)) < step.max_passes:
            back = step.sequence if step.rework_from is None else step.rework_from
            self.next = next(s for s in self.steps if s.sequence >= back)
        elif step.on_fail == "SCRAP":
            self.state, self.next = "SCRAPPED", None


def told(log: list[Visit]) -> dict[str, Visits]:
    """What the database says of these records, by operation; their places are their ids."""
    found = {}
    for operation in {visit.operation for visit in log}:
        mine = [(place, visit) for place, visit in enumerate(log, 1) if visit.operation == operation]
        passed = [place for place, visit in mine if visit.verdict == "PASS"]
        found[operation] = Visits(
            len(mine),
            len(mine) - len(passed),
            mine[-1][1].verdict,
            mine[-1][0],
            min(passed) if passed else None,
            mine[-1][1].at,
        )
    return found


VISITS = st.lists(
    st.tuples(
        st.none() | st.integers(0, 6),  # none: where it is to go; else any operation of the route
        st.sampled_from(["PASS", "PASS", "FAIL"]),
        st.integers(0, 400),
    ),
    max_size=14,
)


@given(routes(), st.integers(0, 12), VISITS)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_it_agrees_with_the_plain_model(
    route: tuple[Step, ...], number: int, visits: list[tuple[int | None, str, int]]
) -> None:
    serial = make_serial(Serial("SK", "1", "PLF", BEGAN.date(), number))
    model = Model(route, number)
    operations = [o for step in route for o in (step.operation, *step.alternatives)] + ["ELSEWHERE"]
    facts = UnitFacts(
        serial=serial,
        serial_fault="",
        is_known=False,
        definition=PACK,
        state="IN_PROCESS",
        next_step=first_step(serial, "", route),
        steps=route,
        visits={},
        holds=(),
        operation="",
        station_operations=frozenset(operations),
    )
    now = BEGAN
    for choice, verdict, seconds in visits:
        now += timedelta(seconds=seconds)
        operation = operations[choice % len(operations)] if choice is not None else ""
        if choice is None:
            operation = model.next.operation if model.next else operations[0]
        facts = replace(facts, operation=operation, visits=told(model.log), asked=Asked("", "", "", now))
        findings = codes(check_entry(facts))
        assert set(findings) & OF_ROUTE == model.reasons(operation, now)
        outcome = decide(facts, verdict, findings)
        model.visit(operation, verdict, now)
        assert (outcome.state, outcome.next_step) == (model.state, model.next)
        facts = replace(facts, state=outcome.state, next_step=outcome.next_step, is_known=True)
