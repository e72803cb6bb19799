"""Entering results from a file: checked whole and shown first, stored when the person says so."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lines.errors import Refusal
from lines.spreadsheets import as_csv
from traceability.entry import errors, queries
from traceability.entry.checking import check_file
from traceability.entry.files import COLUMNS, decode
from traceability.entry.pages.unit import get_or_post, new_token, person_of, token_of
from traceability.entry.services import enter_file

MOST_BAD_SHOWN = 200


@get_or_post
def file(request: HttpRequest) -> HttpResponse:
    """Without `confirm` it only checks: each wrong line is named by its code, and nothing is stored."""
    person = person_of(request)
    context = {"tab": "file", "columns": COLUMNS, "may": queries.may_enter(person), "token": new_token()}
    if request.method != "POST":
        return render(request, "traceability/entry/file.html", context)
    try:
        if not queries.may_enter(person):
            raise Refusal(errors.NOT_YOURS_TO_ENTER, person.username)
        text = request.POST.get("text", "")
        if (uploaded := request.FILES.get("file")) is not None:
            text = decode(uploaded.read())
        checked = check_file(text, person)
    except Refusal as refusal:
        context["refused"] = refusal
        return render(request, "traceability/entry/file.html", context, status=refusal.code.status)
    context |= {"text": text, "checked": checked, "bad": checked.bad[:MOST_BAD_SHOWN], "n_bad": len(checked.bad)}
    if "confirm" not in request.POST or checked.bad:
        return render(request, "traceability/entry/file.html", context, status=422 if checked.bad else 200)
    entered = enter_file(person, checked.groups, token_of(request))
    context["entered"] = [
        (group, None, said) if isinstance(said, Refusal) else (group, said, None) for group, said in entered
    ]
    context["n_refused"] = sum(isinstance(said, Refusal) for _, said in entered)
    return render(request, "traceability/entry/file.html", context)


@require_safe
def template(request: HttpRequest) -> HttpResponse:
    """A file with the header; with ?place=STATION/OPERATION a line for each characteristic measured there."""
    place, _, operation = request.GET.get("place", "").partition("/")
    station = queries.station_by_code(place)
    at = station.code if station else ""
    columns = queries.columns(operation)
    rows = [["", operation, column.code, "", column.unit, "", "", "PASS", "", at, ""] for column in columns]
    response = HttpResponse(as_csv(COLUMNS, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="results.csv"'
    return response
