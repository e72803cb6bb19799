"""What a verdict means for the unit: where it goes next, and in which state. Pure."""

from dataclasses import dataclass

from traceability.interlock.facts import Step, UnitFacts


@dataclass(frozen=True, slots=True)
class Outcome:
    """`disposition` is CONTINUE, REWORK, SCRAP, HOLD or COMPLETE; `hold_reason` is empty where none is needed."""

    disposition: str
    state: str
    next_step: Step | None
    hold_reason: str


def decide(facts: UnitFacts, verdict: str, deviations: list[str]) -> Outcome:
    """The unit after a visit with this verdict.

    Only a visit to the step that was next moves the unit: after any other its place in the route is as before. With
    deviations it is held at its next step, unless it is out of the line anyway.
    """
    step = facts.step
    if step is None or not facts.is_next or facts.state in ("SCRAPPED", "CONSUMED", "RETURNED", "SHIPPED"):
        return Outcome("HOLD", facts.state, facts.next_step, _reason(deviations))
    if verdict == "PASS":
        after = step_after(facts, step)
        moved = Outcome("CONTINUE", "IN_PROCESS", after, "") if after else Outcome("COMPLETE", "COMPLETED", None, "")
    else:
        moved = _after_fail(facts, step)
    if deviations and moved.disposition != "SCRAP":
        return Outcome("HOLD", moved.state, moved.next_step, _reason(deviations))
    return moved


def step_after(facts: UnitFacts, step: Step) -> Step | None:
    """Where a unit that passed a step goes: not to samples it is none of, nor again to what one pass is enough for."""
    later = (s for s in facts.own_steps if s.sequence > step.sequence)
    return next((s for s in later if s.repeat_in_rework or not facts.passed_in_turn(s)), None)


def said_by_test(facts: UnitFacts, verdict: str, outcome: Outcome) -> str:
    """What the visit says about the unit's last test: PASS, FAIL, VOID (a pass counts no more) or nothing.

    A failed test stands until it is repeated. A pass is void once the unit goes back to before that test, unless one
    pass of it is enough.
    """
    step, after = facts.step, outcome.next_step
    if step is None:
        return ""
    if step.is_test:
        return verdict
    if after is None or not facts.is_next or after.sequence >= step.sequence:
        return ""
    again = (s for s in facts.own_steps if s.is_test and after.sequence <= s.sequence < step.sequence)
    is_again = any(s.repeat_in_rework or s.id == after.id or not facts.passed_in_turn(s) for s in again)
    return "VOID" if is_again else ""


def _after_fail(facts: UnitFacts, step: Step) -> Outcome:
    # Failed passes count, as at the entry: a unit sent back from a later step passes this one again.
    visits = facts.visits_of(step)
    failed = 1 + (visits.failed if visits else 0)
    allowed = step.max_passes + facts.extra_passes
    if failed < allowed:
        start = step.sequence if step.rework_from is None else step.rework_from
        back = next((s for s in facts.own_steps if s.sequence >= start), step)
        return Outcome("REWORK", "IN_PROCESS", back, "")
    if step.on_fail == "SCRAP":
        return Outcome("SCRAP", "SCRAPPED", None, "")
    return Outcome("HOLD", "IN_PROCESS", step, f"Failed {step.operation}, {failed} of {allowed} passes")


def _reason(deviations: list[str]) -> str:
    return f"Recorded, not conforming: {', '.join(deviations)}"[:200]
