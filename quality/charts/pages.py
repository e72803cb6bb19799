"""The list of control charts, the page of one, its capability, the wall, and what is behind the signals."""

from dataclasses import replace
from datetime import timedelta
from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from lines.errors import Refusal
from lines.events.queries import current_position
from lines.people.auth import may_note_changes
from lines.people.models import Person
from lines.templatetags.denchi import unit
from quality.charts.answering import asked_figure, drawing, fresh
from quality.charts.capable import capable
from quality.charts.drawn import chart_data
from quality.charts.histogram import Histogram, histogram_spec
from quality.charts.models import ChangeKind
from quality.charts.pareto import pareto_spec, paretos
from quality.charts.process_changes import note_by_person
from quality.charts.shown import chart_rows, chart_view, point_view, stream_to_show, wall_tiles
from quality.charts.specs import pair_spec
from quality.plans.listing import one_plan
from quality.plans.models import ControlPlan

SPANS = (50, 200, 1000)  # points on screen; 0 stands for all
USUAL = 200
CAPABILITY_SPANS = (50, 200, 1000)
NARROWEST, WIDEST, LOWEST, HIGHEST = 480, 2400, 320, 1000  # px
DAYS = (7, 30, 90)


@require_safe
def charts(request: HttpRequest) -> HttpResponse:
    position = current_position()
    return render(request, "quality/charts.html", {"rows": chart_rows(), "position": position})


@require_safe
def charts_parts(request: HttpRequest) -> HttpResponse:
    """The rows again, for live.js to put in their places."""
    return fresh(render(request, "quality/charts_parts.html", {"rows": chart_rows()}))


@require_safe
def wall(request: HttpRequest) -> HttpResponse:
    """The charts that need somebody most, for a screen on the wall that nobody touches."""
    position = current_position()
    return render(request, "quality/wall.html", {"tiles": wall_tiles(), "position": position})


@require_safe
def wall_parts(request: HttpRequest) -> HttpResponse:
    return fresh(render(request, "quality/_wall.html", {"tiles": wall_tiles(), "now": timezone.now()}))


@require_safe
def chart(request: HttpRequest, code: str) -> HttpResponse:
    return _chart_page(request, _plan(code))


def _chart_page(request: HttpRequest, plan: ControlPlan, refused: Refusal | None = None) -> HttpResponse:
    position = current_position()
    stream = stream_to_show(plan, _text(request, "stream"))
    last_n = _last(request)
    until = asked_figure(request, "until", -1, 0, 2**31 - 1)
    view = chart_view(plan, stream)
    newest = view.state.points - 1
    context = {
        "view": view,
        "stream": stream,
        "position": position,
        "spans": [*SPANS, 0],
        "last_n": last_n,
        "until": until if until >= 0 else None,
        "older": (until if until >= 0 else newest) - last_n if last_n else -1,
        "newer": min(until + last_n, newest) if until >= 0 else None,
        "may_note": may_note_changes(cast(Person, request.user)),
        "kinds": ChangeKind.values,
        "refused": refused,
        "written": request.POST,
    }
    return render(request, "quality/chart.html", context, status=refused.code.status if refused else 200)


@require_safe
def chart_parts(request: HttpRequest, code: str) -> HttpResponse:
    """What changes beside the drawing; the drawing itself asks for its spec."""
    plan = _plan(code)
    view = chart_view(plan, stream_to_show(plan, _text(request, "stream")))
    return fresh(render(request, "quality/chart_parts.html", {"view": view}))


@require_safe
def chart_spec(request: HttpRequest, code: str) -> HttpResponse:
    """The drawing as a Vega-Lite spec, in the reader's language and the size of the place it goes to."""
    plan = _plan(code)
    until = asked_figure(request, "until", -1, 0, 2**31 - 1)
    stream = stream_to_show(plan, _text(request, "stream"))
    width = asked_figure(request, "width", 1100, NARROWEST, WIDEST)
    height = asked_figure(request, "height", 520, LOWEST, HIGHEST)
    data = chart_data(plan, _last(request) or None, until if until >= 0 else None, stream=stream, at_most=width)
    data = replace(data, unit=unit(data.unit))
    return drawing(pair_spec(data, get_language() or "en", width=width, height=height))


@require_safe
def chart_point(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """What one point is made of."""
    plan = _plan(code)
    found = point_view(plan, number, _text(request, "stream"))
    if found is None:
        raise Http404
    return fresh(render(request, "quality/_point.html", {"plan": plan, "shown": found}))


@require_POST
def note_change(request: HttpRequest, code: str) -> HttpResponse:
    """A 4M change that somebody knows of."""
    plan = _plan(code)
    kind, at, text = (request.POST.get(name, "") for name in ("kind", "at", "text"))
    try:
        note_by_person(cast(Person, request.user), plan, kind, at, text)
    except Refusal as refused:
        return _chart_page(request, plan, refused)
    stream = request.POST.get("stream", "")
    return redirect(reverse("chart", args=[code]) + ("?" + urlencode({"stream": stream}) if stream else ""))


@require_safe
def capability(request: HttpRequest, code: str) -> HttpResponse:
    plan = _plan(code)
    stream = stream_to_show(plan, _text(request, "stream"))
    last_n = _last(request) or CAPABILITY_SPANS[-1]
    context = {
        "plan": plan,
        "stream": stream,
        "view": chart_view(plan, stream),
        "found": capable(plan, stream, last_n),
        "spans": CAPABILITY_SPANS,
        "last_n": last_n,
    }
    return render(request, "quality/capability.html", context)


@require_safe
def capability_spec(request: HttpRequest, code: str) -> HttpResponse:
    plan = _plan(code)
    found = capable(plan, stream_to_show(plan, _text(request, "stream")), _last(request) or CAPABILITY_SPANS[-1])
    if found is None:
        raise Http404
    figures = found.figures
    data = Histogram(
        plan.characteristic.name,
        unit(plan.characteristic.unit),
        found.values,
        figures.mean,
        figures.overall.sigma,
        found.spec,
    )
    width = asked_figure(request, "width", 700, NARROWEST, WIDEST)
    return drawing(histogram_spec(data, get_language() or "en", width=width, height=380))


@require_safe
def pareto(request: HttpRequest) -> HttpResponse:
    days = asked_figure(request, "days", DAYS[1], DAYS[0], DAYS[-1])
    found = paretos(timezone.now() - timedelta(days=days))
    return render(request, "quality/pareto.html", {"found": found, "days": days, "spans": DAYS})


@require_safe
def pareto_drawing(request: HttpRequest, what: str) -> HttpResponse:
    found = paretos(timezone.now() - timedelta(days=asked_figure(request, "days", DAYS[1], DAYS[0], DAYS[-1])))
    bars = {"causes": found.causes, "charts": found.charts, "rules": found.rules}.get(what)
    if bars is None:
        raise Http404
    width = asked_figure(request, "width", 560, 320, WIDEST)
    return drawing(pareto_spec(bars, get_language() or "en", of_signals=what == "rules", width=width))


def _plan(code: str) -> ControlPlan:
    found = one_plan(code)
    if found is None:
        raise Http404
    return found


def _text(request: HttpRequest, name: str) -> str:
    """Of the address, or of the form that was sent; what the database cannot hold is nothing."""
    return (request.GET.get(name) or request.POST.get(name) or "").replace("\0", "")[:48]


def _last(request: HttpRequest) -> int:
    """How many points; 0: all."""
    return asked_figure(request, "last", USUAL, 0, SPANS[-1])
