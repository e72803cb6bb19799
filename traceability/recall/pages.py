"""Pages of recalls: what a suspect is in, confirming, and what was kept."""

from typing import Any, cast
from uuid import uuid4

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from lines.errors import Refusal
from lines.people.auth import may_hold
from lines.people.models import Person
from traceability.holds.listing import newest_lots, station_names
from traceability.naming import names
from traceability.recall import files, kept
from traceability.recall.asked import FIELDS, KINDS, AskedSuspect, from_form
from traceability.recall.choosing import choices
from traceability.recall.previewing import Answer, answer
from traceability.recall.services import confirm

PAGE = 50
MOST_LISTED = 50


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)  # LoginRequiredMiddleware let it pass


@require_http_methods(["GET", "HEAD", "POST"])
def recalls(request: HttpRequest) -> HttpResponse:
    """The form, the answer to what the address asks for, and its confirmation; only the last writes."""
    fields = request.POST or request.GET
    words = {name: " ".join(fields.getlist(name)) for name in (*FIELDS, "reason", "token") if name in fields}
    kind = words.get("kind", "")
    words["kind"] = kind = kind if kind in KINDS else KINDS[0]
    person = _person(request)
    refused: Refusal | None = None
    asked: AskedSuspect | None = None
    found: Answer | None = None
    try:
        if request.method == "POST" or any(words.get(name) for name in FIELDS - {"kind"}):
            asked = from_form(words)
        if request.method == "POST" and asked is not None:
            made = confirm(
                asked, person, words.get("token", ""), words.get("reason", ""),
                holds="drill" not in fields, expressly="expressly" in fields,
            )  # fmt: skip
            return redirect("recall", made.recall.pk)
    except Refusal as refusal:
        refused = refusal
    if asked is not None:
        try:
            found = answer(asked, after=_whole(request.GET.get("after", "")), n_units=PAGE, n_missing=MOST_LISTED)
        except Refusal as refusal:
            refused = refused or refusal
    context = {
        "words": words,
        "kind": kind,
        "kinds": KINDS,
        "choices": choices(kind),
        "known_lots": newest_lots() if kind == "LOT" else [],
        "stations": station_names() if kind == "STATION" else [],
        "refused": refused,
        "field": getattr(refused, "field", ""),
        "at_field": getattr(refused, "field", "") in FIELDS,
        "answer": found,
        "found": found.header if found else None,
        "names": names() if found else {},
        "token": str(uuid4()),
        "may_confirm": may_hold(person),
        "page": Paginator(kept.recalls(), PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "traceability/recall/recalls.html", context, status=refused.code.status if refused else 200)


@require_safe
def recall(request: HttpRequest, recall_id: int) -> HttpResponse:
    """One kept recall, as it was found then."""
    found = kept.recall_by_id(recall_id)
    skip = _whole(request.GET.get("skip", ""))
    try:
        header = kept.header(found)
        units, more = kept.some(found, "unit", skip, PAGE)
        missing, more_missing = kept.some(found, "missing", 0, MOST_LISTED)
    except Refusal as refusal:
        context: dict[str, Any] = {"recall": found, "refused": refusal}
        return render(request, "traceability/recall/recall.html", context, status=refusal.code.status)
    context = {
        "recall": found,
        "found": header,
        "units": units,
        "missing": missing,
        "more_missing": more_missing,
        "skip": skip,
        "next": skip + PAGE if more else 0,
        "before": max(skip - PAGE, 0) if skip else None,
        "names": names(),
        "formats": list(files.CONTENT_TYPES),
    }
    return render(request, "traceability/recall/recall.html", context)


@require_safe
def recall_file(request: HttpRequest, recall_id: int, kind: str) -> HttpResponse | StreamingHttpResponse:  # noqa: ARG001 - a view's signature
    found = kept.recall_by_id(recall_id)
    try:
        return files.response_of(found, kind, (get_language() or "en")[:2])
    except Refusal as refusal:
        if refusal.code.status == 404:
            raise
        return redirect("recall", recall_id)


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
