"""The alarm list."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def alarms(request: HttpRequest) -> HttpResponse:
    return render(request, "lines/alarms.html")
