"""One station: what it does now, what it made, how well we hear it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def station(request: HttpRequest, code: str) -> HttpResponse:
    return render(request, "mes/station.html", {"code": code})
