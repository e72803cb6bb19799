"""Pages of gauges: the list with due dates, one gauge with its calibrations and studies, and what one misjudged."""

from collections.abc import Callable
from typing import Any, cast

from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from lines.errors import Refusal
from lines.people.auth import may_calibrate
from lines.people.models import Person
from quality.gauges import errors, queries, services
from quality.gauges.asked import asked_calibration
from quality.gauges.models import CalibrationKind
from quality.gauges.standing import STATES
from quality.spc.gauge_rr import SOURCES
from quality.spc.tables import MOST_BYTES, read_table

PAGE = 50
MOST_MESSAGES = 50
MOST_ECHOED = 100_000


@require_safe
def gauges(request: HttpRequest) -> HttpResponse:
    wanted = request.GET.get("state", "")
    wanted = wanted if wanted in STATES else ""
    text = " ".join(request.GET.get("q", "").replace("\0", "").split())[:48]
    rows, counts = queries.gauges(wanted=wanted, text=text)
    context = {
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "wanted": wanted,
        "text": text,
        "tabs": [("", sum(counts.values())), *((state, counts.get(state, 0)) for state in STATES)],
    }
    return render(request, "quality/gauges/list.html", context)


@require_safe
def gauge(request: HttpRequest, code: str) -> HttpResponse:
    return _shown(request, code)


@require_POST
def calibrate(request: HttpRequest, code: str) -> HttpResponse:
    def record(person: Person) -> None:
        asked = asked_calibration({name: str(text) for name, text in request.POST.items()}, timezone.now())
        services.record_calibration(code, asked, person)

    return _done(request, code, "calibration", record)


@require_POST
def link(request: HttpRequest, code: str) -> HttpResponse:
    chosen = request.POST.getlist("characteristic")
    return _done(
        request, code, "characteristics", lambda person: services.link_characteristics(code, chosen, person)
    )  # fmt: skip


@require_POST
def new_study(request: HttpRequest, code: str) -> HttpResponse:
    def record(person: Person) -> None:
        uploaded = request.FILES.get("file")
        if isinstance(uploaded, UploadedFile):
            table = read_table(uploaded.read(MOST_BYTES + 1), uploaded.name or "")
        else:
            table = read_table(request.POST.get("table", ""))
        fields = {name: request.POST.get(name, "") for name in ("at", "tolerance", "note")}
        services.record_study(code, request.POST.get("study_of", ""), table, person, **fields)

    return _done(request, code, "study", record)


@require_safe
def study(request: HttpRequest, study_id: int) -> HttpResponse:
    found = queries.study_by_id(study_id)
    if found is None:
        raise Http404
    parts = list(dict.fromkeys(part for part, _, _ in found.readings))
    operators = list(dict.fromkeys(operator for _, operator, _ in found.readings))
    context = {
        "study": found,
        "rows": [(source, found.components[source]) for source in SOURCES if source in found.components],
        "operators": operators,
        "readings": [
            (part, [[v for p, o, v in found.readings if (p, o) == (part, operator)] for operator in operators])
            for part in parts
        ],
    }  # fmt: skip
    return render(request, "quality/gauges/study.html", context)


@require_safe
def suspects(request: HttpRequest, calibration_id: int) -> HttpResponse:
    after = request.GET.get("after", "")[:64]
    try:
        found = queries.suspects(calibration_id, after=after if after.isprintable() else "")
    except Refusal:
        raise Http404 from None
    return render(request, "quality/gauges/suspects.html", {"suspects": found, "gauge": found.calibration.gauge})


def _done(request: HttpRequest, code: str, part: str, act: Callable[[Person], None]) -> HttpResponse:
    """Back to the gauge, or its page again with what was refused and typed."""
    try:
        act(_person(request))
    except Refusal as refusal:
        if refusal.code == errors.GAUGE_UNKNOWN:
            raise Http404 from None
        return _shown(request, code, refusal, part)
    return redirect("gauge", code)


def _shown(request: HttpRequest, code: str, refused: Refusal | None = None, part: str = "") -> HttpResponse:
    found = queries.gauge_by_code(code)
    if found is None:
        raise Http404
    now = timezone.now()
    linked = list(found.characteristics.order_by("code"))
    characteristics = queries.all_characteristics()
    choosable = linked or queries.measured_at(found) or characteristics
    words = {name: str(text)[:MOST_ECHOED] for name, text in request.POST.items()} if refused else {}
    context: dict[str, Any] = {
        "gauge": found,
        "state": queries.state_of(found, now),
        "calibrations": queries.windows_of(found),
        "studies": queries.studies_of(found),
        "linked": linked,
        "linked_codes": {each.code for each in linked},
        "characteristics": characteristics,
        "choosable": choosable,
        "tolerances": queries.usual_tolerances(choosable),
        "kinds": CalibrationKind.values,
        "may_calibrate": may_calibrate(_person(request)),
        "words": words,
        "refused": refused,
        "part": part,
        "messages_of_rows": list(getattr(refused, "messages", ()))[:MOST_MESSAGES],
    }
    return render(request, "quality/gauges/gauge.html", context, status=refused.code.status if refused else 200)


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)  # LoginRequiredMiddleware let it pass
