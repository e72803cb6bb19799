"""The page of a roll, what became of each metre; and the scans behind a unit."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from lines.errors import Refusal
from lines.orders.models import Tracking
from lines.orders.serials import canonical
from traceability.completeness.queries import lost_ahead_of, missing_behind, n_links
from traceability.errors import UNIT_NOT_FOUND
from traceability.genealogy.starts import metres, read_lane
from traceability.rolls.checking import off_roll
from traceability.rolls.errors import OFF_ROLL
from traceability.rolls.family import family_of
from traceability.rolls.fates import fates_of
from traceability.rolls.scan_spec import scan_spec
from traceability.rolls.scans import limits_of, scans_behind, scans_of
from traceability.rolls.shown import MOST_ROWS, draw, point, shares
from traceability.units.history import unit_by_serial
from traceability.units.models import Unit

_NARROWEST, _WIDEST = 200, 4000


def _unit(serial: str) -> Unit:
    found = unit_by_serial(serial)
    if found is None:
        raise Refusal(UNIT_NOT_FOUND, serial)
    return found


def _place(request: HttpRequest, roll: Unit, length_m: float, lanes: int) -> tuple[float | None, int]:
    """Metre and lane that are asked for. Raises Refusal for what is no place on the roll."""
    at_m, lane = metres("at", request.GET.get("at", "")), read_lane(request.GET.get("lane", ""))
    if off := off_roll(length_m or None, lanes, lane=lane, from_m=None, to_m=at_m):
        raise Refusal(OFF_ROLL, f"{roll.serial}: {off}")
    return at_m, lane or 1


@require_safe
def roll(request: HttpRequest, serial: str) -> HttpResponse:
    if canonical(serial) != serial:
        return redirect("roll", canonical(serial))
    found = _unit(serial)
    if found.definition is None or found.definition.tracking != Tracking.ROLL:
        return redirect("unit", found.serial)
    family = family_of(found)
    fates = fates_of(family)
    at_m, lane = _place(request, found, fates.length_m, fates.lanes)
    context = {
        "unit": found,
        "fates": fates,
        "drawing": draw(fates, at_m),
        "shares": shares(fates),
        "point": None if at_m is None else point(fates, family, at_m, lane),
        "lane": lane,
        "lanes": range(1, fates.lanes + 1),
        "rows": [piece for piece in fates.taken if piece.is_on(lane)][:MOST_ROWS],
        "scanned": scans_behind(found),
        "n_missing_behind": n_links(missing_behind(found.pk)),
        "n_lost_ahead": n_links(lost_ahead_of(found.pk)),
    }
    return render(request, "traceability/rolls/roll.html", context)


@require_safe
def behind(request: HttpRequest, serial: str) -> HttpResponse:
    """The scans on the metres behind a unit."""
    if canonical(serial) != serial:
        return redirect("scans-behind", canonical(serial))
    found = _unit(serial)
    return render(request, "traceability/rolls/behind.html", {"unit": found, "scanned": scans_behind(found)})


@require_safe
def behind_spec(request: HttpRequest, serial: str) -> JsonResponse:
    """One drawing of that page. `of`: which of them."""
    of = request.GET.get("of", "")
    scanned = next((each for each in scans_behind(_unit(serial)) if each.key == of), None)
    if scanned is None:
        raise Http404
    text = request.GET.get("width", "")
    width = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1100
    words = {
        "metres": _("metres of the roll"),
        "mean": _("mean of the lane") if scanned.lane else _("mean across the web"),
        "side": _("side"),
        "range": _("across the web"),
        "lsl": "LSL",
        "usl": "USL",
        "target": _("target"),
    }
    width = min(max(width, _NARROWEST), _WIDEST)
    return JsonResponse(scan_spec(scans_of(scanned), scanned.bands, limits_of(scanned), words, width=width))
