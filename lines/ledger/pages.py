"""The ledger's page, its tables for spreadsheets, and the page of a gap."""

from datetime import timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from lines.errors import Refusal
from lines.events.queries import current_position
from lines.ledger.asking import Asked, asked
from lines.ledger.queries import (
    HOUR,
    STALE_AFTER,
    evaluated_at,
    gap_by_id,
    gaps,
    gateways,
    records_in,
    siblings,
    state_of,
    station_lines,
)
from lines.ledger.rows import gaps_table, hours_table
from lines.spreadsheets import XLSX, as_csv, as_xlsx

SPANS = (24, 72, 168)  # hours on screen
PAGE = 25
MOST_EXPORTED = 20_000


@require_safe
def ledger(request: HttpRequest) -> HttpResponse:
    position = current_position()
    return render(request, "lines/ledger/ledger.html", {**_shown(request), "position": position})


@require_safe
def ledger_parts(request: HttpRequest) -> HttpResponse:
    """What changes, for live.js."""
    response = render(request, "lines/ledger/_parts.html", _shown(request))
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def ledger_csv(request: HttpRequest) -> HttpResponse:
    by = _asked(request)
    response = HttpResponse(as_csv(*hours_table(_lines(by))[1:]), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="telemetry-ledger.csv"'
    return response


@require_safe
def ledger_xlsx(request: HttpRequest) -> HttpResponse:
    """Hours and gaps, a sheet each."""
    by = _asked(request)
    found = list(gaps(station=by.station, since=by.since, until=by.until)[:MOST_EXPORTED])
    response = HttpResponse(as_xlsx([hours_table(_lines(by)), gaps_table(found)]), content_type=XLSX)
    response["Content-Disposition"] = 'attachment; filename="telemetry-ledger.xlsx"'
    return response


@require_safe
def gap(request: HttpRequest, gap_id: int) -> HttpResponse:
    found = gap_by_id(gap_id) if gap_id < 2**63 else None
    if found is None:
        raise Http404
    context = {
        "gap": found,
        "state": state_of(found).value,
        "records": records_in(found),
        "siblings": siblings(found),
        "losses": list(found.losses.all()),
    }
    return render(request, "lines/ledger/gap.html", context)


def _asked(request: HttpRequest) -> Asked:
    """A page takes what it understands of its address."""
    now = timezone.now()
    try:
        return asked(request.GET.dict(), now)
    except Refusal:
        return asked({}, now)


def _lines(by: Asked) -> Any:
    return station_lines(by.since, by.until, [by.station] if by.station else [])


def _shown(request: HttpRequest) -> dict[str, Any]:
    by, now = _asked(request), timezone.now()
    hours = request.GET.get("hours", "")
    span = int(hours) if hours in map(str, SPANS) else SPANS[0]
    # Whole hours; the last one is the one that runs.
    until = by.until.replace(minute=0, second=0, microsecond=0) + HOUR
    since = until - timedelta(hours=span)
    by = Asked(since, until, by.station)
    found, run = _lines(by), evaluated_at()
    listed = gaps(station=by.station, since=since, until=until)
    page = Paginator(listed, PAGE).get_page(request.GET.get("page"))
    return {
        "by": by,
        "span": span,
        "spans": SPANS,
        "older": since - HOUR,
        "newer": min(until + timedelta(hours=span) - HOUR, now) if until < now else None,
        "lines": found,
        "one": found[0] if by.station and found else None,
        "page": page,
        "newest_before": None if page.object_list else gaps(station=by.station, until=since).first(),
        "gateways": gateways(),
        "evaluated_at": run,
        "is_stale": run is None or now - run > STALE_AFTER,
        "now": now,
    }
