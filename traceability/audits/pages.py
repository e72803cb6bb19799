"""Audits on pages: units by a filter, samples, history files, archives, verifying, the log."""

from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lines.errors import Refusal
from lines.models import Person
from traceability.audits import bundles
from traceability.audits.asked import ANY, LARGEST_SAMPLE, LONGEST_SEED, read_seed, read_size
from traceability.audits.models import Bundle, QueryKind
from traceability.audits.queries import (
    GOING_ON,
    bundle_by_id,
    choices,
    in_time,
    log,
    may_audit,
    named,
    units_by,
    warning_of,
)
from traceability.audits.queries import bundles as all_bundles
from traceability.audits.services import LANGUAGES, issue, note, print_of
from traceability.audits.telling import audited_sample, filter_of
from traceability.audits.verifying import verified
from traceability.codes import described

PAGE = 50
LARGEST_FILE = 64 * 1024 * 1024
_FORM = ("kinds", "products", "states", "sites", "stations", "operations", "characteristics")
_BESIDE = ("after", "shown", "csrfmiddlewaretoken")


@require_safe
def audits(request: HttpRequest) -> HttpResponse:
    """Without a filter: the form alone. `draw`: a sample of the filter in place of the whole list."""
    person, words = _reader(request), _words(request.GET)
    context: dict[str, Any] = {"tab": "units", **_form(request)}
    status = 200
    try:
        if "draw" in words:
            context |= _sample(words, person)
        elif "shown" in request.GET:
            context |= _list(request, words, person)
    except Refusal as refusal:
        context |= {"refused": refusal}
        status = refusal.code.status
    return render(request, "traceability/audits/audits.html", context, status=status)


def _list(request: HttpRequest, words: QueryDict, person: Person) -> dict[str, Any]:
    asked, after = filter_of(words), request.GET.get("after", "")[:64]
    with in_time():
        units = units_by(asked)
        n_units = units.count()
        warning = warning_of(asked, n_units)
        found = list(named(units.filter(serial__gt=after) if after else units)[: PAGE + 1])
    note(QueryKind.LIST, person, asked.as_json() | ({"after": after} if after else {}), n_units)
    last = found[PAGE - 1].serial if len(found) > PAGE else ""
    return {"asked": asked, "n_units": n_units, "warning": warning, "units": found[:PAGE], "last": last}


def _sample(words: QueryDict, person: Person) -> dict[str, Any]:
    told, units = audited_sample(words, person, by_api=False)
    warning = described(told["warning"]["code"]) if told["warning"] else None
    return {
        "asked": filter_of(words),
        "n_units": told["n_units"],
        "warning": warning,
        "units": units,
        "seed": told["seed"],
        "size": told["size"],
    }


@require_POST
def new_archive(request: HttpRequest) -> HttpResponse:
    """The address says the filter, as the page it was asked on did; the body, whether of a sample."""
    person, fields = _reader(request), request.POST
    try:
        size = read_size(fields.get("size", "")) if fields.get("size") else None
        seed = read_seed(fields.get("seed", "")) if size else ""
        made = bundles.ask(
            filter_of(_words(request.GET)), seed, size, fields.get("language", "en"), person, by_api=False
        )  # fmt: skip
    except Refusal as refusal:
        context = {"tab": "units", **_form(request), "refused": refusal}
        return render(request, "traceability/audits/audits.html", context, status=refusal.code.status)
    return redirect("audit-archive", made.pk)


@require_safe
def archives(request: HttpRequest) -> HttpResponse:
    _reader(request)
    page = Paginator(all_bundles(), PAGE).get_page(request.GET.get("page"))
    return render(request, "traceability/audits/archives.html", {"tab": "archives", "page": page})


@require_safe
def archive(request: HttpRequest, archive_id: int) -> HttpResponse:
    return render(request, "traceability/audits/archive.html", _archive(request, archive_id))


@require_safe
def archive_parts(request: HttpRequest, archive_id: int) -> HttpResponse:
    response = render(request, "traceability/audits/_archive.html", _archive(request, archive_id))
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def cancel_archive(request: HttpRequest, archive_id: int) -> HttpResponse:
    try:
        bundles.cancel(archive_id, _reader(request))
    except Refusal as refusal:
        context = _archive(request, archive_id) | {"refused": refusal}
        return render(request, "traceability/audits/archive.html", context, status=refusal.code.status)
    return redirect("audit-archive", archive_id)


@require_safe
def archive_file(request: HttpRequest, archive_id: int) -> HttpResponse | StreamingHttpResponse:
    _reader(request)
    try:
        bundle, content = bundles.content_of(archive_id)
    except Refusal as refusal:
        context = _archive(request, archive_id) | {"refused": refusal}
        return render(request, "traceability/audits/archive.html", context, status=refusal.code.status)
    response = StreamingHttpResponse(content, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{bundles.file_name(bundle)}"'
    return response


@require_safe
def history_file(request: HttpRequest, kind: str, serial: str) -> HttpResponse:
    """Whoever may read the unit's page may have its history file, in the reader's language unless told."""
    if kind not in ("pdf", "json"):
        raise Http404
    person = _person(request)
    issued = issue(serial, person.username)
    name = issued.content["unit"]["serial"]
    note(QueryKind.HISTORY, person, {"serial": name, "code": issued.row.code}, 1)
    asked = request.GET.get("language", (get_language() or "en")[:2])
    language = asked if asked in LANGUAGES else "en"
    content = issued.as_json if kind == "json" else print_of(issued, person.username, language)
    response = HttpResponse(content, content_type=f"application/{kind}")
    response["Content-Disposition"] = content_disposition_header(True, f"history-{name}.{kind}")
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """By the code of the address (a printed QR code leads here), or by a file that is sent."""
    person, told, refused, status = _person(request), None, None, 200
    code, file = request.GET.get("code", "")[:80], request.FILES.get("file")
    try:
        if request.method == "POST":
            is_small = file is not None and (file.size or 0) <= LARGEST_FILE
            told = verified(content=file.read() if file is not None and is_small else None)
        elif code:
            told = verified(code=code)
        if told is not None:
            note(QueryKind.VERIFY, person, told["asked"] | {"is_genuine": told["is_genuine"]})
    except Refusal as refusal:
        refused, status = refusal, refusal.code.status
    context = {"tab": "verify", "code": code, "told": told, "refused": refused, "may_audit": may_audit(person)}
    return render(request, "traceability/audits/verify.html", context, status=status)


@require_safe
def audit_log(request: HttpRequest) -> HttpResponse:
    _reader(request)
    by, kind = request.GET.get("by", "")[:150], request.GET.get("kind", "")
    page = Paginator(log(by, kind if kind in QueryKind.values else ""), PAGE).get_page(request.GET.get("page"))
    context = {"tab": "log", "page": page, "by": by, "kind": kind, "kinds": QueryKind.values}
    return render(request, "traceability/audits/log.html", context)


def _archive(request: HttpRequest, archive_id: int) -> dict[str, Any]:
    person = _reader(request)
    bundle: Bundle = bundle_by_id(archive_id)
    return {
        "tab": "archives",
        "bundle": bundle,
        "is_going_on": bundle.state in GOING_ON,
        "may_cancel": bundles.may_cancel(bundle, person),
        "why": described(bundle.code) if bundle.code else None,
    }


def _form(request: HttpRequest) -> dict[str, Any]:
    """Names to choose from, with what is chosen."""
    known = choices()
    lists = [
        (name, [(each, getattr(each, "code", each)) for each in known[name]], request.GET.get(name, ""))
        for name in _FORM
    ]
    words = {name: request.GET.get(name, "") for name in ("serial_from", "serial_to", "since", "until", "seed", "size")}
    words |= {name: request.GET.get(name, "") for name in ("lots", "deviations", "verdict", "held", "outside")}
    return {
        "lists": lists,
        "words": words,
        "any": ANY,
        "largest_sample": LARGEST_SAMPLE,
        "longest_seed": LONGEST_SEED,
        "language": (get_language() or "en")[:2],
    }


def _words(given: QueryDict) -> QueryDict:
    """The address without what is not of the filter; times as typed are the plant's."""
    words = given.copy()
    for name in _BESIDE:
        words.pop(name, None)
    for name in ("since", "until"):
        text = words.get(name, "")
        try:
            at = parse_datetime(text) if text else None
        except ValueError:
            at = None
        if at is not None and at.tzinfo is None:
            words[name] = at.replace(tzinfo=timezone.get_default_timezone()).isoformat()
    return words


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)  # LoginRequiredMiddleware let it pass


def _reader(request: HttpRequest) -> Person:
    person = _person(request)
    if not may_audit(person):
        raise PermissionDenied
    return person
