"""The genealogy of a unit or a lot on one page: a picture left to right in time, and the same as a table."""

from collections.abc import Iterable

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from lines.errors import Refusal
from lines.orders.serials import canonical
from lines.spreadsheets import Cell
from traceability.completeness.queries import MOST_TOLD, Missing, lost_ahead_of, missing_behind, n_links
from traceability.errors import LOT_NOT_FOUND, UNIT_NOT_FOUND
from traceability.genealogy.exports import FORMATS, LINK_COLUMNS, USE_COLUMNS, csv_pieces, link_rows, use_rows, workbook
from traceability.genealogy.picture import Picture, picture_of_lot, picture_of_unit
from traceability.genealogy.starts import lost_from, lot_start
from traceability.genealogy.table import card_of, ended, near, table_of
from traceability.naming import names
from traceability.units.history import unit_by_serial
from traceability.units.lot_use import lot_by_id
from traceability.units.models import Unit


def _unit(serial: str) -> Unit:
    found = unit_by_serial(serial)
    if found is None:
        raise Refusal(UNIT_NOT_FOUND, serial)
    return found


def _show(request: HttpRequest, picture: Picture, behind: list[Missing], ahead: list[Missing]) -> HttpResponse:
    asked = request.GET.get("of", "")
    card = None if asked == "lots" else card_of(picture, asked)
    context = {
        "picture": picture,
        "unit": picture.unit,
        "lot": picture.lot,
        "table": table_of(picture, card, request.GET.get("page", "")) if card else None,
        "ended": ended(picture.unit) if picture.unit else [],
        "shows_lots": card is None and picture.n_lots > 0,
        "n_missing_behind": n_links(behind),
        "n_lost_ahead": n_links(ahead),
        "missing": [*behind, *ahead][:MOST_TOLD],
        "n_missing": len(behind) + len(ahead),
        "names": names() if behind or ahead else {},
    }
    return render(request, "traceability/genealogy/genealogy.html", context)


@require_safe
def of_unit(request: HttpRequest, serial: str) -> HttpResponse:
    if canonical(serial) != serial:
        return redirect("genealogy", canonical(serial))
    unit = _unit(serial)
    return _show(request, picture_of_unit(unit), missing_behind(unit.pk), lost_ahead_of(unit.pk))


@require_safe
def of_lot(request: HttpRequest, lot_id: int) -> HttpResponse:
    found = lot_by_id(lot_id)
    if found is None:
        raise Refusal(LOT_NOT_FOUND, str(lot_id))
    return _show(request, picture_of_lot(found), [], lost_from(lot_start(str(found.pk))))


@require_safe
def step(request: HttpRequest, serial: str) -> HttpResponse:
    """One step to both sides of a unit, for a card that is opened."""
    return render(request, "traceability/genealogy/_near.html", {"near": near(_unit(serial))})


def _file(file_format: str, name: str, header: tuple[str, ...], rows: Iterable[list[Cell]]) -> HttpResponseBase:
    if file_format == "csv":
        response = StreamingHttpResponse(csv_pieces(header, rows), content_type=FORMATS["csv"])
        response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
        return response
    if file_format != "xlsx":
        raise Http404
    book = workbook("Genealogy", header, rows)
    return FileResponse(book, as_attachment=True, filename=f"{name}.xlsx", content_type=FORMATS["xlsx"])


@require_safe
def links_of_unit(request: HttpRequest, file_format: str, serial: str) -> HttpResponseBase:  # noqa: ARG001 - a view's signature
    found = _unit(serial)
    return _file(file_format, f"genealogy-{found.serial}", LINK_COLUMNS, link_rows(found.pk))


@require_safe
def uses_of_lot(request: HttpRequest, file_format: str, lot_id: int) -> HttpResponseBase:  # noqa: ARG001 - a view's signature
    return _file(file_format, f"where-used-lot-{lot_id}", USE_COLUMNS, use_rows(lot_start(str(lot_id))))
