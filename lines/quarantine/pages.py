"""Telemetry that could not be stored: the list, one batch, and settling it."""

from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from lines.errors import Refusal
from lines.people.auth import may_read_refused_posts, may_settle_quarantine
from lines.people.models import Person
from lines.quarantine import services
from lines.quarantine.queries import SHOWN_ROWS, Show, gateways, one_quarantined, quarantined

PAGE = 50


@require_safe
def quarantine(request: HttpRequest) -> HttpResponse:
    _reader(request)
    asked = request.GET.get("show", "")
    show = Show(asked) if asked in Show.values else Show.OPEN
    context = {
        "page": Paginator(quarantined(show), PAGE).get_page(request.GET.get("page")),
        "show": show.value,
        "tabs": Show.choices,
        "gateways": gateways(),
    }
    return render(request, "lines/quarantine.html", context)


@require_safe
def batch(request: HttpRequest, batch_id: int) -> HttpResponse:
    _reader(request)
    return _one(request, batch_id, {})


@require_POST
def try_again(request: HttpRequest, batch_id: int) -> HttpResponse:
    person = _reader(request)
    try:
        services.try_again(batch_id, person)
    except Refusal as refusal:
        return _one(request, batch_id, {"refused": refusal.code, "detail": refusal.detail})
    return redirect("quarantined-batch", batch_id)


@require_POST
def discard(request: HttpRequest, batch_id: int) -> HttpResponse:
    person, note = _reader(request), request.POST.get("note", "")
    try:
        services.discard(batch_id, person, note)
    except Refusal as refusal:
        return _one(request, batch_id, {"refused": refusal.code, "detail": refusal.detail, "note": note})
    return redirect("quarantined-batch", batch_id)


def _one(request: HttpRequest, batch_id: int, more: dict[str, Any]) -> HttpResponse:
    found = one_quarantined(batch_id)
    if found is None:
        raise Http404
    person = cast(Person, request.user)
    context = {
        "found": found,
        "batch": found.batch,
        "shown_rows": SHOWN_ROWS,
        "may_settle": may_settle_quarantine(person),
        **more,
    }
    status = more["refused"].status if "refused" in more else 200
    return render(request, "lines/quarantined_batch.html", context, status=status)


def _reader(request: HttpRequest) -> Person:
    person = cast(Person, request.user)  # LoginRequiredMiddleware let it pass
    if not may_read_refused_posts(person):
        raise PermissionDenied
    return person
