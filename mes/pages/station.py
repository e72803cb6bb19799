"""One station: what it does now, what it made, how well we hear it."""

from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lines.events.queries import current_position
from lines.modes.queries import last_change
from lines.people.auth import may_change_mode, may_mount
from lines.people.models import Person
from lines.plant.models import Station
from mes.station import queries
from mes.station.trends import WINDOWS, station_trend


@require_safe
def station(request: HttpRequest, code: str) -> HttpResponse:
    position = current_position()
    view = queries.view(_station(code))
    # In a replay minutes pass in the blink of an eye: the chart begins with hours.
    context = {"view": view, "position": position, "windows": WINDOWS, "window_s": WINDOWS[2 if view.is_replay else 0]}
    return render(request, "mes/station.html", context | _feeds(request, view))


@require_safe
def parts(request: HttpRequest, code: str) -> HttpResponse:
    """The parts of the page that change; live.js puts each in its place by id."""
    view = queries.view(_station(code))
    response = render(request, "mes/station_parts.html", {"view": view} | _feeds(request, view))
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def trend(request: HttpRequest, code: str) -> HttpResponse:
    window = request.GET.get("window_s", "")
    window_s = int(window) if window in {str(each) for each in WINDOWS} else WINDOWS[0]
    response = JsonResponse(station_trend(_station(code), window_s))
    response["Cache-Control"] = "no-store"
    return response


def _feeds(request: HttpRequest, view: queries.StationView) -> dict[str, Any]:
    person = cast(Person, request.user)  # LoginRequiredMiddleware let it pass
    return {
        "station": view.station,
        "feeds": view.feeds,
        "may_mount": may_mount(person),
        "mode_change": last_change(view.station),
        "may_change_mode": may_change_mode(person),
    }


def _station(code: str) -> Station:
    found = queries.station_by_code(code)
    if found is None:
        raise Http404
    return found
