"""Pages of holds and nonconformances, for supervisors and quality engineers."""

from typing import Any, cast
from uuid import uuid4

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lines.errors import Refusal
from lines.orders.serials import canonical
from lines.people.auth import may_dispose, may_hold
from lines.people.models import Person
from traceability.holds import listing
from traceability.holds.asking import BY_ITSELF, SCOPES, AskedHold, from_form
from traceability.holds.disposing import AskedDecision, decide, waiting_decision
from traceability.holds.errors import HOLD_NOT_FOUND, NONCONFORMANCE_NOT_FOUND
from traceability.holds.models import Disposition
from traceability.holds.placing import place_hold, release_hold
from traceability.holds.reach import Preview, preview, resolve

PAGE = 50
_TABS = ("placed", "nonconformance", "released")
_NONCONFORMANCE_TABS = ("open", "waiting", "closed")


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)  # LoginRequiredMiddleware let it pass


def _field(refused: Refusal | None) -> str:
    """The form's field that a refusal stands beside; empty: none."""
    return getattr(refused, "field", "")


def _page(rows: Any, request: HttpRequest) -> Any:
    return Paginator(rows, PAGE).get_page(request.GET.get("page"))


@require_safe
def holds(request: HttpRequest) -> HttpResponse:
    counts = listing.open_counts()
    show = request.GET.get("show", "")
    # Somebody who comes to see holds is shown some: those of nonconformances where nobody placed any.
    show = show if show in _TABS else next((tab for tab in _TABS if counts.get(tab)), _TABS[0])
    scope = request.GET.get("scope", "")
    scope = scope if scope in (*SCOPES, *BY_ITSELF) else ""
    of_nonconformances = None if show == "released" else show == "nonconformance"
    state = "released" if show == "released" else "open"
    found = listing.holds(state=state, scope=scope, of_nonconformances=of_nonconformances)
    context = {
        "page": _page(found, request),
        "show": show,
        "tabs": [(tab, counts.get(tab)) for tab in _TABS],
        "scope": scope,
        "scopes": (*SCOPES, *BY_ITSELF),
        "may_hold": may_hold(_person(request)),
    }
    return render(request, "traceability/holds/holds.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new_hold(request: HttpRequest) -> HttpResponse:
    """The form, the count of what would be held, and its confirmation; only the last writes."""
    words = {name: str(value) for name, value in (request.POST or request.GET).items()}
    scope = words.get("scope", "")
    words["scope"] = scope = scope if scope in SCOPES else "UNIT"
    person = _person(request)
    refused: Refusal | None = None
    counted: Preview | None = None
    asked: AskedHold | None = None
    if request.method == "POST" or "preview" in words:
        try:
            asked = from_form(words, needs_reason=True)
            if request.method == "POST":
                placed = place_hold(asked, person, words.get("token", ""))
                return redirect("hold", placed.hold.pk)
            counted = preview(resolve(asked))
        except Refusal as refusal:
            refused = refusal
    context = {
        "words": words,
        "scope": scope,
        "scopes": SCOPES,
        "refused": refused,
        "field": _field(refused),
        "preview": counted,
        "token": str(uuid4()),
        "stations": listing.station_names(),
        "known_lots": listing.newest_lots() if scope == "LOT" else [],
        "operations": listing.operation_names(),
        "may_hold": may_hold(person),
    }
    status = refused.code.status if refused else 200
    return render(request, "traceability/holds/new.html", context, status=status)


@require_safe
def hold(request: HttpRequest, hold_id: int) -> HttpResponse:
    return _hold(request, hold_id, None)


@require_POST
def release(request: HttpRequest, hold_id: int) -> HttpResponse:
    """The whole hold, or the units that are chosen."""
    chosen = request.POST.getlist("unit")
    is_whole = "whole" in request.POST
    try:
        release_hold(hold_id, _person(request), request.POST.get("reason", ""), None if is_whole else chosen)
    except Refusal as refusal:
        return _hold(request, hold_id, refusal)
    return redirect("hold", hold_id)


def _hold(request: HttpRequest, hold_id: int, refused: Refusal | None) -> HttpResponse:
    found = listing.one_hold(hold_id)
    if found is None:
        raise Refusal(HOLD_NOT_FOUND, str(hold_id))
    only_held = request.GET.get("show") != "all"
    context = {
        "hold": found,
        "kinds": listing.kinds(found),
        "signals": listing.signals_of(found),
        "only_held": only_held,
        "page": _page(listing.members(found, only_held=only_held), request),
        "may_release": may_hold(_person(request)) and found.released_at is None and found.nonconformance_id is None,
        "refused": refused,
        "chosen": request.POST.getlist("unit"),
        "reason": request.POST.get("reason", ""),
    }
    return render(request, "traceability/holds/hold.html", context, status=refused.code.status if refused else 200)


@require_safe
def nonconformances(request: HttpRequest) -> HttpResponse:
    show = request.GET.get("show", "")
    show = show if show in _NONCONFORMANCE_TABS else _NONCONFORMANCE_TABS[0]
    code, serial = request.GET.get("code", "").strip(), canonical(request.GET.get("serial", ""))
    page = _page(listing.nonconformances(state=show, code=code, serial=serial), request)
    context = {
        "page": page,
        "found": listing.with_words(page.object_list),
        "show": show,
        "tabs": _NONCONFORMANCE_TABS,
        "code": code,
        "serial": serial,
    }
    return render(request, "traceability/holds/nonconformances.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def nonconformance(request: HttpRequest, nonconformance_id: int) -> HttpResponse:
    """The record and its codes, what was decided, and deciding."""
    person = _person(request)
    words = request.POST
    refused: Refusal | None = None
    if request.method == "POST":
        confirms = words.get("confirms", "")
        asked = AskedDecision(
            disposition=words.get("disposition", ""),
            reason=words.get("reason", ""),
            rework_to=words.get("rework_to", ""),
            grade=words.get("grade", ""),
            confirms=int(confirms) if confirms.isascii() and confirms.isdigit() and len(confirms) < 19 else None,
        )
        try:
            decide(nonconformance_id, asked, person)
            return redirect("nonconformance", nonconformance_id)
        except Refusal as refusal:
            refused = refusal
    found = listing.one_nonconformance(nonconformance_id)
    if found is None:
        raise Refusal(NONCONFORMANCE_NOT_FOUND, str(nonconformance_id))
    waiting = waiting_decision(found)
    context = {
        "found": listing.with_words([found])[0],
        "decisions": found.decisions.all(),
        "open_holds": listing.holds_of(found),
        "reached": listing.reached(found) if found.closed_at is None else [],
        "dispositions": Disposition.values,
        "waiting": waiting,
        "is_own": waiting is not None and waiting.decided_by == person.username,
        "may_dispose": may_dispose(person),
        "refused": refused,
        "field": _field(refused),
        "words": words,
    }
    status = refused.code.status if refused else 200
    return render(request, "traceability/holds/nonconformance.html", context, status=status)
