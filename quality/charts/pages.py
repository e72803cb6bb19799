"""The list of control charts, and the page of one."""

from dataclasses import replace

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from lines.events.queries import current_position
from lines.templatetags.denchi import unit
from quality.charts.drawn import chart_data
from quality.charts.queries import plan_by_code
from quality.charts.shown import chart_rows, chart_view, point_view
from quality.charts.specs import pair_spec
from quality.plans.models import ControlPlan

SPANS = (50, 100, 200)  # points on screen
NARROWEST, WIDEST, LOWEST, HIGHEST = 480, 2400, 320, 1000  # px


@require_safe
def charts(request: HttpRequest) -> HttpResponse:
    position = current_position()
    return render(request, "quality/charts.html", {"rows": chart_rows(), "position": position})


@require_safe
def charts_parts(request: HttpRequest) -> HttpResponse:
    """The rows again, for live.js to put in their places."""
    return _fresh(render(request, "quality/charts_parts.html", {"rows": chart_rows()}))


@require_safe
def chart(request: HttpRequest, code: str) -> HttpResponse:
    position = current_position()
    last_n = _number(request, "last", SPANS[1], SPANS[0], SPANS[-1])
    until = _number(request, "until", -1, 0, 2**31 - 1)
    view = chart_view(_plan(code))
    context = {
        "view": view,
        "position": position,
        "spans": SPANS,
        "last_n": last_n,
        "until": until if until >= 0 else None,
        "older": (until if until >= 0 else view.row.summary.points - 1) - last_n,
        "newer": min(until + last_n, view.row.summary.points - 1) if until >= 0 else None,
    }
    return render(request, "quality/chart.html", context)


@require_safe
def chart_parts(request: HttpRequest, code: str) -> HttpResponse:
    """What changes beside the drawing; the drawing itself asks for its spec."""
    return _fresh(render(request, "quality/chart_parts.html", {"view": chart_view(_plan(code))}))


@require_safe
def chart_spec(request: HttpRequest, code: str) -> HttpResponse:
    """The drawing as a Vega-Lite spec, in the reader's language and the size of the place it goes to."""
    until = _number(request, "until", -1, 0, 2**31 - 1)
    last_n = _number(request, "last", SPANS[1], 1, SPANS[-1])
    data = chart_data(_plan(code), last_n=last_n, until=until if until >= 0 else None)
    data = replace(data, unit=unit(data.unit))
    width = _number(request, "width", 1100, NARROWEST, WIDEST)
    height = _number(request, "height", 520, LOWEST, HIGHEST)
    spec = pair_spec(data, get_language() or "en", width=width, height=height)
    return _fresh(JsonResponse(spec, json_dumps_params={"allow_nan": False}))


@require_safe
def chart_point(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """What one point is made of."""
    plan = _plan(code)
    found = point_view(plan, number)
    if found is None:
        raise Http404
    return _fresh(render(request, "quality/_point.html", {"plan": plan, "shown": found}))


def _plan(code: str) -> ControlPlan:
    found = plan_by_code(code)
    if found is None:
        raise Http404
    return found


def _number(request: HttpRequest, name: str, default: int, low: int, high: int) -> int:
    """A figure of the address, kept within bounds; anything else is the default."""
    text = request.GET.get(name, "")
    return min(max(int(text), low), high) if text.isascii() and text.isdigit() and len(text) < 12 else default


def _fresh(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
