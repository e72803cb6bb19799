"""The page that holds what a gauge misjudged: what it would cover, and its confirmation."""

from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from lines.errors import Refusal
from lines.people.auth import may_hold
from lines.people.models import Person
from quality.gauges.errors import CALIBRATION_UNKNOWN
from traceability.suspects.services import hold_suspects, judged_by


@require_http_methods(["GET", "HEAD", "POST"])
def hold_judged(request: HttpRequest, calibration_id: int) -> HttpResponse:
    person = cast(Person, request.user)  # LoginRequiredMiddleware let it pass
    refused: Refusal | None = None
    try:
        if request.method == "POST":
            try:
                return redirect("hold", hold_suspects(calibration_id, person).pk)
            except Refusal as refusal:
                refused = refusal
        judged = judged_by(calibration_id)
    except Refusal as refusal:
        if refusal.code == CALIBRATION_UNKNOWN:
            raise Http404 from None
        raise
    context = {
        "calibration_id": calibration_id,
        "preview": judged.preview,
        "earlier": judged.earlier,
        "n_new": judged.n_new,
        "refused": refused,
        "may_hold": may_hold(person) and judged.n_new > 0,
        "words": {},
        "token": "",
    }
    status = refused.code.status if refused else 200
    return render(request, "traceability/suspects/hold.html", context, status=status)
