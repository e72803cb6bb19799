"""The alarm list, and acknowledging from its rows."""

from collections.abc import Mapping
from typing import Any, cast

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from lines.alarms import services
from lines.alarms.queries import Show, one_alarm, shown
from lines.errors import Code, Refusal
from lines.events.queries import current_position
from lines.people.auth import may_acknowledge
from lines.people.models import Person

PAGE = 50


@require_safe
def alarms(request: HttpRequest) -> HttpResponse:
    position = current_position()
    return render(request, "lines/alarms.html", {**_listed(request), "position": position})


@require_safe
def alarms_parts(request: HttpRequest) -> HttpResponse:
    """The list again, for live.js."""
    response = render(request, "lines/alarms_parts.html", _listed(request))
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def acknowledge(request: HttpRequest, alarm_id: int) -> HttpResponse:
    """Answers the alarm's row anew, with what was refused if it was; without script, the list."""
    note = request.POST.get("note", "")
    refused: Code | None = None
    try:
        services.acknowledge(alarm_id, _person(request), note)
    except Refusal as error:
        refused = error.code
    if "HX-Request" not in request.headers and refused is None:
        return redirect("alarms")
    alarm = one_alarm(alarm_id)
    if alarm is None:
        raise Http404
    context = {"alarm": alarm, "may_acknowledge": may_acknowledge(_person(request)), "refused": refused, "note": note}
    if "HX-Request" not in request.headers:
        return render(request, "lines/alarm.html", context, status=refused.status if refused else 200)
    # htmx puts only a successful answer in place; the row itself says what was refused.
    return render(request, "lines/alarm_row.html", context)


def _listed(request: HttpRequest) -> Mapping[str, Any]:
    asked = request.GET.get("show", "")
    show = Show(asked) if asked in Show.values else Show.OPEN
    station = request.GET.get("station", "")
    return {
        "page": Paginator(shown(show, station), PAGE).get_page(request.GET.get("page")),
        "show": show.value,
        "tabs": Show.choices,
        "station": station,
        "may_acknowledge": may_acknowledge(_person(request)),
    }


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)  # LoginRequiredMiddleware let it pass
