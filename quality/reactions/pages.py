"""Reactions to signals: what waits and how long it has, and working one."""

from collections.abc import Callable
from typing import Any, cast

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from lines.errors import Refusal
from lines.people.auth import may_answer_reactions, may_close_reactions
from lines.people.models import Person
from quality.reactions import queries, services
from quality.reactions.models import CodeKind

PAGE = 50


@require_safe
def reactions(request: HttpRequest) -> HttpResponse:
    state = "closed" if request.GET.get("state") == "closed" else "open"
    station = request.GET.get("station", "")
    now = timezone.now()
    page = Paginator(queries.reactions(state, station=station), PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [(one, queries.left(one, now)) for one in page],
        "state": state,
        "station": station,
    }
    return render(request, "quality/reactions/list.html", context)


@require_safe
def reaction(request: HttpRequest, reaction_id: int) -> HttpResponse:
    return _shown(request, reaction_id)


@require_POST
def answer(request: HttpRequest, reaction_id: int) -> HttpResponse:
    sequence = request.POST.get("step", "")
    step = int(sequence) if sequence.isascii() and sequence.isdigit() and len(sequence) < 5 else 0
    return _done(
        request,
        reaction_id,
        f"step-{step}",
        lambda person: services.answer(reaction_id, step, request.POST.get("text", ""), person),
    )


@require_POST
def verify(request: HttpRequest, reaction_id: int) -> HttpResponse:
    is_passed = request.POST.get("passed", "1") == "1"
    return _done(
        request,
        reaction_id,
        "verification",
        lambda person: services.verify(reaction_id, request.POST.get("text", ""), person, is_passed=is_passed),
    )


@require_POST
def close(request: HttpRequest, reaction_id: int) -> HttpResponse:
    cause, action, note = (request.POST.get(name, "") for name in ("cause", "action", "note"))
    return _done(request, reaction_id, "close", lambda person: services.close(reaction_id, cause, action, note, person))


def _done(request: HttpRequest, reaction_id: int, field: str, work: Callable[[Person], object]) -> HttpResponse:
    try:
        work(_person(request))
    except Refusal as refusal:
        return _shown(request, reaction_id, refusal, field)
    return redirect("reaction", reaction_id)


def _shown(request: HttpRequest, reaction_id: int, refused: Refusal | None = None, field: str = "") -> HttpResponse:
    found = queries.one_reaction(reaction_id)
    if found is None:
        raise Http404
    person = _person(request)
    is_open = found.closed_at is None
    context: dict[str, Any] = {
        "reaction": found,
        "left": queries.left(found, timezone.now()),
        "steps": [(step, f"step-{step.sequence}") for step in found.answers.all()],
        "signals": queries.signals_of(found),
        "verifications": list(found.verifications.order_by("pk")),
        "may_answer": is_open and may_answer_reactions(person),
        "may_close": is_open and may_close_reactions(person),
        "causes": queries.codes(CodeKind.CAUSE),
        "actions": queries.codes(CodeKind.ACTION),
        "refused": refused,
        "field": field,
        "words": request.POST,
    }
    return render(request, "quality/reactions/reaction.html", context, status=refused.code.status if refused else 200)


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)  # LoginRequiredMiddleware let it pass
