"""The line at a glance, and its tiles again while it runs."""

import time
from dataclasses import dataclass
from threading import Lock

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from lines.events.queries import Position, current_position
from mes.overview import queries


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    # Before the queries: what they do not see yet comes by the stream.
    position = current_position()
    return render(request, "mes/overview.html", {"overview": queries.overview(), "position": position})


@require_safe
def tiles(request: HttpRequest) -> HttpResponse:
    """The tiles of the stations asked for, and the strip: live.js puts each in its place by id.

    `seen` is the position of the newest event the screen knows of; the answer is never older than that.
    """
    try:
        seen = Position.parse(request.GET.get("seen", ""))
    except ValueError:
        return HttpResponseBadRequest()
    drawing = _drawn(get_language() or "en", seen)
    asked = request.GET.get("stations", "").split(",")
    parts = [drawing.tiles[code] for code in asked if code in drawing.tiles]
    response = HttpResponse("".join([*parts, drawing.rest]))
    response["Cache-Control"] = "no-store"
    return response


@dataclass(frozen=True)
class _Drawing:
    """The whole line drawn once for all screens: the tiles are the same for everybody."""

    position: Position
    drawn_at: float
    tiles: dict[str, str]
    rest: str


# A tile counts its age from when it is placed, so a drawing must be young as well as new enough.
_YOUNG_S = 1.0
_drawings: dict[str, _Drawing] = {}
_one_at_a_time = Lock()


def _drawn(language: str, seen: Position) -> _Drawing:
    """The last drawing where it is new enough, or a new one; fifty screens that hear one event cost one drawing."""
    with _one_at_a_time:
        last = _drawings.get(language)
        if last is not None and last.position > seen and time.monotonic() - last.drawn_at < _YOUNG_S:
            return last
        position, drawn_at = current_position(), time.monotonic()
        found = queries.overview()
        drawing = _Drawing(
            position,
            drawn_at,
            {tile.station.code: render_to_string("mes/tile.html", {"tile": tile}) for tile in found.tiles},
            render_to_string("mes/tiles_rest.html", {"overview": found}),
        )
        _drawings[language] = drawing
        return drawing
