"""May this unit enter this operation? One small function for each reason against it. Pure.

A permit is denied by any finding. A result that came anyway is stored, and carries the same findings as deviations.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lines.errors import Code
from traceability import errors
from traceability.interlock.facts import UnitFacts


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason, with what it rests on in English."""

    code: Code
    detail: str


Check = Callable[[UnitFacts], Finding | None]


def malformed_serial(facts: UnitFacts) -> Finding | None:
    return Finding(errors.SERIAL_MALFORMED, facts.serial_fault) if facts.serial_fault else None


def unknown_design(facts: UnitFacts) -> Finding | None:
    if facts.serial_fault or facts.definition is not None:
        return None
    return Finding(errors.DESIGN_UNKNOWN, facts.serial[3:6])


def unknown_serial(facts: UnitFacts) -> Finding | None:
    """A serial may be new only where its units begin."""
    if facts.is_known or facts.step is None or facts.step == facts.steps[0]:
        return None
    return Finding(errors.SERIAL_UNKNOWN, f"first operation: {facts.steps[0].operation}")


def not_at_this_station(facts: UnitFacts) -> Finding | None:
    if facts.operation in facts.station_operations:
        return None
    return Finding(
        errors.NOT_AT_THIS_STATION, f"{facts.operation}; here: {', '.join(sorted(facts.station_operations))}"
    )


def not_in_route(facts: UnitFacts) -> Finding | None:
    if facts.definition is None or facts.step is not None:
        return None
    route = ", ".join(s.operation for s in facts.steps)
    return Finding(errors.NOT_IN_ROUTE, f"{facts.definition.code} has: {route}")


def _is_next(facts: UnitFacts) -> bool:
    return facts.next_step is not None and facts.next_step == facts.step


def already_done(facts: UnitFacts) -> Finding | None:
    """Passed, and nobody sent it back here."""
    visit = facts.visits.get(facts.operation)
    if visit is None or visit.last_verdict != "PASS" or _is_next(facts):
        return None
    return Finding(errors.ALREADY_DONE, f"{visit.count} visits")


def wrong_step(facts: UnitFacts) -> Finding | None:
    if facts.step is None or _is_next(facts) or already_done(facts) or unknown_serial(facts):
        return None
    if facts.next_step is None:
        return Finding(errors.WRONG_STEP, "its route is finished") if facts.state == "COMPLETED" else None
    return Finding(errors.WRONG_STEP, f"next operation: {facts.next_step.operation}")


def _earlier(facts: UnitFacts) -> list[tuple[str, str]]:
    """Operations before this one with the verdict of their last visit, empty for none."""
    step = facts.step
    if step is None or not facts.is_known:
        return []
    return [
        (s.operation, facts.visits[s.operation].last_verdict if s.operation in facts.visits else "")
        for s in facts.steps
        if s.sequence < step.sequence
    ]


def earlier_missing(facts: UnitFacts) -> Finding | None:
    missing = [operation for operation, verdict in _earlier(facts) if not verdict]
    return Finding(errors.EARLIER_MISSING, ", ".join(missing)) if missing else None


def earlier_failed(facts: UnitFacts) -> Finding | None:
    failed = [operation for operation, verdict in _earlier(facts) if verdict == "FAIL"]
    return Finding(errors.EARLIER_FAILED, ", ".join(failed)) if failed else None


def held(facts: UnitFacts) -> Finding | None:
    return Finding(errors.HELD, "; ".join(hold.reason for hold in facts.holds)) if facts.holds else None


def scrapped(facts: UnitFacts) -> Finding | None:
    return Finding(errors.SCRAPPED, facts.serial) if facts.state == "SCRAPPED" else None


def consumed(facts: UnitFacts) -> Finding | None:
    return Finding(errors.CONSUMED, facts.serial) if facts.state == "CONSUMED" else None


def maximum_passes(facts: UnitFacts) -> Finding | None:
    """Failed visits count, so that a unit sent back from a later step may pass this one again."""
    step, visit = facts.step, facts.visits.get(facts.operation)
    if step is None or visit is None or visit.failed < step.max_passes or visit.last_verdict == "PASS":
        return None
    return Finding(errors.MAX_PASSES, f"{visit.failed} of {step.max_passes}")


CHECKS: tuple[Check, ...] = (
    malformed_serial,
    unknown_design,
    unknown_serial,
    not_at_this_station,
    not_in_route,
    already_done,
    wrong_step,
    earlier_missing,
    earlier_failed,
    held,
    scrapped,
    consumed,
    maximum_passes,
)


def check_entry(facts: UnitFacts) -> list[Finding]:
    """Every reason against it, not only the first. None: it may enter."""
    return [finding for check in CHECKS if (finding := check(facts)) is not None]


def codes(findings: Sequence[Finding]) -> list[str]:
    return [finding.code.code for finding in findings]
