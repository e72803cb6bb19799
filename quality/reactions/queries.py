"""Reactions as pages and the API show them."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from lines.asked import number
from lines.errors import WRONG_PARAMETER, Refusal
from quality.charts.models import Signal
from quality.reactions import errors
from quality.reactions.models import CodeKind, Reaction, ReactionCode, ReactionSignal

STATES = ("open", "closed")
MOST = 500
_FOREVER = 2**62  # no id is larger


def reactions(state: str = "", plan: str = "", station: str = "") -> QuerySet[Reaction]:
    """Open ones by when they are due, the others newest first; each filter left empty takes all."""
    # Whoever waits for reactions asks again and again, and mostly there are none: what belongs to them is fetched for
    # those that are found, as joining and counting it all takes the database long to plan.
    signals = ReactionSignal.objects.filter(reaction=OuterRef("pk")).order_by().values("reaction")
    found = Reaction.objects.annotate(
        n_signals=Coalesce(Subquery(signals.annotate(n=Count("*")).values("n")), 0)
    ).prefetch_related("plan__station", "plan__product", "plan__characteristic", "cause", "action", "answers")
    if state:
        found = found.filter(closed_at__isnull=state == "open")
    if plan:
        found = found.filter(plan__code=plan)
    if station:
        found = found.filter(plan__station__code=station)
    return found.order_by(F("worked_at").asc(nulls_first=True), "due_at") if state == "open" else found.order_by("-pk")


def one_reaction(reaction_id: int) -> Reaction | None:
    return reactions().filter(pk=min(reaction_id, _FOREVER)).first()


def signals_of(reaction: Reaction) -> list[Signal]:
    """In order of time."""
    found = Signal.objects.filter(answered_by__reaction=reaction).select_related("point", "plan", "alarm")
    return list(found.order_by("point__source_time", "point__number", "chart", "rule"))


def codes(kind: CodeKind) -> list[ReactionCode]:
    return list(ReactionCode.objects.filter(kind=kind, is_active=True).order_by("-is_false_alarm", "group", "code"))


def left(reaction: Reaction, now: datetime) -> timedelta:
    """Until it is due; negative: it is late. Of one that is worked: how much was left then."""
    return reaction.due_at - (reaction.worked_at or now)


def list_reactions(state: str, plan: str, limit: str, before: str) -> dict[str, Any]:
    """Newest first. Raises Refusal WRONG_PARAMETER."""
    if state and state not in STATES:
        raise Refusal(WRONG_PARAMETER, f"state: one of {', '.join(STATES)}")
    n = number("limit", limit or "100", most=MOST)
    found = reactions(state, plan).order_by("-pk")
    if before:
        found = found.filter(pk__lt=number("before", before, most=_FOREVER))
    rows = list(found[: n + 1])
    items = [reaction_row(row) for row in rows[:n]]
    return {"items": items, "before": items[-1]["reaction"] if len(rows) > n else None}


def show_reaction(reaction_id: int) -> dict[str, Any]:
    """Raises Refusal REACTION_UNKNOWN."""
    reaction = one_reaction(reaction_id)
    if reaction is None:
        raise Refusal(errors.REACTION_UNKNOWN, str(reaction_id))
    return reaction_row(reaction)


def reaction_row(reaction: Reaction) -> dict[str, Any]:
    """One of `reactions()`."""
    return {
        "reaction": reaction.pk,
        "plan": reaction.plan.code,
        "station": reaction.plan.station.code,
        "stream": reaction.stream or None,
        "n_signals": getattr(reaction, "n_signals"),  # noqa: B009 - annotated
        "opened_at": reaction.opened_at.isoformat(),
        "due_at": reaction.due_at.isoformat(),
        "worked_at": _iso(reaction.worked_at),
        "verified_at": _iso(reaction.verified_at),
        "verified_by": reaction.verified_by or None,
        "verification": reaction.verification or None,
        "cause": reaction.cause.code if reaction.cause else None,
        "action": reaction.action.code if reaction.action else None,
        "note": reaction.note or None,
        "closed_at": _iso(reaction.closed_at),
        "closed_by": reaction.closed_by or None,
        "steps": [
            {
                "step": step.sequence,
                "text_en": step.text_en,
                "text_ja": step.text_ja,
                "answer": step.answer or None,
                "answered_at": _iso(step.answered_at),
                "answered_by": step.answered_by or None,
            }
            for step in reaction.answers.all()
        ],
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
