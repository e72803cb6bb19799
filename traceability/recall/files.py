"""A kept recall as PDF, XLSX and JSON, each made of the same proved content."""

import tempfile
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import IO, Any

from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.utils import timezone

from documents.pdf import as_pdf
from lines.errors import WRONG_PARAMETER, Refusal
from lines.spreadsheets import Cell, write_xlsx
from traceability.recall import errors, kept
from traceability.recall.models import Recall
from traceability.recall.printed import MOST_MISSING, MOST_UNITS, TEMPLATE, printed
from traceability.recall.words import words

CONTENT_TYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}
LANGUAGES = ("en", "ja")
_UNITS = (
    "serial", "definition", "certainty", "metres", "lanes", "place", "state", "is_held", "station", "next_operation",
    "tray", "slot", "channel", "built_into", "pack", "container", "shipment", "site",
)  # fmt: skip
_MISSING = ("serial", "definition", "operation", "material", "needed", "found", "why")
_SHIPPED = ("site", "shipment", "shipped_at", "serial", "n_units", "n_possible")
_GROUPS = ("certainty", "definition", "place", "where", "state", "n_units", "n_held")
# A sheet takes 1,048,576 rows.
_MOST_ROWS = 1_000_000


def response_of(recall: Recall, kind: str, language: str) -> HttpResponse | StreamingHttpResponse | FileResponse:
    """Raises Refusal RECALL_FILE, WRONG_PARAMETER or RECALL_CHANGED."""
    if kind not in CONTENT_TYPES:
        raise Refusal(errors.RECALL_FILE, kind[:20] if kind.isprintable() else "")
    if language not in LANGUAGES:
        raise Refusal(WRONG_PARAMETER, f"language: one of {', '.join(LANGUAGES)}")
    response: HttpResponse | StreamingHttpResponse | FileResponse
    if kind == "json":
        response = StreamingHttpResponse(kept.document(recall), content_type=CONTENT_TYPES[kind])
    elif kind == "pdf":
        response = HttpResponse(pdf(recall, language), content_type=CONTENT_TYPES[kind])
    else:
        content = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
        workbook(recall, language, content)
        content.seek(0)
        response = FileResponse(content, content_type=CONTENT_TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="recall-{recall.pk}.{kind}"'
    return response


def pdf(recall: Recall, language: str) -> bytes:
    zone = timezone.get_default_timezone()
    missing, _ = kept.some(recall, "missing", 0, MOST_MISSING)
    units, _ = kept.some(recall, "unit", 0, MOST_UNITS)
    data = printed(
        kept.header(recall), missing, units, sha256=recall.content_sha256, language=language, zone=zone,
        number=str(recall.pk), hold=str(recall.hold_id or ""),
    )  # fmt: skip
    return as_pdf(TEMPLATE, data, made_at=recall.made_at)


def workbook(recall: Recall, language: str, into: IO[bytes]) -> None:
    """Sheets: summary, what was shipped, where, missing links, units; no row is held."""
    w, header = words(language), kept.header(recall)
    links = header["completeness"]
    facts: list[list[Cell]] = [
        [w["number"], recall.pk],
        [w["suspect"], f"{header['suspect']['kind']} {header['subject']}"],
        [w["reason"], header["reason"]],
        [w["made"], header["made_at"]],
        [w["by"], header["made_by"]],
        [w["hold"], recall.hold_id],
        *[[w[name], header[f"n_{name.lower()}"]] for name in ("RECORDED", "INFERRED", "POSSIBLE")],
        [w["n_shipped"], header["n_shipped"]],
        [w["links"].format(recorded=links["recorded"], inferred=links["inferred"]), None],
        [w["missing"], links["missing"]],
        [w["not_weighed"], None],
        [w["hash"], recall.content_sha256],
    ]
    write_xlsx(
        [
            (w["summary"], [w["title"], ""], facts),
            (w["shipped"], list(_SHIPPED), (_cells(row, _SHIPPED) for row in header["shipped"])),
            (w["here"], list(_GROUPS), (_cells(row, _GROUPS) for row in header["groups"])),
            (w["missing_list"], list(_MISSING), _rows(recall, "missing", _MISSING)),
            (w["unit_list"], list(_UNITS), _rows(recall, "unit", _UNITS)),
        ],
        into,
    )


def _rows(recall: Recall, of: str, names: tuple[str, ...]) -> Iterator[list[Cell]]:
    return islice((_cells(row, names) for kind, row in kept.rows(recall) if kind == of), _MOST_ROWS)


def _cells(row: Mapping[str, Any], names: tuple[str, ...]) -> list[Cell]:
    return [_cell(row[name]) for name in names]


def _cell(value: Any) -> Cell:
    if isinstance(value, bool):
        return "x" if value else ""
    if isinstance(value, list):
        return "; ".join("–".join(map(str, each)) if isinstance(each, list) else str(each) for each in value)
    return value if isinstance(value, str | int | float) else None
