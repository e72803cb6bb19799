"""How pages take a figure of an address, and answer with a drawing or a part that is never kept."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from quality.charts.looks import Spec


def figure_of(text: str, default: int, low: int, high: int) -> int:
    """Kept within bounds; anything that is no whole number is the default."""
    return min(max(int(text), low), high) if text.isascii() and text.isdigit() and len(text) < 12 else default


def asked_figure(request: HttpRequest, name: str, default: int, low: int, high: int) -> int:
    """Of the address."""
    return figure_of(request.GET.get(name, ""), default, low, high)


def drawing(spec: Spec) -> HttpResponse:
    return fresh(JsonResponse(spec, json_dumps_params={"allow_nan": False}))


def fresh(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
