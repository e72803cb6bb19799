"""The page of a unit and the page of a lot."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from lines.orders.serials import canonical
from traceability.genealogy.closures import tree_ahead, tree_behind
from traceability.units.history import history, unit_by_serial
from traceability.units.lot_use import lot_by_id, lot_use


@require_safe
def unit(request: HttpRequest, serial: str) -> HttpResponse:
    found = unit_by_serial(serial)
    if found is None:
        if canonical(serial) != serial:
            return redirect("unit", canonical(serial))
        # The search answers for what it does not know: what was looked for, and how serials look.
        raise Http404
    context = {"unit": found, "history": history(found), "behind": tree_behind(found), "ahead": tree_ahead(found)}
    return render(request, "traceability/unit.html", context)


@require_safe
def lot(request: HttpRequest, lot_id: int) -> HttpResponse:
    found = lot_by_id(lot_id)
    if found is None:
        raise Http404
    use = lot_use(found, request.GET.get("kind", ""), request.GET.get("page", ""))
    return render(request, "traceability/lot.html", {"lot": found, "use": use})
