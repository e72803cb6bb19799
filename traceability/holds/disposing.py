"""Deciding what becomes of a nonconforming unit. Every decision is a row; records are never changed.

- Use as is: its holds end and the unit goes on past the failed operation; the record stays FAIL.
- Downgrade: the same with another grade.
- Rework: it begins again at an operation of its route that it has reached. Passes used stay counted; each rework
  decision grants the unit one more at every operation that it repeats.
- Scrap, return: the unit is out of the line; what it was built into is held.

Where two must decide, the first decision waits until another person confirms it; deciding otherwise meanwhile takes
its place.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from lines.errors import Refusal
from lines.events.models import EventKind
from lines.events.services import emit
from lines.models import OperationRecord, RouteStep
from lines.people.actors import acting
from lines.people.auth import may_dispose
from lines.people.models import Person
from lines.records.queries import visits_by_serial
from lines.records.services import refusing_when_locked
from traceability.holds import errors
from traceability.holds.asking import WrongField
from traceability.holds.models import Disposition, DispositionDecision, Hold, HoldUnit, Nonconformance
from traceability.holds.moves import Move, OwnStep, Standing, begin_again, leave, pass_over
from traceability.holds.placing import place_on_units
from traceability.interlock.facts import sequence_of, serial_fault
from traceability.units.models import Unit

LONGEST_REASON = 500
LONGEST_GRADE = 8
_REACHES_NOBODY = ("SCRAP", "RETURN")


@dataclass(frozen=True, slots=True)
class AskedDecision:
    """A decision as asked. `confirms`: the id of the one that waits; then the rest but the reason is as there."""

    disposition: str
    reason: str
    rework_to: str = ""
    grade: str = ""
    confirms: int | None = None


def decide(nonconformance_id: int, asked: AskedDecision, person: Person) -> DispositionDecision:
    """Store a decision and, unless it waits for a second person, carry it out.

    Raises Refusal: not allowed, unknown, closed, the same person again, or nothing that this unit can be; and BUSY.
    """
    if not may_dispose(person):
        raise Refusal(errors.DISPOSITION_NOT_YOURS, person.username)
    reason = asked.reason.strip()
    if not reason or len(reason) > LONGEST_REASON or not reason.replace("\r", "").replace("\n", " ").isprintable():
        raise WrongField("reason", errors.DECISION_REASON)
    with refusing_when_locked(str(nonconformance_id)), acting(f"person:{person.username}"):
        # The unit first, in the order of posts: they lock units, then open nonconformances.
        unit_id = Nonconformance.objects.filter(pk=nonconformance_id).values_list("unit_id", flat=True).first()
        if unit_id is None:
            raise Refusal(errors.NONCONFORMANCE_NOT_FOUND, str(nonconformance_id))
        unit = Unit.objects.select_for_update(no_key=True, of=("self",)).get(pk=unit_id)
        about = Nonconformance.objects.select_for_update(no_key=True, of=("self",)).select_related("record")
        found = about.get(pk=nonconformance_id)
        if found.closed_at is not None:
            raise Refusal(errors.ALREADY_DECIDED, found.closed_at.isoformat())
        decision = _read(found, asked, person, reason)
        move = _move(found, unit, decision)
        decision.save()
        if not found.needs_two_people or decision.confirms_id is not None:
            _carry_out(found, unit, decision, move)
    return decision


def waiting_decision(nonconformance: Nonconformance) -> DispositionDecision | None:
    """The newest decision of one that is open: it waits for a second person."""
    if nonconformance.closed_at is not None or not nonconformance.needs_two_people:
        return None
    return max(nonconformance.decisions.all(), key=lambda decision: decision.pk, default=None)


def _read(found: Nonconformance, asked: AskedDecision, person: Person, reason: str) -> DispositionDecision:
    now = timezone.now()
    if asked.confirms is not None:
        first = waiting_decision(found)
        if first is None or first.pk != asked.confirms:
            raise Refusal(errors.NOTHING_TO_CONFIRM, str(asked.confirms))
        if first.decided_by == person.username:
            raise Refusal(errors.SAME_PERSON, person.username)
        return DispositionDecision(
            nonconformance=found, disposition=first.disposition, rework_to=first.rework_to, grade=first.grade,
            reason=reason, decided_by=person.username, decided_at=now, confirms=first,
        )  # fmt: skip
    if asked.disposition not in Disposition.values:
        raise WrongField("disposition", errors.DISPOSITION_UNKNOWN, asked.disposition)
    grade = asked.grade.strip() if asked.disposition == Disposition.DOWNGRADE else ""
    if asked.disposition == Disposition.DOWNGRADE and not (1 <= len(grade) <= LONGEST_GRADE and grade.isprintable()):
        raise WrongField("grade", errors.GRADE_MISSING, grade)
    return DispositionDecision(
        nonconformance=found, disposition=asked.disposition, grade=grade, reason=reason, decided_by=person.username,
        rework_to=asked.rework_to if asked.disposition == Disposition.REWORK else "", decided_at=now,
    )  # fmt: skip


def standing(unit: Unit) -> Standing:
    """The unit with its own steps and what its visits to them said."""
    steps: list[OwnStep] = []
    if unit.route_id is not None and unit.definition_id is not None:
        fault = serial_fault(unit.serial)
        rows = RouteStep.objects.filter(route=unit.route_id, definition=unit.definition_id).order_by("sequence")
        for row in rows.select_related("operation").prefetch_related("alternatives"):
            is_sample = row.sample_every <= 1 or bool(fault) or sequence_of(unit.serial) % row.sample_every == 0
            if is_sample or row.pk == unit.next_step_id:
                others = tuple(operation.code for operation in row.alternatives.all())
                steps.append(
                    OwnStep(
                        row.pk, row.sequence, row.operation.code, others, row.repeat_in_rework, row.operation.is_test
                    )
                )
    return Standing(
        unit.state,
        unit.next_step_id,
        steps,
        visits_by_serial([unit.serial]).get(unit.serial, {}),
        tuple(unit.accepted),
        unit.last_test_passed,
    )


def _move(found: Nonconformance, unit: Unit, decision: DispositionDecision) -> Move:
    """Where the decision sends the unit. Raises Refusal where it cannot go there any more."""
    what, here = decision.disposition, standing(unit)
    _check_still_here(found, unit, what)
    if what == Disposition.SCRAP:
        return leave(here, "SCRAPPED")
    if what == Disposition.RETURN:
        return leave(here, "RETURNED")
    if what == Disposition.REWORK:
        move = begin_again(here, decision.rework_to)
        if move is None:
            reached = ", ".join(step.operation for step in here.reached)
            raise WrongField("rework_to", errors.REWORK_STEP, f"{decision.rework_to}; reached: {reached}")
        return move
    record = found.record
    later = OperationRecord.objects.filter(serial=unit.serial, attempt__gt=0)
    if record is None or later.filter(pk__gt=record.pk).exists():
        # It has been elsewhere since: only the holds end.
        return Move(unit.state, unit.next_step_id, here.accepted, here.last_test_passed)
    return pass_over(here, record.operation)


def _check_still_here(found: Nonconformance, unit: Unit, what: str) -> None:
    if unit.state in ("CONSUMED", "SHIPPED") and what in (Disposition.REWORK, Disposition.RETURN):
        raise Refusal(errors.UNIT_GONE, f"{unit.serial}: {unit.state}")
    if unit.state == "RETURNED" and what not in _REACHES_NOBODY:
        raise Refusal(errors.UNIT_GONE, f"{unit.serial}: {unit.state}")
    if unit.state == "SCRAPPED" and what != Disposition.SCRAP:
        # The interlock's own scrap may be decided otherwise, a person's may not.
        by_person = DispositionDecision.objects.filter(
            nonconformance__unit=unit, disposition=Disposition.SCRAP, nonconformance__closed_at__isnull=False
        )
        if by_person.exclude(nonconformance=found).exists():
            raise Refusal(errors.UNIT_GONE, f"{unit.serial}: {unit.state}")


def _carry_out(found: Nonconformance, unit: Unit, decision: DispositionDecision, move: Move) -> None:
    now, by = decision.decided_at, f"person:{decision.decided_by}"
    was_consumed, was = unit.state == "CONSUMED", unit.state
    _release(found, decision, by, now)
    unit.state, unit.next_step_id = move.state, move.next_step_id
    unit.accepted, unit.last_test_passed = list(move.accepted), move.last_test_passed
    unit.extra_passes += move.extra_passes
    unit.grade = decision.grade or unit.grade
    unit.updated_at = now
    unit.save(
        update_fields=[
            "state", "next_step", "accepted", "last_test_passed", "extra_passes", "grade", "updated_at",
        ]
    )  # fmt: skip
    if was_consumed and decision.disposition == Disposition.SCRAP:
        place_on_units([unit.pk], reason=f"Scrapped: {unit.serial}", by=by, now=now)
    found.closed_at = now
    found.save(update_fields=["closed_at"])
    if unit.state != was:
        emit(EventKind.UNIT, found.record.station.code if found.record else "", serial=unit.serial, state=unit.state)


def _release(found: Nonconformance, decision: DispositionDecision, by: str, now: datetime) -> None:
    """The holds of this nonconformance; others keep the unit as before."""
    reason = f"{decision.disposition}: {decision.reason}"[:LONGEST_REASON]
    holds = Hold.objects.filter(nonconformance=found, released_at=None)
    HoldUnit.objects.filter(hold__in=holds, released_at=None).update(
        released_at=now, released_by=by, release_reason=reason
    )
    holds.update(released_at=now, released_by=by, release_reason=reason)
