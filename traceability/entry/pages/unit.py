"""Entering results by hand: one unit, by a form made from the plant's data."""

import re
import secrets
from datetime import timedelta
from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from lines.errors import Refusal
from lines.people.models import Person
from lines.stations.contracts import CONTRACTS
from traceability.codes import described
from traceability.entry import queries
from traceability.entry.forms import Asked, Posted, read_form, read_serial
from traceability.entry.services import enter, start

# What is a part of an address as it stands, as ours are.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{8,64}")

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


def person_of(request: HttpRequest) -> Person:
    return cast(Person, request.user)  # LoginRequiredMiddleware let it pass


def new_token() -> str:
    """Goes with the form: what is sent twice counts once."""
    return secrets.token_urlsafe(18)


def token_of(request: HttpRequest) -> str:
    token = request.POST.get("token", "")
    return token if _TOKEN.fullmatch(token) else new_token()


@get_or_post
def entry(request: HttpRequest) -> HttpResponse:
    """Where, and which unit. Sending it asks for the permit, as a station does before it starts."""
    person = person_of(request)
    words = request.POST if request.method == "POST" else request.GET
    chosen, serial = words.get("place", ""), words.get("serial", "")
    refused: Refusal | None = None
    if request.method == "POST":
        station, _, operation = chosen.partition("/")
        try:
            serial = read_serial(serial)
            start(person, station, operation, serial)
            return redirect("entry-unit", station, operation, serial)
        except Refusal as refusal:
            refused = refusal
    context = {"places": queries.places(person), "chosen": chosen, "serial": serial, "refused": refused, "tab": "unit"}
    return render(request, "traceability/entry/start.html", context, status=_status(refused))


@get_or_post
def unit(request: HttpRequest, station: str, operation: str, serial: str) -> HttpResponse:
    """The form of one unit, made from the plant's data."""
    person = person_of(request)
    try:
        place = queries.place_for(person, station, operation)
    except Refusal as refusal:
        return render(request, "traceability/entry/refused.html", {"refused": refusal}, status=refusal.code.status)
    definition = queries.definition_of(serial)
    fields = queries.fields(definition.product.code if definition and definition.product else "", operation)
    asked = asked_at(place, {field.code: field.unit for field in fields})
    words = {"at": f"{timezone.localtime():%Y-%m-%dT%H:%M:%S}", "outcome": "PASS"}
    posted, token, refused = Posted(words), new_token(), None
    if request.method == "POST":
        words = {name: str(value) for name, value in request.POST.items()}
        words["reasons"] = " ".join([words.get("reasons", ""), *request.POST.getlist("reason")])
        posted, token = Posted(words), token_of(request)
        read = read_form(posted, asked, serial)
        if read is not None:
            try:
                enter(person, station, operation, read, f"entry:{token}")
                return redirect("entry-answer", station, token)
            except Refusal as refusal:
                refused = refusal
    permit = queries.newest_permit(place.station, operation, serial)
    context = {
        "place": place,
        "serial": serial,
        "definition": definition,
        "fields": fields,
        "posted": posted,
        "token": token,
        "refused": refused,
        "permit": permit,
        "denied_for": [described(code) for code in permit.reasons] if permit else [],
        "reasons": queries.reasons(place.station.kind),
        "parts": CONTRACTS[place.station.kind].parts,
        "bill": queries.bill(definition, operation),
        "tab": "unit",
    }
    is_bad = refused is not None or bool(posted.problems)
    return render(request, "traceability/entry/unit.html", context, status=422 if is_bad else 200)


def asked_at(place: queries.Place, units: dict[str, str]) -> Asked:
    now = timezone.now()
    return Asked(
        units=units,
        reasons={reason.code for reason in queries.reasons(place.station.kind)},
        materials=queries.material_units(),
        zone=timezone.get_current_timezone(),
        earliest=now - timedelta(seconds=place.station.behind_tolerance_s),
        latest=now + timedelta(seconds=place.station.ahead_tolerance_s),
    )


@require_safe
def answer(request: HttpRequest, station: str, token: str) -> HttpResponse:
    """What was answered to one entry."""
    found = queries.station_by_code(station)
    stored = queries.stored_answer(found, f"entry:{token}") if found else None
    if found is None or stored is None:
        raise Http404
    at, said = stored
    if "serial" not in said or "operation" not in said:
        raise Http404  # a tray's
    again = reverse("entry", query={"place": f"{found.code}/{said['operation']}"})
    context: dict[str, Any] = {"station": found, "at": at, "answer": said, "again": again, "tab": "unit"}
    return render(request, "traceability/entry/answer.html", context)


def _status(refused: Refusal | None) -> int:
    return refused.code.status or 422 if refused else 200
