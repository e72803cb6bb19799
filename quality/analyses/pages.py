"""The page of ad-hoc analyses: paste or upload a table, get the chart. Nothing is stored."""

import csv
import io
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from lines.errors import Refusal
from quality.analyses import errors
from quality.analyses.choices import CHARTS, SIGMA_METHODS
from quality.analyses.form import BLANK, NUMBERS, RULES, TEXTS, USUAL_RULES, WHOLE, read
from quality.analyses.tabled import case_of
from quality.analyses.viewed import view
from quality.charts.answering import figure_of
from quality.charts.specs import pair_spec
from quality.spc.tables import MOST_BYTES, Table, read_table

MOST_TROUBLES = 100
MOST_ECHOED = 400_000  # characters of an uploaded table that go back into the field
NARROWEST, WIDEST, HEIGHT = 480, 2400, 520  # px


@require_http_methods(["GET", "HEAD", "POST"])
def analyses(request: HttpRequest) -> HttpResponse:
    fields = dict(BLANK)
    rules = [str(rule) for rule in USUAL_RULES]
    context: dict[str, Any] = {"charts": CHARTS, "sigma_methods": SIGMA_METHODS, "all_rules": RULES}
    if request.method == "POST":
        fields |= {name: request.POST.get(name, "") for name in (*TEXTS, *NUMBERS, *WHOLE)}
        rules = request.POST.getlist("rules")
        try:
            context |= _shown(request, fields, rules)
        except Refusal as refusal:
            context["refused"] = refusal
    context |= {"fields": fields, "rules": [int(rule) for rule in rules if rule.isdecimal()]}
    return render(
        request,
        "quality/analyses.html",
        context,
        status=context["refused"].code.status if "refused" in context else 200,
    )


def _shown(request: HttpRequest, fields: dict[str, str], rules: list[str]) -> dict[str, Any]:
    """The result for the page. An uploaded table goes back into the field, so that it need not be chosen again."""
    uploaded = request.FILES.get("file")
    if isinstance(uploaded, UploadedFile):
        table = read_table(uploaded.read(MOST_BYTES + 1), uploaded.name or "")
        text = _as_text(table)
        fields["table"] = text if len(text) <= MOST_ECHOED else ""
    elif fields["table"].strip():
        table = read_table(fields["table"])
    else:
        raise Refusal(errors.NO_TABLE)
    asked = read(fields, rules)
    found = view(case_of(table, asked.layout, asked.params), asked, fields["name"].strip()[:80])
    width = figure_of(request.POST.get("width", ""), 860, NARROWEST, WIDEST)
    spec = pair_spec(found.data, get_language() or "en", width=width, height=HEIGHT) if found.data else None
    return {
        "view": found,
        "spec": spec,
        "header": table.header,
        "troubles": found.troubles[:MOST_TROUBLES],
        "more_troubles": max(0, len(found.troubles) - MOST_TROUBLES),
    }


def _as_text(table: Table) -> str:
    """The table as it would be pasted."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.header)
    writer.writerows([repr(cell) if isinstance(cell, float) else cell for cell in row] for row in table.rows)
    return text.getvalue()
