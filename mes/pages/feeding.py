"""The scan box of a station's page: what people mount and take off."""

from typing import cast

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from lines.errors import Code, Refusal
from lines.models import Station
from lines.people.auth import may_mount
from lines.people.models import Person
from mes.station.feeds import feeds
from mes.station.queries import station_by_code
from traceability.feeding.services import mount_label, unmount


@require_POST
def mount(request: HttpRequest, code: str) -> HttpResponse:
    """Answers the section anew, with what was refused if it was; without script, the station's page."""
    station, person = _allowed(request, code)
    label, feed_point = request.POST.get("label", ""), request.POST.get("feed_point", "")
    try:
        mount_label(f"person:{person.username}", station, feed_point, label)
    except Refusal as refusal:
        return _section(request, station, refused=refusal.code, label=label, feed_point=feed_point)
    return _done(request, station)


@require_POST
def take_off(request: HttpRequest, code: str, feed_point: str) -> HttpResponse:
    station, person = _allowed(request, code)
    try:
        unmount(f"person:{person.username}", station.code, feed_point)
    except Refusal as refusal:
        return _section(request, station, refused=refusal.code)
    return _done(request, station)


def _allowed(request: HttpRequest, code: str) -> tuple[Station, Person]:
    person = cast(Person, request.user)  # LoginRequiredMiddleware let it pass
    if not may_mount(person):
        raise PermissionDenied
    station = station_by_code(code)
    if station is None:
        raise Http404
    return station, person


def _done(request: HttpRequest, station: Station) -> HttpResponse:
    return _section(request, station) if "HX-Request" in request.headers else redirect("station", station.code)


def _section(
    request: HttpRequest, station: Station, *, refused: Code | None = None, label: str = "", feed_point: str = ""
) -> HttpResponse:
    context = {
        "station": station,
        "feeds": feeds(station),
        "may_mount": True,
        "refused": refused,
        "label": label,
        "feed_point": feed_point,
    }
    if "HX-Request" in request.headers:
        # htmx puts only a successful answer in place; the form itself says what was refused.
        return render(request, "mes/station/feeds.html", context)
    return render(request, "mes/feeding.html", context, status=refused.status if refused else 200)
