"""May this unit enter this operation? One small function for each reason against it. Pure.

A permit is denied by any finding. A result that came anyway is stored, and carries the same findings as deviations.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from lines.errors import Code
from traceability import errors
from traceability.feeding.facts import MountedFacts
from traceability.interlock import errors as entry_errors
from traceability.interlock.facts import Step, UnitFacts
from traceability.shipping.errors import UNIT_AWAY

# After this time SPC has looked at the records; it takes less than a second as a rule.
CONTAINED_AFTER_S = 1


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason, with what it rests on in English. `retry_after_s`: it goes away by itself in that time."""

    code: Code
    detail: str
    retry_after_s: int | None = None


Check = Callable[[UnitFacts], Finding | None]


def malformed_serial(facts: UnitFacts) -> Finding | None:
    return Finding(errors.SERIAL_MALFORMED, facts.serial_fault) if facts.serial_fault else None


def unknown_design(facts: UnitFacts) -> Finding | None:
    if facts.serial_fault or facts.definition is not None:
        return None
    return Finding(errors.DESIGN_UNKNOWN, facts.serial[3:6])


def unknown_serial(facts: UnitFacts) -> Finding | None:
    """A serial may be new only where its units begin."""
    if facts.is_known or facts.step is None or not facts.own_steps or facts.step.id == facts.own_steps[0].id:
        return None
    return Finding(errors.SERIAL_UNKNOWN, f"first operation: {facts.own_steps[0].operation}")


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


def not_in_sample(facts: UnitFacts) -> Finding | None:
    if facts.step is None or facts.is_next or any(step.id == facts.step.id for step in facts.own_steps):
        return None
    return Finding(entry_errors.NOT_IN_SAMPLE, f"every {facts.step.sample_every}th unit by its serial")


def already_done(facts: UnitFacts) -> Finding | None:
    """Passed, and nobody sent it back here."""
    visits = facts.visits_of(facts.step) if facts.step else facts.visits.get(facts.operation)
    if visits is None or visits.last_verdict != "PASS" or facts.is_next:
        return None
    return Finding(errors.ALREADY_DONE, f"{visits.count} visits")


def wrong_step(facts: UnitFacts) -> Finding | None:
    if facts.step is None or facts.is_next or not_in_sample(facts) or already_done(facts) or unknown_serial(facts):
        return None
    if facts.next_step is None:
        return Finding(errors.WRONG_STEP, "its route is finished") if facts.state == "COMPLETED" else None
    return Finding(errors.WRONG_STEP, f"next operation: {facts.next_step.operation}")


def _earlier(facts: UnitFacts) -> list[tuple[str, str]]:
    """Operations before this one with the verdict of their last visit, empty for none."""
    step = facts.step
    if step is None or not facts.is_known:
        return []
    earlier = [s for s in facts.own_steps if s.sequence < step.sequence and s.operation not in facts.accepted]
    return [(s.operation, visits.last_verdict if (visits := facts.visits_of(s)) else "") for s in earlier]


def earlier_missing(facts: UnitFacts) -> Finding | None:
    missing = [operation for operation, verdict in _earlier(facts) if not verdict]
    return Finding(errors.EARLIER_MISSING, ", ".join(missing)) if missing else None


def earlier_failed(facts: UnitFacts) -> Finding | None:
    failed = [operation for operation, verdict in _earlier(facts) if verdict == "FAIL"]
    return Finding(errors.EARLIER_FAILED, ", ".join(failed)) if failed else None


def held(facts: UnitFacts) -> Finding | None:
    holds = facts.holds_at(facts.step)
    return Finding(errors.HELD, "; ".join(f"hold {h.hold_id}: {h.reason}" for h in holds)) if holds else None


def scrapped(facts: UnitFacts) -> Finding | None:
    return Finding(errors.SCRAPPED, facts.serial) if facts.state == "SCRAPPED" else None


def consumed(facts: UnitFacts) -> Finding | None:
    return Finding(errors.CONSUMED, facts.serial) if facts.state == "CONSUMED" else None


def returned(facts: UnitFacts) -> Finding | None:
    return Finding(entry_errors.RETURNED, facts.serial) if facts.state == "RETURNED" else None


def away(facts: UnitFacts) -> Finding | None:
    return Finding(UNIT_AWAY, facts.serial) if facts.state == "SHIPPED" else None


def maximum_passes(facts: UnitFacts) -> Finding | None:
    """Failed visits count, so that a unit sent back from a later step may pass this one again."""
    step = facts.step
    visits = facts.visits_of(step) if step else None
    if step is None or visits is None or visits.last_verdict == "PASS":
        return None
    allowed = step.max_passes + facts.extra_passes
    return Finding(errors.MAX_PASSES, f"{visits.failed} of {allowed}") if visits.failed >= allowed else None


def wrong_recipe(facts: UnitFacts) -> Finding | None:
    """Only where the station names one; the answer tells it which to use in any case."""
    if facts.step is None or not facts.asked.recipe or facts.asked.recipe == facts.recipe:
        return None
    return Finding(entry_errors.WRONG_RECIPE, f"{facts.asked.recipe}; expected: {facts.recipe or 'none'}")


def grade_not_allowed(facts: UnitFacts) -> Finding | None:
    if facts.step is None or not facts.step.grades or facts.grade in facts.step.grades:
        return None
    allowed = ", ".join(sorted(facts.step.grades))
    return Finding(entry_errors.GRADE_NOT_ALLOWED, f"{facts.grade or 'no grade'}; allowed: {allowed}")


def _waits_from(facts: UnitFacts, step: Step) -> Step | None:
    """The step at whose end the waiting begins; where this unit does not do it, the one it did before it."""
    before = [s for s in facts.own_steps if s.sequence < step.sequence]
    if step.wait_from is not None:
        before = [s for s in before if s.sequence <= step.wait_from]
    return before[-1] if before else None


def _waited(facts: UnitFacts) -> tuple[Step, timedelta] | None:
    """The step asked for, and how long the unit has waited for it."""
    step = facts.step
    if step is None or (step.min_wait_s is None and step.max_wait_s is None):
        return None
    begin = _waits_from(facts, step)
    visits = facts.visits_of(begin) if begin else None
    return (step, facts.asked.at - visits.ended_at) if visits and visits.ended_at else None


def too_early(facts: UnitFacts) -> Finding | None:
    step, waited = _waited(facts) or (None, timedelta())
    if step is None or step.min_wait_s is None or waited >= timedelta(seconds=step.min_wait_s):
        return None
    left = timedelta(seconds=step.min_wait_s) - waited
    when = (facts.asked.at + left).isoformat(timespec="seconds")
    detail = f"{_seconds(waited)} of at least {step.min_wait_s} s; from {when} on"
    return Finding(entry_errors.TOO_EARLY, detail, math.ceil(left.total_seconds()))


def too_late(facts: UnitFacts) -> Finding | None:
    step, waited = _waited(facts) or (None, timedelta())
    if step is None or step.max_wait_s is None or waited <= timedelta(seconds=step.max_wait_s):
        return None
    return Finding(entry_errors.TOO_LATE, f"{_seconds(waited)} of at most {step.max_wait_s} s")


def _seconds(time: timedelta) -> str:
    return f"{time.total_seconds():.0f} s"


def _overdue(facts: UnitFacts, channel: str) -> str:
    """Gauges of the station (an empty channel) or of one channel that are out of calibration."""
    overdue = [g for g in facts.gauges if g.channel == channel and g.valid_until < facts.asked.at]
    return "; ".join(f"{g.code} until {g.valid_until.isoformat(timespec='seconds')}" for g in overdue)


def gauge_overdue(facts: UnitFacts) -> Finding | None:
    overdue = _overdue(facts, "")
    return Finding(entry_errors.GAUGE_OVERDUE, overdue) if overdue else None


def channel_overdue(facts: UnitFacts) -> Finding | None:
    overdue = _overdue(facts, facts.asked.channel) if facts.asked.channel else ""
    return Finding(entry_errors.CHANNEL_OVERDUE, f"{facts.asked.channel}: {overdue}") if overdue else None


def not_certified(facts: UnitFacts) -> Finding | None:
    if not facts.needs_certification:
        return None
    name = facts.asked.operator
    if not name:
        return Finding(entry_errors.OPERATOR_MISSING, facts.operation)
    if facts.operator is None:
        return Finding(entry_errors.OPERATOR_UNKNOWN, name)
    until = facts.operator.certified_until.get(facts.operation)
    if until is None:
        return Finding(entry_errors.NOT_CERTIFIED, f"{name}: {facts.operation}")
    if until < facts.asked.at:
        detail = f"{name}: {facts.operation} until {until.isoformat(timespec='seconds')}"
        return Finding(entry_errors.CERTIFICATION_EXPIRED, detail)
    return None


def not_in_production(facts: UnitFacts) -> Finding | None:
    return None if facts.mode == "PRODUCTION" else Finding(entry_errors.NOT_IN_PRODUCTION, facts.mode)


def _at_feed_points(facts: UnitFacts, is_wrong: Callable[[MountedFacts, Step], bool]) -> str:
    """Which of the lots at the feed points that this step takes from are wrong."""
    step = facts.step
    if step is None:
        return ""
    bill = frozenset(step.bill)
    here = (m for m in facts.mounted if m.material_id in bill or facts.feeds.get(m.feed_point, frozenset()) & bill)
    return "; ".join(f"{m.feed_point}: {_lot(m)}" for m in here if is_wrong(m, step))


def _lot(mounted: MountedFacts) -> str:
    return f"{mounted.material_code} {mounted.supplier} {mounted.number}"


def mounted_wrong(facts: UnitFacts) -> Finding | None:
    wrong = _at_feed_points(facts, lambda m, step: m.material_id not in step.bill)
    return Finding(entry_errors.MOUNTED_WRONG, wrong) if wrong else None


def mounted_expired(facts: UnitFacts) -> Finding | None:
    wrong = _at_feed_points(facts, lambda m, _: m.expires_at is not None and m.expires_at < facts.asked.at)
    return Finding(entry_errors.MOUNTED_EXPIRED, wrong) if wrong else None


def mounted_not_released(facts: UnitFacts) -> Finding | None:
    wrong = _at_feed_points(facts, lambda m, _: m.state != "RELEASED")
    return Finding(entry_errors.MOUNTED_NOT_RELEASED, wrong) if wrong else None


def not_contained(facts: UnitFacts) -> Finding | None:
    if facts.step is None or not facts.step.is_gate or not facts.not_contained:
        return None
    return Finding(entry_errors.NOT_CONTAINED, f"{facts.not_contained} records", CONTAINED_AFTER_S)


def sample_waiting(facts: UnitFacts) -> Finding | None:
    """From the operation on where the unit was said to wait for the sample's result."""
    step, codes = facts.step, []
    for sample in facts.samples:
        waits = facts.step_of(sample.waits_at)
        if waits is not None and step is not None and step.sequence >= waits.sequence:
            codes.append(sample.code)
    return Finding(entry_errors.SAMPLE_WAITING, ", ".join(codes)) if codes else None


def permit_elsewhere(facts: UnitFacts) -> Finding | None:
    return Finding(entry_errors.PERMIT_ELSEWHERE, facts.open_elsewhere) if facts.open_elsewhere else None


CHECKS: tuple[Check, ...] = (
    malformed_serial,
    unknown_design,
    unknown_serial,
    not_at_this_station,
    not_in_route,
    not_in_sample,
    already_done,
    wrong_step,
    earlier_missing,
    earlier_failed,
    held,
    scrapped,
    consumed,
    returned,
    away,
    maximum_passes,
    wrong_recipe,
    grade_not_allowed,
    too_early,
    too_late,
    gauge_overdue,
    channel_overdue,
    not_certified,
    not_in_production,
    mounted_wrong,
    mounted_expired,
    mounted_not_released,
    not_contained,
    sample_waiting,
    permit_elsewhere,
)


def check_entry(facts: UnitFacts) -> list[Finding]:
    """Every reason against it, not only the first. None: it may enter."""
    return [finding for check in CHECKS if (finding := check(facts)) is not None]


def codes(findings: Sequence[Finding]) -> list[str]:
    return [finding.code.code for finding in findings]


def retry_after_s(findings: Iterable[Finding]) -> int | None:
    """In how many seconds to ask again; None where a reason stays until somebody does something."""
    times = [finding.retry_after_s for finding in findings]
    known = [time for time in times if time is not None]
    return max(known) if known and len(known) == len(times) else None
