"""The tour page: one card for each thing worth seeing."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mes.tour import queries


@require_safe
def tour(request: HttpRequest) -> HttpResponse:
    return render(request, "mes/tour.html", {"tour": queries.tour()})
