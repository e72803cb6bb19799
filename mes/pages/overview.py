"""The line at a glance, and its tiles again while it runs."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lines.events.queries import current_position
from mes.overview import queries


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    # Before the queries: what they do not see yet comes by the stream.
    position = current_position()
    return render(request, "mes/overview.html", {"overview": queries.overview(), "position": position})


@require_safe
def tiles(request: HttpRequest) -> HttpResponse:
    """The tiles of the stations asked for, and the strip: live.js puts each in its place by id."""
    codes = set(request.GET.get("stations", "").split(","))
    found = queries.overview()
    context = {"overview": found, "tiles": [tile for tile in found.tiles if tile.station.code in codes]}
    response = render(request, "mes/tiles.html", context)
    response["Cache-Control"] = "no-store"
    return response
