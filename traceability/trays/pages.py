"""A tray as it lies there, and what lay in it before."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lines.errors import Refusal
from traceability.genealogy.errors import NOWHERE_PLACED
from traceability.trays.drawing import draw


@require_safe
def tray(request: HttpRequest, tray: str) -> HttpResponse:
    drawn = draw(tray)
    if drawn is None:
        raise Refusal(NOWHERE_PLACED, tray)
    return render(request, "traceability/trays/tray.html", {"tray": drawn})
