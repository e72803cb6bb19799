"""Labels on pages: the codes of what was asked for, and the files to print."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from documents.labels import Symbol, as_svg
from lines.errors import Refusal
from traceability.labels.queries import FORMATS, KINDS, drawn, labels_of

_MOST_SHOWN = 24


@require_safe
def labels(request: HttpRequest) -> HttpResponse:
    """Without a key: the form alone. Keys stand one a line in the form, and as often as wanted in an address."""
    kind, symbol, keys = _asked(request)
    context: dict[str, Any] = {
        "kind": kind,
        "symbol": symbol,
        "kinds": KINDS,
        "symbols": list(Symbol),
        "text": "\n".join(keys),
    }
    status = 200
    if keys:
        try:
            found = labels_of(kind, keys)
            drawn(found[:1], symbol, "svg")
            # Modules of ours alone; a text is never part of the drawing.
            shown = [(label, mark_safe(as_svg(label.text, Symbol(symbol)))) for label in found[:_MOST_SHOWN]]  # noqa: S308 - ours
            context |= {"found": found, "shown": shown, "more": len(found) - len(shown)}
        except Refusal as refusal:
            context |= {"refused": refusal}
            status = refusal.code.status
    return render(request, "traceability/labels/labels.html", context, status=status)


@require_safe
def label_file(request: HttpRequest, kind: str) -> HttpResponse:
    of, symbol, keys = _asked(request)
    try:
        content = drawn(labels_of(of, keys), symbol, kind)
    except Refusal as refusal:
        context: dict[str, Any] = {
            "kind": of,
            "symbol": symbol,
            "kinds": KINDS,
            "symbols": list(Symbol),
            "text": "\n".join(keys),
        }
        context |= {"refused": refusal}
        return render(request, "traceability/labels/labels.html", context, status=refusal.code.status)
    response = HttpResponse(content, content_type=FORMATS[kind])
    response["Content-Disposition"] = f'attachment; filename="labels.{kind}"'
    return response


def _asked(request: HttpRequest) -> tuple[str, str, list[str]]:
    keys = [line for text in request.GET.getlist("key") for line in text.splitlines()]
    return (
        request.GET.get("kind", "unit"),
        request.GET.get("symbol", Symbol.QR),
        [key.strip() for key in keys if key.strip()],
    )
