"""Reactions to signals: opened with the signal, worked by people against a clock, closed when the station is verified.

Decided here:
- Signals of one chart and stream belong to one reaction until its station is verified; what comes later is news.
- The clock stops when the last step is answered. One alarm for each plan tells of all its reactions that are late.
- The station is verified by so many points in control after the last signal (the plan says how many), or by a person.
- A cause that was found leaves the points of its signals out of capability and of the verdict on stability.
- Whoever closes a reaction acknowledges its alarm with it, where nobody has.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from lines.alarms.models import AlarmPriority
from lines.alarms.services import acknowledge, clear, raise_alarm
from lines.errors import Refusal
from lines.models import Alarm
from lines.people.actors import acting
from lines.people.auth import may_answer_reactions, may_close_reactions
from lines.people.models import Person
from lines.records.services import refusing_when_locked
from quality.charts.models import ChartPoint, Signal
from quality.plans.models import Response
from quality.reactions import errors
from quality.reactions.changes import verified_after
from quality.reactions.models import (
    CodeKind,
    Reaction,
    ReactionAnswer,
    ReactionCode,
    ReactionSignal,
    ReactionStep,
    Verification,
)

logger = logging.getLogger(__name__)

ACTOR = "task:reactions"
REACTION_SUBJECT = "reaction"
LONGEST_TEXT = 500
OVERDUE = "REACTION-OVERDUE"


def open_reactions(signals: Sequence[Signal]) -> None:
    """Open the reactions to new signals, or add the signals to those that are not verified yet.

    To be called for all new signals, in the transaction that stores them. Plans that only log have no reactions. Few
    statements whatever the number of signals, and some for each reaction that begins.
    """
    asked = [signal for signal in signals if signal.plan.response != Response.LOG]
    if not asked:
        return
    open_ones = Reaction.objects.select_for_update(no_key=True, of=("self",)).order_by("id")
    known = {
        (reaction.plan_id, reaction.stream): reaction
        for reaction in open_ones.filter(plan__in={signal.plan_id for signal in asked}, verified_at=None)
    }
    for signal in asked:
        key = signal.plan_id, signal.stream
        if key not in known:
            known[key] = _begin(signal)
    ReactionSignal.objects.bulk_create(
        [ReactionSignal(signal=signal, reaction=known[signal.plan_id, signal.stream]) for signal in asked],
        ignore_conflicts=True,
    )


def _begin(signal: Signal) -> Reaction:
    plan, now = signal.plan, timezone.now()
    reaction = Reaction.objects.create(
        plan=plan,
        stream=signal.stream,
        alarm_id=signal.alarm_id,
        opened_at=now,
        due_at=now + timedelta(minutes=plan.reaction_due_min),
    )
    steps = list(ReactionStep.objects.filter(plan=plan, is_active=True))
    steps = steps or list(ReactionStep.objects.filter(plan=None, is_active=True))
    ReactionAnswer.objects.bulk_create(
        [
            ReactionAnswer(reaction=reaction, sequence=n, text_en=step.name_en, text_ja=step.name_ja)
            for n, step in enumerate(steps, 1)
        ]
    )
    return reaction


def answer(reaction_id: int, sequence: int, text: str, person: Person) -> Reaction:
    """Answer one step. Raises Refusal: not allowed, no text, unknown, closed, answered before."""
    if not may_answer_reactions(person):
        raise Refusal(errors.REACTION_NOT_YOURS, person.username)
    text = checked(text)
    by, now = f"person:{person.username}", timezone.now()
    with refusing_when_locked(str(reaction_id)), acting(by):
        reaction = _open(reaction_id)
        step = reaction.answers.filter(sequence=sequence).first()
        if step is None:
            raise Refusal(errors.STEP_UNKNOWN, str(sequence))
        if step.answered_at is not None:
            raise Refusal(errors.STEP_ANSWERED, f"step {sequence}, {step.answered_at.isoformat()}")
        step.answer, step.answered_at, step.answered_by = text, now, by
        step.save(update_fields=["answer", "answered_at", "answered_by"])
        if not reaction.answers.filter(answered_at=None).exists():
            _stop_clock(reaction, now)
    return reaction


def verify(reaction_id: int, text: str, person: Person, *, is_passed: bool = True) -> Reaction:
    """A person looked at the station and found it good, or not. Counts from the chart's newest point on.

    Raises Refusal: not allowed, no text, unknown, closed, verified before.
    """
    if not may_answer_reactions(person):
        raise Refusal(errors.REACTION_NOT_YOURS, person.username)
    text = checked(text)
    by = f"person:{person.username}"
    with refusing_when_locked(str(reaction_id)), acting(by):
        reaction = _open(reaction_id)
        if reaction.verified_at is not None:
            raise Refusal(errors.ALREADY_VERIFIED, reaction.verified_at.isoformat())
        points = ChartPoint.objects.filter(plan=reaction.plan_id, stream=reaction.stream)
        newest = points.order_by("-source_time", "-number").first()
        _verified(reaction, newest.source_time if newest else timezone.now(), by, text, is_passed=is_passed)
    return reaction


def close(reaction_id: int, cause: str, action: str, note: str, person: Person) -> Reaction:
    """Close a reaction that is worked and whose station is verified, with cause and action.

    Raises Refusal: not allowed, unknown, closed before, steps open, not verified, cause or action unknown; and BUSY.
    """
    if not may_close_reactions(person):
        raise Refusal(errors.REACTION_NOT_YOURS, person.username)
    note = checked(note) if note.strip() else ""
    by, now = f"person:{person.username}", timezone.now()
    with refusing_when_locked(str(reaction_id)), acting(by):
        points = _lock_points(reaction_id)
        lock_alarms(reaction_id)
        reaction = _open(reaction_id)
        waiting = [str(step.sequence) for step in reaction.answers.filter(answered_at=None)]
        if waiting:
            raise Refusal(errors.REACTION_NOT_WORKED, ", ".join(waiting))
        if reaction.verified_at is None:
            raise Refusal(errors.STATION_NOT_VERIFIED)
        reaction.cause = _code(CodeKind.CAUSE, cause)
        reaction.action = _code(CodeKind.ACTION, action)
        reaction.note, reaction.closed_at, reaction.closed_by = note, now, by
        reaction.save(update_fields=["cause", "action", "note", "closed_at", "closed_by"])
        if reaction.worked_at is None:
            _stop_clock(reaction, now)  # a reaction without steps
        if not reaction.cause.is_false_alarm:
            # What had a cause of its own says nothing of the process without it: out of capability and its verdict.
            points.update(is_excluded=True)
        words = f"{reaction.cause.name}. {reaction.action.name}. {note}".strip()
        for alarm in _alarms_of(reaction):
            acknowledge(alarm.pk, person, words)
    return reaction


def _lock_points(reaction_id: int) -> QuerySet[ChartPoint]:
    """Those that its signals stand at. To be called before the alarms are locked, as by whoever judges a late point."""
    signals = Signal.objects.filter(answered_by__reaction=min(reaction_id, 2**62), superseded_at=None)
    points = ChartPoint.objects.filter(pk__in=signals.values("point"))
    list(points.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    return points


def lock_alarms(reaction_id: int) -> None:
    """To be called before the reaction's own row is locked, by whoever will acknowledge its alarms in the transaction:
    the evaluation of charts clears alarms and adds to reactions in this order."""
    alarms = Signal.objects.filter(answered_by__reaction=min(reaction_id, 2**62), alarm__acknowledged_at=None)
    rows = Alarm.objects.select_for_update(no_key=True).filter(pk__in=alarms.values("alarm"))
    list(rows.order_by("pk").values_list("pk", flat=True))


def watch() -> int:
    """What time and points do to reactions: stations verified, clocks run out. Returns how many it touched."""
    touched = _each(_waiting_for_points(), _verify_by_points)
    late = Reaction.objects.filter(closed_at=None, worked_at=None, overdue_alarm=None, due_at__lte=timezone.now())
    return touched + _each(list(late.order_by("pk").values_list("pk", flat=True)), _tell_late)


def _each(reaction_ids: Iterable[int], work: Callable[[Reaction], bool]) -> int:
    """Each in a transaction of its own: one that fails keeps none of the others waiting."""
    touched = 0
    for reaction_id in reaction_ids:
        try:
            with acting(ACTOR):
                reaction = _locked(reaction_id)
                touched += reaction is not None and work(reaction)
        except Exception:
            logger.exception("%s: reaction %s", errors.REACTION_NOT_WATCHED.code, reaction_id)
    return touched


def _verify_by_points(reaction: Reaction) -> bool:
    if reaction.verified_at is not None or reaction.closed_at is not None:
        return False
    point = _verified_by_points(reaction)
    if point is None:
        return False
    text = f"{reaction.plan.verify_points} points in control up to point {point.number}"
    _verified(reaction, point.source_time, ACTOR, text, is_passed=True)
    return True


def _tell_late(reaction: Reaction) -> bool:
    if reaction.worked_at is not None or reaction.overdue_alarm_id is not None:
        return False
    reaction.overdue_alarm = _late_alarm(reaction)
    reaction.save(update_fields=["overdue_alarm"])
    return True


def checked(text: str) -> str:
    """Raises Refusal REACTION_TEXT."""
    text = text.strip()
    if not text or len(text) > LONGEST_TEXT or not text.replace("\n", " ").replace("\r", " ").isprintable():
        raise Refusal(errors.REACTION_TEXT, f"{len(text)} characters")
    return text


def _open(reaction_id: int) -> Reaction:
    reaction = _locked(reaction_id)
    if reaction is None:
        raise Refusal(errors.REACTION_UNKNOWN, str(reaction_id))
    if reaction.closed_at is not None:
        raise Refusal(errors.REACTION_CLOSED, reaction.closed_at.isoformat())
    return reaction


def _locked(reaction_id: int) -> Reaction | None:
    rows = Reaction.objects.select_for_update(no_key=True, of=("self",)).select_related("plan__station")
    return rows.filter(pk=min(reaction_id, 2**62)).first()


def _code(kind: CodeKind, code: str) -> ReactionCode:
    found = ReactionCode.objects.filter(kind=kind, code=code, is_active=True).first()
    if found is None:
        raise Refusal(errors.CAUSE_OR_ACTION_UNKNOWN, f"{kind.lower()}: {code[:40]}")
    return found


def _stop_clock(reaction: Reaction, now: datetime) -> None:
    reaction.worked_at = now
    reaction.save(update_fields=["worked_at"])
    late = reaction.overdue_alarm_id
    if late is not None and not Reaction.objects.filter(overdue_alarm=late, worked_at=None).exists():
        clear(late)


def _verified(reaction: Reaction, at: datetime, by: str, text: str, *, is_passed: bool) -> None:
    Verification.objects.create(
        plan=reaction.plan, stream=reaction.stream, at=at, is_passed=is_passed, by=by, note=text, reaction=reaction
    )
    if is_passed:
        reaction.verified_at, reaction.verified_by, reaction.verification = at, by, text
        reaction.save(update_fields=["verified_at", "verified_by", "verification"])


def _waiting_for_points() -> list[int]:
    waiting = Reaction.objects.filter(verified_at=None, closed_at=None, plan__verify_points__gt=0)
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def _verified_by_points(reaction: Reaction) -> ChartPoint | None:
    signals = Signal.objects.filter(answered_by__reaction=reaction).select_related("point", "plan", "limits")
    last = signals.order_by("-point__source_time", "-point__number").first()
    return verified_after(reaction.plan, last) if last is not None else None


def _late_alarm(reaction: Reaction) -> Alarm:
    plan = reaction.plan
    another = Reaction.objects.filter(overdue_alarm=OuterRef("pk"), plan=plan)
    standing = Alarm.objects.filter(Exists(another), station=plan.station_id, code=OVERDUE, cleared_at=None).first()
    return standing or raise_alarm(
        plan.station,
        OVERDUE,
        priority=AlarmPriority.HIGH,
        message_en=f"{plan.name_en}: the reaction plan was not worked within {plan.reaction_due_min} min",
        message_ja=f"{plan.name_ja}: 異常時処置が{plan.reaction_due_min}分以内に完了していません",
        subject_kind=REACTION_SUBJECT,
        subject_id=str(reaction.pk),
        source_time=timezone.now(),
    )


def _alarms_of(reaction: Reaction) -> Iterable[Alarm]:
    """Its alarms that nobody acknowledged."""
    return Alarm.objects.filter(
        pk__in=Signal.objects.filter(answered_by__reaction=reaction, alarm__acknowledged_at=None).values("alarm")
    ).order_by("pk")
