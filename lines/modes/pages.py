"""Changing a station's mode from its page."""

from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from lines.errors import Code, Refusal
from lines.modes import services
from lines.modes.queries import last_change, station_by_code
from lines.people.auth import may_change_mode
from lines.people.models import Person


@require_POST
def mode(request: HttpRequest, code: str) -> HttpResponse:
    """Answers the panel anew, with what was refused if it was; without script, the station's page."""
    station = station_by_code(code)
    if station is None:
        raise Http404
    person = cast(Person, request.user)  # LoginRequiredMiddleware let it pass
    asked, reason = request.POST.get("mode", ""), request.POST.get("reason", "")
    refused: Code | None = None
    try:
        services.change_mode(station, person, asked, reason)
        station.refresh_from_db(fields=["mode"])
        reason = ""
    except Refusal as error:
        refused = error.code
    has_script = "HX-Request" in request.headers
    if refused is None and not has_script:
        return redirect("go", "station", station.code)
    context = {
        "station": station,
        "mode_change": last_change(station),
        "may_change_mode": may_change_mode(person),
        "refused": refused,
        "reason": reason,
    }
    if not has_script:
        return render(request, "lines/mode_page.html", context, status=refused.status if refused else 200)
    # htmx puts only a successful answer in place; the panel itself says what was refused.
    return render(request, "lines/mode.html", context)
