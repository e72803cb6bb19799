"""Refused posts: the list, one of them, and settling them."""

from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from lines.errors import Code, Refusal
from lines.models import Person
from lines.people.auth import may_read_refused_posts, may_settle_refused_posts
from traceability.refused import services
from traceability.refused.bodies import as_given
from traceability.refused.queries import (
    RefusedPost,
    Show,
    filters,
    listed,
    one_refused,
    refused_posts,
    serials_of,
    stored_since,
)

PAGE = 50


@require_safe
def refused(request: HttpRequest) -> HttpResponse:
    _reader(request)
    return _list(request, {})


@require_POST
def replay_chosen(request: HttpRequest) -> HttpResponse:
    """Those whose boxes are ticked, each by itself; answers the list with what came of each."""
    person = _reader(request)
    ids = [int(text) for text in request.POST.getlist("post") if _is_id(text)][:PAGE]
    return _list(request, {"tried": services.replay_all(ids, person)})


@require_safe
def refused_post(request: HttpRequest, post_id: int) -> HttpResponse:
    _reader(request)
    return _one(request, _found(post_id))


@require_POST
def replay(request: HttpRequest, post_id: int) -> HttpResponse:
    person, text = _reader(request), request.POST.get("body", "")
    before = _found(post_id)
    # Not edited: as it came, byte for byte, and not as it was indented for the page.
    body = as_given(text) if text and as_given(text) != as_given(before.body) else None
    try:
        services.replay(post_id, person, body)
    except Refusal as refusal:
        return _one(request, before, refused=refusal, text=text, place="replay")
    return redirect("refused-post", post_id)


@require_POST
def dismiss(request: HttpRequest, post_id: int) -> HttpResponse:
    person, note = _reader(request), request.POST.get("note", "")
    try:
        services.dismiss(post_id, person, note)
    except Refusal as refusal:
        return _one(request, _found(post_id), refused=refusal, note=note, place="dismiss")
    return redirect("refused-post", post_id)


def _list(request: HttpRequest, more: dict[str, Any]) -> HttpResponse:
    asked = request.GET.get("show", "")
    show = Show(asked) if asked in Show.values else Show.OPEN
    station, code = request.GET.get("station", ""), request.GET.get("code", "")
    page = Paginator(refused_posts(show, station, code), PAGE).get_page(request.GET.get("page"))
    stations, codes = filters()
    context = {
        "page": page,
        "posts": [listed(post) for post in page.object_list],
        "show": show.value,
        "tabs": Show.choices,
        "station": station,
        "code": code,
        "stations": stations,
        "codes": codes,
        "may_settle": may_settle_refused_posts(cast(Person, request.user)),
        **more,
    }
    return render(request, "traceability/refused.html", context)


def _one(
    request: HttpRequest, found: RefusedPost, *, refused: Refusal | None = None, text: str = "", note: str = "",
    place: str = "",
) -> HttpResponse:  # fmt: skip
    code: Code | None = refused.code if refused else None
    context = {
        "found": found,
        "post": found.post,
        "text": text or found.body,
        "note": note,
        "refused": code,
        "detail": refused.detail if refused else "",
        "place": place,
        "stored": stored_since(found.post) if found.is_replayable else None,
        "serials": serials_of(found.post.replayed_as) if found.post.replayed_as else [],
        "may_settle": may_settle_refused_posts(cast(Person, request.user)),
    }
    return render(request, "traceability/refused_post.html", context, status=code.status if code else 200)


def _found(post_id: int) -> RefusedPost:
    found = one_refused(post_id)
    if found is None:
        raise Http404
    return found


def _reader(request: HttpRequest) -> Person:
    person = cast(Person, request.user)  # LoginRequiredMiddleware let it pass
    if not may_read_refused_posts(person):
        raise PermissionDenied
    return person


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
