"""Reports on pages: the list, the form, one report with its files, and the schedules."""

from typing import Any, cast

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lines.errors import Refusal
from lines.people.auth import may_make_reports, may_schedule_reports
from lines.people.models import Person
from lines.spreadsheets import as_csv, as_xlsx
from quality.charts.answering import fresh
from quality.charts.drawn import streams_of
from quality.charts.shown import stream_to_show
from quality.plans.listing import one_plan
from quality.plans.models import ControlPlan
from quality.reports import form, reading, schedules, services
from quality.reports.asked import read_asked
from quality.reports.behind import behind, newest_rows
from quality.reports.errors import CODES
from quality.reports.files import CONTENT_TYPES
from quality.reports.models import Every, Report, ReportFormat, ReportSchedule, ReportState
from quality.reports.reading import content_of, file_name, file_of, is_as_made, report_by_id
from quality.spc.capability import NAMINGS
from quality.spc.errors import CODES as ENGINE_CODES

PAGE = 25
GOING_ON = (ReportState.QUEUED, ReportState.RUNNING)
_BY_CODE = {code.code: code for code in [*CODES, *ENGINE_CODES]}


@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    return render(request, "quality/reports/reports.html", _listed(request))


@require_safe
def reports_parts(request: HttpRequest) -> HttpResponse:
    """The table alone, asked for again while something is being made."""
    return fresh(render(request, "quality/reports/_table.html", _listed(request)))


@require_http_methods(["GET", "HEAD", "POST"])
def new_report(request: HttpRequest) -> HttpResponse:
    """The address may fill the form in, as a chart's page does."""
    refused: Refusal | None = None
    fields = request.POST if request.method == "POST" else request.GET
    if request.method == "POST":
        try:
            asked = read_asked(form.selection(fields) | form.span(fields))
            made = services.ask(asked, fields.get("language", ""), _person(request))
            return redirect("report", made.pk)
        except Refusal as refusal:
            refused = refusal
    context = {**_form(request, fields), "refused": refused}
    return render(request, "quality/reports/new.html", context, status=refused.code.status if refused else 200)


@require_safe
def report(request: HttpRequest, report_id: int) -> HttpResponse:
    """`verify`: read every file again and say whether it is as it was made."""
    found = _report(report_id)
    context = _one(request, found)
    if "verify" in request.GET:
        context["verified"] = [(file, is_as_made(file)) for file in context["files"]]
    return render(request, "quality/reports/report.html", context)


@require_safe
def report_parts(request: HttpRequest, report_id: int) -> HttpResponse:
    return fresh(render(request, "quality/reports/_report.html", _one(request, _report(report_id))))


@require_POST
def cancel(request: HttpRequest, report_id: int) -> HttpResponse:
    try:
        services.cancel(report_id, _person(request))
    except Refusal as refusal:
        context = {**_one(request, _report(report_id)), "refused": refusal}
        return render(request, "quality/reports/report.html", context, status=refusal.code.status)
    return redirect("report", report_id)


@require_safe
def report_file(request: HttpRequest, report_id: int, kind: str) -> HttpResponse | StreamingHttpResponse:
    found = _report(report_id)
    try:
        content = content_of(file_of(found, kind))
    except Refusal as refusal:
        context = {**_one(request, found), "refused": refusal}
        return render(request, "quality/reports/report.html", context, status=refusal.code.status)
    response = StreamingHttpResponse(content, content_type=CONTENT_TYPES[kind.upper()])
    response["Content-Disposition"] = f'attachment; filename="{file_name(found, kind)}"'
    return response


@require_safe
def chart_data(request: HttpRequest, code: str) -> HttpResponse:
    """The values behind a chart."""
    plan, stream = _chart(request, code)
    context = {"plan": plan, "stream": stream, "streams": streams_of(plan)}
    return render(
        request, "quality/reports/data.html", {**context, "shown": behind(plan, stream, request.GET.get("page"))}
    )


@require_safe
def chart_data_file(request: HttpRequest, code: str, kind: str) -> HttpResponse:
    plan, stream = _chart(request, code)
    header, rows = newest_rows(plan, stream)
    name = "-".join(filter(None, (plan.code, stream)))
    content = as_csv(header, rows) if kind == "csv" else as_xlsx([(name, header, rows)])
    response = HttpResponse(content, content_type=CONTENT_TYPES[kind.upper()])
    response["Content-Disposition"] = content_disposition_header(True, f"{name}.{kind}")
    return response


def _chart(request: HttpRequest, code: str) -> tuple[ControlPlan, str]:
    plan = one_plan(code)
    if plan is None:
        raise Http404
    return plan, stream_to_show(plan, request.GET.get("stream", "").replace("\0", "")[:48])


@require_safe
def schedule_list(request: HttpRequest) -> HttpResponse:
    context = {
        "schedules": reading.schedules(),
        "may_make": may_schedule_reports(_person(request)),
    }
    return render(request, "quality/reports/schedules.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def schedule(request: HttpRequest, schedule_id: int | None = None) -> HttpResponse:
    """A new one, or one to be changed, stopped or taken up again."""
    person = _person(request)
    refused: Refusal | None = None
    known = reading.find_schedule(schedule_id) if schedule_id is not None else None
    if schedule_id is not None and known is None:
        raise Http404
    fields = request.POST if request.method == "POST" else _fields_of(known, request)
    if request.method == "POST":
        try:
            if known and ("stop" in fields or "go" in fields):
                schedules.stop_schedule(known.pk, person, is_active="go" in fields)
            elif known:
                schedules.change_schedule(known.pk, _scheduled(fields), person)
            else:
                schedules.make_schedule(_scheduled(fields), person)
            return redirect("report-schedules")
        except Refusal as refusal:
            refused = refusal
    context = {
        **_form(request, fields),
        "may_make": may_schedule_reports(person),
        "refused": refused,
        "schedule": known,
        "everies": Every.values,
        "hours": range(24),
        "formats": [(name, name in fields.getlist("formats")) for name in ReportFormat.values],
    }
    return render(request, "quality/reports/schedule.html", context, status=refused.code.status if refused else 200)


def _scheduled(fields: QueryDict) -> dict[str, Any]:
    recipients = fields.get("recipients", "").replace(",", " ").replace(";", " ").split()
    words = {name: fields.get(name, "") for name in ("name", "language", "every", "hour")}
    return {**words, "asked": form.selection(fields), "recipients": recipients, "formats": fields.getlist("formats")}


def _fields_of(known: ReportSchedule | None, request: HttpRequest) -> QueryDict:
    """What the form shows first: what is stored, or what the address says."""
    fields = request.GET.copy()
    if known is None:
        fields.setdefault("every", Every.DAY)
        fields.setdefault("hour", "6")
        if "formats" not in fields:
            fields.setlist("formats", [ReportFormat.PDF, ReportFormat.XLSX])
        return fields
    fields = QueryDict(mutable=True)
    for name, value in known.asked.items():
        if isinstance(value, list):
            fields.setlist(name, ["\n".join(value)] if name == "serials" else value)
        else:
            fields[name] = str(value)
    fields["name"], fields["language"], fields["every"] = known.name, known.language, known.every
    fields["hour"], fields["recipients"] = str(known.hour), "\n".join(known.recipients)
    fields.setlist("formats", known.formats)
    return fields


def _form(request: HttpRequest, fields: QueryDict) -> dict[str, Any]:
    shown = form.choices()
    chosen = {name: set(fields.getlist(name)) for name in shown}
    lists = [(name, [(row, row.code in chosen[name]) for row in rows]) for name, rows in shown.items()]
    return {
        "lists": lists,
        "words": {**form.USUAL, "language": (get_language() or "en")[:2], **fields.dict()},
        "spans": form.SPANS,
        "namings": NAMINGS,
        "confidences": form.CONFIDENCES,
        "may_make": may_make_reports(_person(request)),
    }


def _listed(request: HttpRequest) -> dict[str, Any]:
    page = Paginator(reading.newest_reports(), PAGE).get_page(request.GET.get("page"))
    return {
        "page": page,
        "rows": [(row, read_asked(row.asked)) for row in page],
        "is_going_on": any(row.state in GOING_ON for row in page),
        "may_make": may_make_reports(_person(request)),
    }


def _one(request: HttpRequest, found: Report) -> dict[str, Any]:
    return {
        "report": found,
        "asked": read_asked(found.asked),
        "files": list(found.files.order_by("pk")),
        "same": reading.same_content(found),
        "why": _BY_CODE.get(found.code),
        "is_going_on": found.state in GOING_ON,
        "may_cancel": services.may_cancel(found, _person(request)),
    }


def _report(report_id: int) -> Report:
    try:
        return report_by_id(report_id)
    except Refusal:
        raise Http404 from None


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)  # LoginRequiredMiddleware let it pass
