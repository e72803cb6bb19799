"""Common causes on pages: the question, the list of analyses, and what was found."""

import re
from datetime import datetime
from typing import Any, cast

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lines.errors import Refusal
from lines.people.models import Person
from lines.people.roles import may_analyse
from traceability.causes import services
from traceability.causes.asked import WITHIN, AskedAnalysis, read_asked
from traceability.causes.errors import WRONG_SPAN
from traceability.causes.models import AnalysisState, CauseAnalysis
from traceability.causes.onward import with_links
from traceability.causes.queries import analysis_by_id, choices, newest_analyses
from traceability.codes import described
from traceability.naming import names

PAGE = 25
SHOWN = 15
GOING_ON = (AnalysisState.QUEUED, AnalysisState.RUNNING)
_SEPARATORS = re.compile(r"[\s,;、，；]+")


@require_http_methods(["GET", "HEAD", "POST"])
def causes(request: HttpRequest) -> HttpResponse:
    """The question with its form, which an address may fill in, and the analyses that were made."""
    person = _person(request)
    refused: Refusal | None = None
    fields = request.POST if request.method == "POST" else request.GET
    if request.method == "POST":
        try:
            return redirect("cause-analysis", services.ask(_asked(fields), person).pk)
        except Refusal as refusal:
            refused = refusal
    page = Paginator(newest_analyses(), PAGE).get_page(request.GET.get("page"))
    context = {
        **choices(),
        "words": {"within": WITHIN[0], **fields.dict()},
        "by": "span" if fields.get("operation") and not fields.get("serials") else "serials",
        "withins": WITHIN,
        "refused": refused,
        "page": page,
        "may_analyse": may_analyse(person),
    }
    status = refused.code.status if refused else 200
    return render(request, "traceability/causes/causes.html", context, status=status)


@require_safe
def analysis(request: HttpRequest, analysis_id: int) -> HttpResponse:
    return render(request, "traceability/causes/analysis.html", _one(request, analysis_by_id(analysis_id)))


@require_safe
def analysis_parts(request: HttpRequest, analysis_id: int) -> HttpResponse:
    """What is shown while it is made, asked for again each second."""
    found = analysis_by_id(analysis_id)
    response = render(request, "traceability/causes/_analysis.html", _one(request, found))
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def cancel(request: HttpRequest, analysis_id: int) -> HttpResponse:
    try:
        services.cancel(analysis_id, _person(request))
    except Refusal as refusal:
        context = {**_one(request, analysis_by_id(analysis_id)), "refused": refusal}
        return render(request, "traceability/causes/analysis.html", context, status=refusal.code.status)
    return redirect("cause-analysis", analysis_id)


def _asked(fields: QueryDict) -> AskedAnalysis:
    """Raises Refusal."""
    words: dict[str, Any] = {name: fields.get(name, "") for name in ("operation", "definition", "reason", "within")}
    words |= {name: _local(fields, name) for name in ("since", "until")}
    words |= {name: [text for text in _SEPARATORS.split(fields.get(name, "")) if text] for name in ("serials", "good")}
    return read_asked(words)


def _local(fields: QueryDict, name: str) -> str | None:
    """By the site's clock."""
    text = fields.get(name, "").strip()
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(WRONG_SPAN, f"{name}: a date and time") from None
    return (at if at.tzinfo else at.replace(tzinfo=timezone.get_default_timezone())).isoformat()


def _one(request: HttpRequest, found: CauseAnalysis) -> dict[str, Any]:
    person = _person(request)
    result = found.result or {}
    factors = with_links(result)
    compared = result.get("compared")
    return {
        "analysis": found,
        "asked": read_asked(found.asked),
        "compared": compared,
        "since": datetime.fromisoformat(compared["since"]) if compared else None,
        "until": datetime.fromisoformat(compared["until"]) if compared else None,
        "result": result,
        "first": [factor for factor in factors if factor["rank"] == 1 and factor["is_finding"]],
        "names": names() if factors else {},
        "factors": factors if "all" in request.GET else factors[:SHOWN],
        "n_factors": len(factors),
        "why": described(found.code) if found.code else None,
        "is_going_on": found.state in GOING_ON,
        "may_cancel": services.may_cancel(found, person),
    }


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)  # LoginRequiredMiddleware let it pass
