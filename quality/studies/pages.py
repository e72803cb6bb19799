"""The page of a phase I study, and what is done on it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from lines.asked import site_time
from lines.errors import BAD_TIME, Refusal
from lines.people.auth import may_edit_plans
from lines.people.models import Person
from quality.plans.listing import one_plan
from quality.plans.models import ControlPlan
from quality.plans.pages import plan_context, spec_response
from quality.studies import services
from quality.studies.drawn import drawn
from quality.studies.models import LimitsStudy
from quality.studies.queries import Compared, compared, listed_points, named, one_study, warned


@require_POST
def new_study(request: HttpRequest, code: str) -> HttpResponse:
    """Answers the plan's page with what was refused, or goes to the new study."""
    plan, words = _plan(code), _words(request)
    try:
        made = services.make_study(
            code,
            _person(request),
            stream=words.get("stream", ""),
            since=_time(words.get("since", "")),
            until=_time(words.get("until", "")),
            sigma_method=words.get("sigma_method", ""),
        )
    except Refusal as refusal:
        context = plan_context(request, plan, refused=refusal, refused_at="study", asked=words)
        return render(request, "quality/plans/plan.html", context, status=refusal.code.status)
    return redirect("study", made.pk)


@require_POST
def enter(request: HttpRequest, code: str) -> HttpResponse:
    """Mean and sigma that a person knows from elsewhere."""
    plan, words = _plan(code), _words(request)
    try:
        services.enter_limits(
            code,
            _person(request),
            words.get("reason", ""),
            words=words,
            stream=words.get("stream", ""),
            valid_from=_time(words.get("valid_from", "")),
        )
    except Refusal as refusal:
        context = plan_context(request, plan, refused=refusal, refused_at="limits", asked=words)
        return render(request, "quality/plans/plan.html", context, status=refusal.code.status)
    return redirect("plan", code)


@require_safe
def study(request: HttpRequest, study_id: int) -> HttpResponse:
    return _page(request, study_id)


@require_safe
def study_spec(request: HttpRequest, study_id: int) -> HttpResponse:
    """`before`: as it was before points were left out."""
    found = _study(study_id)
    both = compared(found)
    shown = both.before if "before" in request.GET else both.after
    return spec_response(request, drawn(named(found.plan, found.stream), shown), height=420)


@require_POST
def points(request: HttpRequest, study_id: int) -> HttpResponse:
    """Leave points out, or take them in again."""
    places = [
        int(text) for text in request.POST.getlist("place") if text.isascii() and text.isdigit() and len(text) < 9
    ]
    typed = request.POST.get("places", "").replace(",", " ").split()
    places += [int(text) for text in typed if text.isascii() and text.isdigit() and len(text) < 9]
    if "again" in request.POST:
        return _done(request, study_id, lambda: services.take_in_again(study_id, _person(request), places))
    reason = request.POST.get("reason", "")
    return _done(request, study_id, lambda: services.leave_out(study_id, _person(request), places, reason))


@require_POST
def freeze(request: HttpRequest, study_id: int) -> HttpResponse:
    words = _words(request)

    def frozen() -> None:
        services.freeze(
            study_id,
            _person(request),
            words.get("reason", ""),
            valid_from=_time(words.get("valid_from", "")),
            despite_signals="despite" in words,
        )

    return _done(request, study_id, frozen)


@require_POST
def discard(request: HttpRequest, study_id: int) -> HttpResponse:
    return _done(request, study_id, lambda: services.discard(study_id, _person(request)))


def _time(text: str) -> datetime | None:
    """None where it is empty. Raises Refusal."""
    try:
        return site_time(text) if text else None
    except ValueError:
        raise Refusal(BAD_TIME, text[:40]) from None


def _done(request: HttpRequest, study_id: int, what: Callable[[], Any]) -> HttpResponse:
    _study(study_id)
    try:
        what()
    except Refusal as refusal:
        return _page(request, study_id, refusal)
    return redirect("study", study_id)


def _page(request: HttpRequest, study_id: int, refused: Refusal | None = None) -> HttpResponse:
    found = _study(study_id)
    both = compared(found)
    is_open = found.frozen_as is None and found.discarded_at is None
    context = {
        "study": found,
        "plan": found.plan,
        "both": both,
        "looks": _sides(both),
        "rows": listed_points(found, both),
        "warned": warned(both),
        "refused": refused,
        "asked": _words(request) if refused else {},
        "may_edit": may_edit_plans(_person(request)) and is_open,
        "is_open": is_open,
    }
    return render(request, "quality/studies/study.html", context, status=refused.code.status if refused else 200)


def _sides(both: Compared) -> Mapping[str, Any]:
    return {"before": both.before, "after": both.after if both.after is not both.before else None}


def _study(study_id: int) -> LimitsStudy:
    found = one_study(study_id) if study_id < 2**63 else None
    if found is None:
        raise Http404
    return found


def _plan(code: str) -> ControlPlan:
    found = one_plan(code)
    if found is None:
        raise Http404
    return found


def _words(request: HttpRequest) -> dict[str, str]:
    return {name: str(request.POST[name]).replace("\0", "") for name in request.POST if name != "csrfmiddlewaretoken"}


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)  # LoginRequiredMiddleware let it pass
