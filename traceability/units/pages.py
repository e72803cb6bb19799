"""The page of a unit."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from lines.errors import Refusal
from lines.orders.serials import canonical
from lines.people.models import Person
from traceability.completeness.queries import lost_ahead_of, missing_behind, n_links
from traceability.corrections.queries import may_correct
from traceability.entry.queries import may_enter
from traceability.errors import UNIT_NOT_FOUND
from traceability.genealogy.closures import tree_ahead, tree_behind
from traceability.units.history import history, unit_by_serial


@require_safe
def unit(request: HttpRequest, serial: str) -> HttpResponse:
    found = unit_by_serial(serial)
    if found is None:
        if canonical(serial) != serial:
            return redirect("unit", canonical(serial))
        raise Refusal(UNIT_NOT_FOUND, serial)
    person = cast(Person, request.user)  # LoginRequiredMiddleware let it pass
    context = {
        "unit": found,
        "history": history(found),
        "behind": tree_behind(found),
        "ahead": tree_ahead(found),
        "n_missing_behind": n_links(missing_behind(found.pk)),
        "n_lost_ahead": n_links(lost_ahead_of(found.pk)),
        "may_enter": may_enter(person),
        "may_correct": may_correct(person),
    }
    return render(request, "traceability/unit.html", context)
