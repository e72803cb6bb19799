"""One lot: its papers, every unit it is in, and what people decide about it."""

from collections.abc import Mapping

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from lines.errors import Refusal
from lines.people.roles import may_judge_lots, may_part_lots
from lines.stations.body import Fields
from traceability.errors import LOT_NOT_FOUND
from traceability.lots import listing
from traceability.lots.pages.asking import actor_of, get_or_post, person_of
from traceability.lots.parting import merge_as, split_as
from traceability.lots.services import decide_on
from traceability.lots.words import read_expiry_words, read_quantity_words
from traceability.units.lot_use import lot_by_id, lot_use

MOST_ROWS = 20


def _show(request: HttpRequest, lot_id: int, **more: object) -> HttpResponse:
    found = lot_by_id(lot_id)
    if found is None:
        raise Refusal(LOT_NOT_FOUND, str(lot_id))
    person, refused = person_of(request), more.get("refused")
    context = {
        "lot": found,
        "use": lot_use(found, request.GET.get("kind", ""), request.GET.get("page", "")),
        "file": listing.lot_file(found, timezone.now()),
        "may_judge": may_judge_lots(person),
        "may_part": may_part_lots(person),
        "rows": more.pop("rows", None) or [("", "")] * 3,
        **more,
    }
    status = refused.code.status if isinstance(refused, Refusal) else 200
    return render(request, "traceability/lot.html", context, status=status)


@require_safe
def lot(request: HttpRequest, lot_id: int) -> HttpResponse:
    return _show(request, lot_id)


@require_POST
def decide(request: HttpRequest, lot_id: int, verb: str) -> HttpResponse:
    """`release`, `block` or `expiry`."""
    if verb not in ("release", "block", "expiry"):
        raise Http404
    actor = actor_of(request, may_judge_lots)
    body: Fields = {"reason": request.POST.get("reason", "")}
    try:
        if verb == "expiry":
            until = read_expiry_words(request.POST.get("expires_at", ""), timezone.get_default_timezone())
            body["expires_at"] = until.isoformat() if until else None
        decide_on(verb, lot_id, body, actor, timezone.now())
    except Refusal as refusal:
        return _show(request, lot_id, refused=refusal, verb=verb, words=request.POST)
    return redirect("lot", lot_id)


@require_POST
def split(request: HttpRequest, lot_id: int) -> HttpResponse:
    actor = actor_of(request, may_part_lots)
    pairs = zip(request.POST.getlist("number"), request.POST.getlist("quantity"), strict=False)
    rows = [(number, quantity) for number, quantity in pairs if number.strip() or quantity.strip()][:MOST_ROWS]
    try:
        parts = [{"number": number, "quantity": read_quantity_words(quantity)} for number, quantity in rows]
        split_as(lot_id, {"parts": parts, "reason": request.POST.get("reason", "")}, actor, timezone.now())
    except Refusal as refusal:
        return _show(request, lot_id, refused=refusal, verb="split", words=request.POST, rows=rows)
    return redirect("lot", lot_id)


@get_or_post
def merge(request: HttpRequest) -> HttpResponse:
    """The lots chosen in the list, how much of each, and the new lot's number."""
    actor = actor_of(request, may_part_lots)
    words: Mapping[str, str] = request.POST
    chosen = listing.lots_by_id((request.POST or request.GET).getlist("lot"), timezone.now())
    refused = None
    if request.method == "POST":
        try:
            lots = [
                {"lot": each.lot.pk, "quantity": read_quantity_words(words.get(f"quantity-{each.lot.pk}", ""))}
                for each in chosen
            ]
            body = {name: words.get(name, "") for name in ("supplier", "number", "reason")}
            made = merge_as({"lots": lots, **body}, actor, timezone.now())
            return redirect("lot", made.lots[0].pk)
        except Refusal as refusal:
            refused = refusal
    rows = [(each, words.get(f"quantity-{each.lot.pk}", "")) for each in chosen]
    context = {"rows": rows, "words": words, "refused": refused}
    return render(request, "traceability/lots/merge.html", context, status=refused.code.status if refused else 200)
