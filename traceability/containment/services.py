"""Answering signals: what lies behind one is held, with all that was made of it, in one transaction with its done row.

One signal at a time, as posts wait while its units are put under a hold. Signals that one reaction answers share a
hold, as long as nobody has released it. It takes in what the station makes until the station is verified, and ends when
the reaction is closed.
"""

import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from django.db import OperationalError
from django.db.models import Q, QuerySet
from django.utils import timezone

from lines.alarms.models import AlarmPriority
from lines.alarms.services import clear, raise_alarm
from lines.models import Alarm
from lines.people.actors import acting
from quality.charts import uncontained
from quality.charts.queries import CHART_SUBJECT
from quality.models import Signal, Uncontained
from quality.reactions.models import Reaction
from traceability.containment import errors
from traceability.containment.models import Containment
from traceability.containment.windows import window_behind
from traceability.holds.models import Hold
from traceability.holds.reach import Suspect
from traceability.holds.signalled import end_window, place_on_window, reach_back, release_worked

logger = logging.getLogger(__name__)

ACTOR = "task:containment"
NOT_CONTAINED = "CONTAINMENT-FAILED"
_AT_ONCE = 1


def contain(limit: int = _AT_ONCE) -> int:
    """Hold what lies behind every signal that asks for it, and let go what reactions are done with; how many signals
    were answered.

    Killed anywhere, the signals wait as before; two workers at once never take the same one.
    """
    done = 0
    aside: list[int] = []
    while True:
        claimed: list[int] = []
        try:
            with acting(ACTOR):
                claimed = uncontained.claim(limit, aside)
                _answer(claimed, timezone.now())
        except Exception as error:
            if not claimed:
                raise
            # They wait as before, and keep none of the others waiting.
            aside += claimed
            _tell_of(claimed, error)
            continue
        done += len(claimed)
        if len(claimed) < limit:
            break
    _clear_answered()
    follow_reactions()
    return done


def _tell_of(signal_ids: Sequence[int], error: Exception) -> None:
    """A system alarm for each plan, once; what is only locked is tried again in a second without one."""
    logger.error("%s: signals %s", errors.SIGNAL_NOT_CONTAINED.code, signal_ids, exc_info=error)
    if isinstance(error, OperationalError):
        return
    for signal in Signal.objects.filter(pk__in=signal_ids).select_related("plan__station"):
        plan = signal.plan
        with acting(ACTOR):
            if Alarm.objects.filter(code=NOT_CONTAINED, subject_id=plan.code, cleared_at=None).exists():
                continue
            raise_alarm(
                plan.station,
                NOT_CONTAINED,
                priority=AlarmPriority.HIGH,
                message_en=f"{plan.name_en}: the units behind a signal could not be held. Hold them by hand",
                message_ja=f"{plan.name_ja}: シグナルに関係するユニットを保留できません。手動で保留してください",
                subject_kind=CHART_SUBJECT,
                subject_id=plan.code,
                source_time=signal.raised_at,
            )


def _clear_answered() -> None:
    for alarm in Alarm.objects.filter(code=NOT_CONTAINED, cleared_at=None):
        if not Uncontained.objects.filter(signal__plan__code=alarm.subject_id).exists():
            with acting(ACTOR):
                clear(alarm.pk)


def follow_reactions() -> None:
    """End the windows of stations that are verified, and release what was held for reactions that are closed."""
    for reaction_id in _to_follow():
        try:
            with acting(ACTOR):
                _follow(Reaction.objects.select_related("cause", "action").get(pk=reaction_id), timezone.now())
        except Exception:
            logger.exception("%s: reaction %s", errors.HOLD_NOT_FOLLOWED.code, reaction_id)


def _follow(reaction: Reaction, now: datetime) -> None:
    holds = list(_holds_of(reaction))
    for hold in holds:
        if reaction.verified_at is not None:
            end_window(hold, reaction.verified_at, by=ACTOR, now=now)
    if reaction.closed_at is not None and reaction.cause and reaction.action:
        words = f"Reaction {reaction.pk}: {reaction.cause.name_en}. {reaction.action.name_en}. {reaction.note}"
        release_worked(holds, words[:500].strip(), by=reaction.closed_by, now=now)


def _to_follow() -> list[int]:
    """Reactions whose holds are behind them."""
    standing = Containment.objects.filter(hold__scope="SIGNAL", hold__released_at=None)
    verified = Q(hold__window_to=None, signal__answered_by__reaction__verified_at__isnull=False)
    closed = Q(signal__answered_by__reaction__closed_at__isnull=False)
    ids = standing.filter(verified | closed).values_list("signal__answered_by__reaction", flat=True)
    return sorted(set(ids))


def _answer(signal_ids: Sequence[int], now: datetime) -> None:
    rows = Signal.objects.filter(pk__in=signal_ids).order_by("pk")
    for signal in rows.select_related(
        "plan__characteristic", "plan__product", "plan__station", "limits", "point", "answered_by__reaction"
    ):
        found = window_behind(signal)
        hold = _hold_of_run(signal, found.window.of)
        n_units = reach_back(hold, found.window.begins, now) if hold is not None else None
        if n_units is None:
            reason = f"SPC {signal.plan.code}: rule {signal.rule} on {signal.chart} at point {signal.point.number}"
            placed = place_on_window(found.window, reason=reason, by=ACTOR, now=now)
            hold, n_units = placed.hold, placed.n_units
        change = found.behind.change
        Containment.objects.create(
            signal=signal,
            hold=hold,
            change_point=found.behind.changed_at,
            model=change.model if change else "",
            verified_from=found.behind.verified_from,
            n_units=n_units,
            contained_at=now,
        )


def _holds_of(reaction: Reaction) -> QuerySet[Hold]:
    mine = Containment.objects.filter(signal__answered_by__reaction=reaction)
    return Hold.objects.filter(pk__in=mine.values("hold"), scope="SIGNAL", released_at=None).order_by("pk")


def _hold_of_run(signal: Signal, of: Suspect) -> Hold | None:
    """The open hold of a signal that the same reaction answers, of units alike, where its window is still open."""
    answered = getattr(signal, "answered_by", None)
    if answered is None:
        return None
    return _holds_of(answered.reaction).filter(window_to=None, **asdict(of)).first()
