"""The wide table of units on a page: what to have, how many, the first rows, and the files."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from lines.errors import Refusal
from traceability.wide.asked import FILES, AskedTable, read_table
from traceability.wide.columns import columns_of, kinds
from traceability.wide.files import CONTENT_TYPES
from traceability.wide.queries import FACTS, rows_of
from traceability.wide.selecting import MOST_UNITS, file_pieces, table

SHOWN = 25
_FIELDS = ("definition", "since", "until", "serial_from", "serial_to")


@require_safe
def wide(request: HttpRequest) -> HttpResponse:
    context: dict[str, Any] = {
        "kinds": kinds(),
        "words": {name: request.GET.get(name, "") for name in _FIELDS},
        "facts": FACTS,
        "most_units": MOST_UNITS,
        "file_kinds": FILES,
        "address": request.GET.urlencode(),
    }
    refused: Refusal | None = None
    if request.GET.get("definition"):
        try:
            found = table(_asked(request))
            names = {column.name for column in found.columns}
            context |= {
                "found": found,
                "columns": [(each, each.name in names) for each in columns_of(found.definition)],
                "is_all": not found.asked.columns,
                "rows": [row for _id, row in rows_of(found.asked, found.definition, found.columns, most=SHOWN)],
            }
        except Refusal as refusal:
            refused = refusal
    context["refused"] = refused
    status = refused.code.status if refused else 200
    return render(request, "traceability/wide/wide.html", context, status=status)


@require_safe
def wide_file(request: HttpRequest, kind: str) -> HttpResponse | StreamingHttpResponse:
    if kind not in FILES:
        raise Http404
    try:
        found = table(_asked(request))
        pieces = file_pieces(found, kind)
    except Refusal as refusal:
        context = {"kinds": kinds(), "words": request.GET.dict(), "refused": refusal}
        return render(request, "traceability/wide/wide.html", context, status=refusal.code.status)
    response = StreamingHttpResponse(pieces, content_type=CONTENT_TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="{found.definition.code}.{kind}"'
    return response


def _asked(request: HttpRequest) -> AskedTable:
    """Times by the site's clock, as a form has them. Raises Refusal."""
    words = {name: request.GET.get(name, "") for name in _FIELDS}
    for name in ("since", "until"):
        if words[name]:
            words[name] += timezone.localtime().strftime("%z") if len(words[name]) <= len("2027-04-01T09:30:00") else ""
    return read_table(words, request.GET.getlist("column"))
