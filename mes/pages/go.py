"""/go/<kind>/<id>/: how a page of a lower app links to a page of an upper one without knowing it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_safe

from mes.station.queries import serial_of_record
from traceability.containment.queries import hold_of_signal

_PAGES = {
    "chart": "chart",
    "unit": "unit",
    "lot": "lot",
    "station": "station",
    "gap": "gap",
    "reaction": "reaction",
    "hold": "hold",
    "gauge-hold": "hold-judged",
}


@require_safe
def go(request: HttpRequest, kind: str, key: str) -> HttpResponse:  # noqa: ARG001 - a view's signature
    if kind == "contained":
        hold_id = hold_of_signal(key)
        if hold_id is None:
            raise Http404
        return redirect("hold", hold_id)
    if kind == "quarantine":
        return redirect("quarantine")
    if kind == "tray":
        return redirect(reverse("search", query={"q": key}))
    if kind == "record":
        serial = serial_of_record(key)
        if serial is None:
            raise Http404
        return redirect(reverse("unit", args=[serial], fragment=f"record-{key}"))
    try:
        return redirect(reverse(_PAGES[kind], args=[key]))
    except (KeyError, NoReverseMatch):
        raise Http404 from None
