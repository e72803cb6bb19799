"""Goods receipt: one lot by a form, many by a file that is shown before it is stored."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from lines.errors import Refusal
from lines.people.auth import may_receive_goods
from lines.spreadsheets import as_csv
from traceability.entry.files import decode
from traceability.lots import listing
from traceability.lots.files import COLUMNS, read_file
from traceability.lots.pages.asking import actor_of, get_or_post
from traceability.lots.receiving import preview_file, receive_file, receive_one
from traceability.lots.words import CERTIFICATE_COLUMNS, read_words

CERTIFICATE_ROWS = 6
MOST_CERTIFICATE_ROWS = 100
MOST_BAD_SHOWN = 200
_FIELDS = ("supplier", "number", "material", "quantity", "expires_at")
# Which field of the form a refusal of the whole receipt belongs to.
_FIELD_OF = {"MES-T-0203": "material", "MES-T-0204": "number"}


@get_or_post
def receive(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request, may_receive_goods)
    words = {name: request.POST.get(name, "") for name in _FIELDS}
    columns = [request.POST.getlist(name)[:MOST_CERTIFICATE_ROWS] for name in CERTIFICATE_COLUMNS]
    rows = [dict(zip(CERTIFICATE_COLUMNS, cells, strict=True)) for cells in zip(*columns, strict=False)]
    wrong: dict[str, Refusal] = {}
    if request.method == "POST":
        receipt, wrong = read_words(words, rows, timezone.get_default_timezone())
        if receipt is not None:
            try:
                return redirect("lot", receive_one(receipt, actor, timezone.now()).pk)
            except Refusal as refusal:
                wrong = {_FIELD_OF.get(refusal.code.code, ""): refusal}
    lines = rows + [dict.fromkeys(CERTIFICATE_COLUMNS, "")] * (CERTIFICATE_ROWS - len(rows))
    context = {
        "tab": "form",
        "words": words,
        "wrong": wrong,
        "lines": [(line, wrong.get(f"certificate-{index}")) for index, line in enumerate(lines)],
        "materials": listing.materials(),
        "suppliers": listing.suppliers(),
    }
    status = next(iter(wrong.values())).code.status if wrong else 200
    return render(request, "traceability/lots/receive.html", context, status=status)


@get_or_post
def receive_by_file(request: HttpRequest) -> HttpResponse:
    """Without `confirm` it only says what would be; with it, all is stored or nothing."""
    actor, now = actor_of(request, may_receive_goods), timezone.now()
    context: dict[str, Any] = {"tab": "file"}
    if request.method != "POST":
        return render(request, "traceability/lots/file.html", context)
    try:
        text = request.POST.get("text", "")
        if (uploaded := request.FILES.get("file")) is not None:
            text = decode(uploaded.read())
        lots = read_file(text, timezone.get_default_timezone())
        context["text"], context["filed"] = text, lots
        is_confirmed = "confirm" in request.POST
        (receive_file if is_confirmed else preview_file)(lots, actor, now)
        context["is_stored"] = is_confirmed
    except Refusal as refusal:
        context["refused"] = refusal
    bad = [line for filed in context.get("filed", []) for line in filed.lines if line.problems]
    context |= {"bad": bad[:MOST_BAD_SHOWN], "n_bad": len(bad)}
    status = context["refused"].code.status if "refused" in context else 422 if bad else 200
    return render(request, "traceability/lots/file.html", context, status=status)


@require_safe
def template(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view's signature
    response = HttpResponse(as_csv(COLUMNS, []), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="receipts.csv"'
    return response
