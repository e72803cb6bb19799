"""The tokens of one station, for the administrator."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_http_methods, require_POST

from lines.errors import Code, Refusal
from lines.people import errors
from lines.people.auth import may_issue_tokens
from lines.people.models import Person, StationToken
from lines.plant.models import Station
from lines.tokens import services
from lines.tokens.queries import TokenState, operations_of, station_by_code, tokens_of

# Which field of the form a refusal stands beside.
_FIELD = {
    errors.TOKEN_EXPIRY: "expires_on",
    errors.TOKEN_OPERATIONS: "operations",
    errors.TOKEN_CERTIFICATE: "certificate",
}


@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest, code: str) -> HttpResponse:
    """The list, and the form for a new one. The plain text of a new one stands in the answer to its form alone."""
    by, station = _administrator(request), _station(code)
    if request.method != "POST":
        return _page(request, station)
    try:
        made = services.make_token(
            station,
            by=by,
            expires_at=_end_of(request.POST.get("expires_on", "")),
            operations=request.POST.getlist("operations"),
            certificate=request.POST.get("certificate", "").strip(),
        )
    except Refusal as refusal:
        return _page(request, station, refused={_FIELD[refusal.code]: refusal.code}, status=refusal.code.status)
    return _page(request, station, made=made)


@require_POST
def rotate(request: HttpRequest, code: str, token_id: int) -> HttpResponse:
    by, station = _administrator(request), _station(code)
    try:
        return _page(request, station, made=services.rotate_token(station, token_id, by=by))
    except Refusal as refusal:
        return _page(request, station, refused={"list": refusal.code}, status=refusal.code.status)


@require_POST
def revoke(request: HttpRequest, code: str, token_id: int) -> HttpResponse:
    by, station = _administrator(request), _station(code)
    try:
        services.revoke_token(station, token_id, by=by)
    except Refusal as refusal:
        return _page(request, station, refused={"list": refusal.code}, status=refusal.code.status)
    return redirect("station-tokens", code)


def _page(
    request: HttpRequest,
    station: Station,
    *,
    made: tuple[StationToken, str] | None = None,
    refused: Mapping[str, Code] | None = None,
    status: int = 200,
) -> HttpResponse:
    listed = tokens_of(station)
    context: dict[str, Any] = {
        "station": station,
        "tokens": listed,
        "expiring": [each for each in listed if each.state == TokenState.EXPIRES_SOON],
        "operations": operations_of(station),
        "made": made[0] if made else None,
        "plain": made[1] if made else "",
        "refused": refused or {},
        "asked": request.POST if refused else {},
        "chosen": request.POST.getlist("operations") if refused else [],
        "tomorrow": timezone.localdate() + timedelta(days=1),
    }
    response = render(request, "lines/tokens.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


def _end_of(day: str) -> datetime | None:
    """The end of a day on the site's wall clock; None: nothing was given. Raises Refusal TOKEN_EXPIRY."""
    if not day:
        return None
    try:
        parsed = parse_date(day)
        if parsed is not None:
            return timezone.make_aware(datetime.combine(parsed, time.max))
    except (ValueError, OverflowError):
        pass
    raise Refusal(errors.TOKEN_EXPIRY, day[:40])


def _administrator(request: HttpRequest) -> str:
    person = cast(Person, request.user)  # LoginRequiredMiddleware let it pass
    if not may_issue_tokens(person):
        raise PermissionDenied
    return f"person:{person.username}"


def _station(code: str) -> Station:
    found = station_by_code(code)
    if found is None:
        raise Http404
    return found
