"""Answering signals: what lies behind one is held, with all that was made of it, in one transaction with its done row.

One signal at a time, as posts wait while its units are put under a hold. Signals that one reaction answers share a
hold, as long as nobody has released it. It takes in what the station makes until the station is verified, and ends when
the reaction is closed.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from lines.people.actors import acting
from quality.charts import uncontained
from quality.models import Signal
from quality.reactions.models import Reaction
from traceability.containment.models import Containment
from traceability.containment.windows import window_behind
from traceability.holds.models import Hold
from traceability.holds.reach import Suspect
from traceability.holds.signalled import end_window, place_on_window, reach_back, release_worked

ACTOR = "task:containment"
_AT_ONCE = 1


def contain(limit: int = _AT_ONCE) -> int:
    """Hold what lies behind every signal that asks for it, and let go what reactions are done with; how many signals
    were answered.

    Killed anywhere, the signals wait as before; two workers at once never take the same one.
    """
    done = 0
    while True:
        with acting(ACTOR):
            claimed = uncontained.claim(limit)
            _answer(claimed, timezone.now())
        done += len(claimed)
        if len(claimed) < limit:
            break
    follow_reactions()
    return done


def follow_reactions() -> None:
    """End the windows of stations that are verified, and release what was held for reactions that are closed."""
    for reaction_id in _to_follow():
        with acting(ACTOR):
            reaction = Reaction.objects.select_related("cause", "action").get(pk=reaction_id)
            now = timezone.now()
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
