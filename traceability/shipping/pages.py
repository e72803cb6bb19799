"""Pages of shipments: the list, one of them, a new one, and taking back."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from lines.errors import Refusal
from lines.people.auth import may_ship
from traceability.lots.pages.asking import actor_of, get_or_post, person_of
from traceability.shipping import queries
from traceability.shipping.bodies import read_return, read_shipment
from traceability.shipping.errors import SHIPMENT_NOT_FOUND
from traceability.shipping.services import ship, take_back

PAGE = 50
MOST_SCANNED = 500


@require_safe
def shipments(request: HttpRequest) -> HttpResponse:
    sites = queries.data_centres()
    site = request.GET.get("site", "")
    site = site if any(each.code == site for each in sites) else ""
    text = "".join(c for c in request.GET.get("text", "") if c.isprintable()).strip()[:64]
    context = {
        "page": Paginator(queries.shipments(site=site, text=text), PAGE).get_page(request.GET.get("page")),
        "sites": sites,
        "site": site,
        "text": text,
        "may_ship": may_ship(person_of(request)),
    }
    return render(request, "traceability/shipping/list.html", context)


def _serials(request: HttpRequest) -> list[str]:
    """Chosen ones, and those scanned into the text, line by line."""
    scanned = request.POST.get("scanned", "").split()
    return list(dict.fromkeys([*request.POST.getlist("serial"), *scanned]))[: MOST_SCANNED + 1]


@get_or_post
def new_shipment(request: HttpRequest) -> HttpResponse:
    """The form; what is ready stands there to be chosen."""
    actor, now = actor_of(request, may_ship), timezone.now()
    words = request.POST
    refused: Refusal | None = None
    chosen = _serials(request)
    if request.method == "POST":
        body = {"number": words.get("number", ""), "site": words.get("site", ""), "serials": chosen}
        try:
            _, made = ship(read_shipment(body, now), actor, now)
            return redirect("shipment", made.number)
        except Refusal as refusal:
            refused = refusal
    context = {
        "words": words,
        "chosen": chosen,
        "sites": queries.data_centres(),
        "ready": queries.ready_to_ship(),
        "refused": refused,
    }
    status = refused.code.status if refused else 200
    return render(request, "traceability/shipping/new.html", context, status=status)


def _show(request: HttpRequest, number: str, refused: Refusal | None = None) -> HttpResponse:
    found = queries.one_shipment(number)
    if found is None:
        raise Refusal(SHIPMENT_NOT_FOUND, number)
    context = {
        "shipment": found,
        "page": Paginator(queries.units_of(found), PAGE).get_page(request.GET.get("page")),
        "contents": queries.contents(found),
        "may_ship": may_ship(person_of(request)),
        "refused": refused,
        "chosen": request.POST.getlist("serial"),
        "reason": request.POST.get("reason", ""),
    }
    status = refused.code.status if refused else 200
    return render(request, "traceability/shipping/shipment.html", context, status=status)


@require_safe
def shipment(request: HttpRequest, number: str) -> HttpResponse:
    return _show(request, number)


@require_POST
def take_units_back(request: HttpRequest, number: str) -> HttpResponse:
    actor, now = actor_of(request, may_ship), timezone.now()
    body = {"serials": request.POST.getlist("serial"), "reason": request.POST.get("reason", "")}
    try:
        take_back(number, read_return(body, now), actor, now)
    except Refusal as refusal:
        return _show(request, number, refused=refusal)
    return redirect("shipment", number)
