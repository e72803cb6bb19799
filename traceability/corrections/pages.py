"""Correcting a record: what is wrong, what followed from it, and only then the confirmation."""

from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from lines.errors import Refusal
from lines.people.models import Person
from traceability.corrections import queries
from traceability.corrections.asking import KINDS, from_form
from traceability.corrections.services import check_may, correct, try_correction


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)  # LoginRequiredMiddleware let it pass


@require_safe
def corrections(request: HttpRequest) -> HttpResponse:
    return render(request, "traceability/corrections/list.html", {"corrections": queries.newest()})


@require_safe
def correction(request: HttpRequest, correction_id: int) -> HttpResponse:
    found = queries.correction_by_id(correction_id)
    followed = queries.what_followed(found.record, queries.concerned(found))
    context = {"correction": found, "record": found.record, "followed": followed, "related": queries.made_with(found)}
    return render(request, "traceability/corrections/correction.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def correct_record(request: HttpRequest, record_id: int) -> HttpResponse:
    """The first sending shows what would change and what followed; the second one, with `confirm`, stores it."""
    try:
        check_may(_person(request))
    except Refusal as refusal:
        return render(request, "traceability/entry/refused.html", {"refused": refusal}, status=refusal.code.status)
    record = queries.record_by_id(record_id)
    words = {name: str(value) for name, value in (request.POST or request.GET).items()}
    kind = words.get("kind", "")
    context: dict[str, Any] = {
        "record": record,
        "kind": kind if kind in KINDS else KINDS[2],
        "words": words,
        "values": [each for each in queries.stood_values(record) if not each.is_derived],
        "links": queries.links_of(record),
    }
    others: list[str] = []
    if request.method == "POST":
        try:
            asked = from_form(words, record_id)
            if "confirm" in words:
                return redirect("correction", correct(_person(request), asked).pk)
            tried = try_correction(_person(request), asked)
            others = queries.concerned(tried)
            context["tried"] = tried
        except Refusal as refusal:
            context["refused"] = refusal
    context["followed"] = queries.what_followed(record, others)
    return render(
        request, "traceability/corrections/correct.html", context, status=422 if "refused" in context else 200
    )
