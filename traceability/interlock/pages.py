"""What the interlock answered: the newest verdicts of all stations, and one with its facts."""

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lines.events.queries import current_position
from traceability.interlock.verdicts import Show, listed, shown_verdict, station_codes


@require_safe
def interlock(request: HttpRequest) -> HttpResponse:
    position = current_position()
    context = {**_listed(request), "position": position, "stations": station_codes()}
    return render(request, "traceability/interlock/verdicts.html", context)


@require_safe
def interlock_parts(request: HttpRequest) -> HttpResponse:
    """The list again, for live.js."""
    response = render(request, "traceability/interlock/_list.html", _listed(request))
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def verdict(request: HttpRequest, permit_id: int) -> HttpResponse:
    found = shown_verdict(permit_id)
    if found is None:
        raise Http404
    return render(request, "traceability/interlock/verdict.html", {"row": found})


def _listed(request: HttpRequest) -> Mapping[str, Any]:
    asked = request.GET.get("show", "")
    show = Show(asked) if asked in Show.values else Show.ALL
    station, serial, before = (request.GET.get(name, "").strip() for name in ("station", "serial", "before"))
    return {
        "page": listed(show, station, serial, before),
        "show": show.value,
        "tabs": Show.choices,
        "station": station,
        "serial": serial,
        "before": before,
    }
