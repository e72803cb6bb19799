"""All lots with their filters, as a page and as a table."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from lines.people.auth import may_receive_goods
from lines.people.roles import may_part_lots
from lines.spreadsheets import as_csv
from traceability.lots import listing
from traceability.lots.pages.asking import person_of

_HEADER = (
    "supplier", "number", "material", "state", "quantity", "rest", "unit", "expires_at", "received_at",
)  # fmt: skip


def _filter(request: HttpRequest) -> listing.Filter:
    return listing.read_filter(*(request.GET.get(name, "") for name in ("state", "material", "expiry", "text")))


@require_safe
def lots(request: HttpRequest) -> HttpResponse:
    by, person = _filter(request), person_of(request)
    page, listed = listing.page_of_lots(by, request.GET.get("page", ""), timezone.now())
    context = {
        "by": by,
        "page": page,
        "listed": listed,
        "states": listing.STATES,
        "materials": listing.materials(),
        "may_receive": may_receive_goods(person),
        "may_part": may_part_lots(person),
    }
    return render(request, "traceability/lots/list.html", context)


@require_safe
def table(request: HttpRequest) -> HttpResponse:
    """What the list shows, for a spreadsheet."""
    rows = [
        (
            each.lot.supplier,
            each.lot.number,
            each.lot.material_code,
            each.lot.state,
            each.lot.quantity,
            each.rest,
            each.lot.material.uom if each.lot.material else "",
            each.lot.expires_at.isoformat() if each.lot.expires_at else "",
            each.lot.received_at.isoformat() if each.lot.received_at else "",
        )
        for each in listing.all_lots(_filter(request), timezone.now())
    ]
    response = HttpResponse(as_csv(_HEADER, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="lots.csv"'
    return response
