"""Samples: taking one, the list of those that wait, the result hours later, giving one up."""

from datetime import timedelta
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lines.errors import Refusal
from lines.people.models import Person
from traceability.entry.forms import Asked, Posted, read_form, read_serial
from traceability.entry.pages.unit import new_token, token_of
from traceability.entry.queries import fields, reasons
from traceability.samples import queries
from traceability.samples.models import Sample, SampleState
from traceability.samples.services import cancel_sample, enter_sample, take_sample
from traceability.units.history import unit_by_serial

MOST_DONE = 30
STATE_WORDS = {
    SampleState.TAKEN: _("Waiting for its result"),
    SampleState.PASSED: _("Passed"),
    SampleState.FAILED: _("Failed"),
    SampleState.CANCELLED: _("Cancelled"),
}


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)  # LoginRequiredMiddleware let it pass


@require_safe
def samples(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    context = {
        "waiting": [(sample, now - sample.taken_at) for sample in queries.waiting_samples()],
        "done": [(sample, STATE_WORDS[SampleState(sample.state)]) for sample in queries.newest_done(MOST_DONE)],
        "may_handle": queries.may_handle(_person(request)),
        "tab": "samples",
    }
    return render(request, "traceability/samples/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def take(request: HttpRequest) -> HttpResponse:
    words = request.POST if request.method == "POST" else request.GET
    refused: Refusal | None = None
    serial = words.get("serial", "")
    if request.method != "POST" and (label := queries.label_of(serial)):
        return redirect("sample", label)  # its label was scanned, not the unit's
    try:
        serial = read_serial(serial) if serial else ""
    except Refusal as refusal:
        refused, serial = refusal, ""
    if request.method == "POST" and refused is None:
        try:
            sample = take_sample(
                _person(request),
                serial,
                operation=words.get("operation", ""),
                code=words.get("code", ""),
                waits_at=words.get("waits_at", ""),
                is_destructive="is_destructive" in words,
                note=" ".join(words.get("note", "").split()),
            )
            return redirect("sample", sample.code)
        except Refusal as refusal:
            refused = refusal
    unit = unit_by_serial(serial) if serial else None
    context = {
        "serial": serial,
        "unit": unit,
        "words": words,
        "operations": queries.operations_measured(unit) if unit else [],
        "ahead": queries.operations_ahead(unit) if unit else [],
        "refused": refused,
        "may_handle": queries.may_handle(_person(request)),
        "tab": "samples",
    }
    return render(request, "traceability/samples/take.html", context, status=refused.code.status if refused else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def sample(request: HttpRequest, code: str) -> HttpResponse:
    """The sample, with the form for its result while it waits."""
    try:
        found = queries.sample_by_code(code)
    except Refusal as refusal:
        return render(request, "traceability/entry/refused.html", {"refused": refusal}, status=404)
    unit = found.unit
    measured = fields(unit.product.code if unit.product else "", found.operation)
    posted = Posted({"at": f"{timezone.localtime():%Y-%m-%dT%H:%M:%S}", "outcome": "PASS"})
    token, refused = new_token(), None
    if request.method == "POST":
        words = {name: str(value) for name, value in request.POST.items()}
        words["reasons"] = " ".join([words.get("reasons", ""), *request.POST.getlist("reason")])
        posted, token = Posted(words), token_of(request)
        entry = read_form(posted, _asked(found, {field.code: field.unit for field in measured}), unit.serial)
        if entry is not None:
            try:
                enter_sample(_person(request), code, entry, f"entry:{token}")
                return redirect("sample", found.code)
            except Refusal as refusal:
                refused = refusal
    is_bad = refused is not None or bool(posted.problems)
    context = {**_shown(request, found), "fields": measured, "posted": posted, "token": token, "refused": refused}
    return render(request, "traceability/samples/sample.html", context, status=422 if is_bad else 200)


@require_POST
def cancel(request: HttpRequest, code: str) -> HttpResponse:
    try:
        cancel_sample(_person(request), code, request.POST.get("reason", ""))
        return redirect("samples")
    except Refusal as refusal:
        try:
            found = queries.sample_by_code(code)
        except Refusal:
            return render(request, "traceability/entry/refused.html", {"refused": refusal}, status=404)
        context = {**_shown(request, found), "not_cancelled": refusal}
        return render(request, "traceability/samples/sample.html", context, status=refusal.code.status)


def _shown(request: HttpRequest, found: Sample) -> dict[str, Any]:
    return {
        "sample": found,
        "state_word": STATE_WORDS[SampleState(found.state)],
        "is_waiting": found.state == SampleState.TAKEN,
        "age": timezone.now() - found.taken_at,
        "reasons": reasons(found.station.kind) if found.station else [],
        "may_handle": queries.may_handle(_person(request)),
        "may_cancel": queries.may_cancel(_person(request)),
        "tab": "samples",
    }


def _asked(found: Sample, units: dict[str, str]) -> Asked:
    now, station = timezone.now(), found.station
    return Asked(
        units=units,
        reasons={reason.code for reason in reasons(station.kind)} if station else set(),
        materials={},
        zone=timezone.get_current_timezone(),
        earliest=now - timedelta(seconds=station.behind_tolerance_s if station else 0),
        latest=now + timedelta(seconds=station.ahead_tolerance_s if station else 0),
    )
