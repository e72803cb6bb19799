"""Control plans on pages: the list with what it expects by chance, the form with its preview, the spreadsheet."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from lines.errors import Refusal
from lines.people.auth import may_edit_plans
from lines.people.models import Person
from lines.spreadsheets import XLSX, as_csv, as_xlsx
from quality.charts.answering import asked_figure, drawing, fresh
from quality.charts.specs import pair_spec
from quality.plans import fitting, services
from quality.plans.asked import AskedPlan, Wrong, asked_plan, words_of
from quality.plans.expected import MOST_ALARMS, MOST_CONTAINMENTS, whole_plan
from quality.plans.imports import plans_sheet, read_plans
from quality.plans.listing import (
    all_plans,
    changes_of,
    choices,
    last_change,
    last_changes,
    one_plan,
    values_of_plan,
    versions_of,
)
from quality.plans.models import ChartType, ControlPlan, Response, SigmaMethod, Source, StreamBy, SubgroupBy, Summary
from quality.plans.previews import preview
from quality.spc.tables import MOST_BYTES
from quality.studies.drawn import drawn
from quality.studies.queries import stream_names, studies_of
from quality.studies.services import fields_to_enter

_START = {"chart": "I-MR", "rules": "1 2", "response": "ALARM", "is_active": "1", "reaction_due_min": "30"}
_USUAL_SPAN = timedelta(days=7)  # of a study
NARROWEST, WIDEST = 480, 2400  # px of a drawing


@require_safe
def plans(request: HttpRequest) -> HttpResponse:
    context = {
        "whole": whole_plan(all_plans()),
        "most_alarms": MOST_ALARMS,
        "most_containments": MOST_CONTAINMENTS,
        "may_edit": may_edit_plans(_person(request)),
    }
    return render(request, "quality/plans/plans.html", context)


@require_safe
def plans_csv(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    response = HttpResponse(as_csv(*plans_sheet(all_plans())[1:]), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="control-plans.csv"'
    return response


@require_safe
def plans_xlsx(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    response = HttpResponse(as_xlsx([plans_sheet(all_plans())]), content_type=XLSX)
    response["Content-Disposition"] = 'attachment; filename="control-plans.xlsx"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def plans_import(request: HttpRequest) -> HttpResponse:
    """The file, then what it would do, then its confirmation; only the last writes."""
    context: dict[str, Any] = {"may_edit": may_edit_plans(_person(request)), "reason": request.POST.get("reason", "")}
    status = 200
    if request.method == "POST":
        upload = request.FILES.get("file")
        try:
            newest = last_changes()  # before the plans are read, so never too new
            if upload:
                read = read_plans(upload.read(MOST_BYTES + 1), upload.name or "")
            else:
                read = read_plans(request.POST.get("table", ""))
            named = {asked["code"] for _, asked in read.rows}
            context |= {
                "table": as_csv(*read.sheet()[1:]),
                "seen": " ".join(f"{code}={change}" for code, change in newest.items() if code in named),
                "rows": services.check_table(read.rows),
            }
            if "store" in request.POST:
                seen = newest if upload else _seen(request.POST.get("seen", ""))
                services.import_plans(read.rows, _person(request), context["reason"], seen)
                return redirect("plans")
        except Refusal as refusal:
            context["refused"] = refusal
            status = refusal.code.status
        context |= _counted(context.get("rows", []))
    return render(request, "quality/plans/import.html", context, status=status)


def _seen(text: str) -> dict[str, int]:
    """By code the change that the check showed."""
    pairs = (each.partition("=") for each in text.split())
    return {
        code: int(number) for code, _, number in pairs if number.isascii() and number.isdigit() and len(number) < 19
    }


def _counted(rows: list[services.TableRow]) -> dict[str, int]:
    return {
        "n_wrong": sum(bool(row.wrong) for row in rows),
        "n_new": sum(row.is_new and not row.wrong for row in rows),
        "n_changed": sum(bool(row.changes) and not row.is_new for row in rows),
    }


@require_safe
def plan(request: HttpRequest, code: str) -> HttpResponse:
    found = _plan(code)
    return render(request, "quality/plans/plan.html", plan_context(request, found))


def plan_context(request: HttpRequest, found: ControlPlan, **more: Any) -> dict[str, Any]:
    """What the page of one plan shows."""
    methods = fitting.sigma_methods(found.chart, found.subgroup_size)
    return {
        "plan": found,
        "words": words_of(values_of_plan(found)),
        "versions": versions_of(found),
        "studies": studies_of(found),
        "changes": changes_of(found),
        "methods": [(method, SigmaMethod(method).label) for method in methods],
        "entered_fields": fields_to_enter(found.chart),
        "streams": stream_names(found),
        "may_edit": may_edit_plans(_person(request)),
        "asked": {
            "since": f"{timezone.localtime() - _USUAL_SPAN:%Y-%m-%dT%H:%M}",
            "until": f"{timezone.localtime():%Y-%m-%dT%H:%M}",
        },
        **more,
    }


@require_http_methods(["GET", "HEAD", "POST"])
def new_plan(request: HttpRequest) -> HttpResponse:
    """`copy`: a plan to begin with."""
    words = dict(_START)
    wrong: tuple[Wrong, ...] = ()
    refused: Refusal | None = None
    copied = one_plan(request.GET.get("copy", ""))
    if copied is not None:
        words = {**words_of(values_of_plan(copied)), "code": ""}
    if request.method == "POST":
        words = _words(request.POST)
        try:
            made = services.make_plan(asked_plan(words), _person(request), words.get("reason", ""))
            return redirect("plan", made.code)
        except Refusal as refusal:
            refused, wrong = refusal, getattr(refusal, "wrong", ())
    return _form(request, words, wrong, refused)


@require_http_methods(["GET", "HEAD", "POST"])
def edit_plan(request: HttpRequest, code: str) -> HttpResponse:
    found = _plan(code)
    words = {**words_of(values_of_plan(found)), "seen": str(last_change(found))}
    wrong: tuple[Wrong, ...] = ()
    refused: Refusal | None = None
    if request.method == "POST":
        words = {**_words(request.POST), "code": code}
        seen = words.get("seen", "")
        try:
            services.change_plan(
                code,
                asked_plan(words),
                _person(request),
                words.get("reason", ""),
                int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 19 else 0,
            )
            return redirect("plan", code)
        except Refusal as refusal:
            refused, wrong = refusal, getattr(refusal, "wrong", ())
    return _form(request, words, wrong, refused, found)


def _form(
    request: HttpRequest,
    words: Mapping[str, str],
    wrong: tuple[Wrong, ...],
    refused: Refusal | None,
    found: ControlPlan | None = None,
) -> HttpResponse:
    asked = asked_plan(words)
    context = {
        "plan": found,
        "words": words,
        "asked": asked,
        "wrong": {each.field: each for each in reversed(wrong)},
        "refused": refused,
        "choices": choices(words.get("station", "")),
        "charts": ChartType.choices,
        "subgroup_ways": SubgroupBy.choices,
        "sources": Source.choices,
        "stream_ways": StreamBy.choices,
        "summaries": Summary.choices,
        "sigma_methods": SigmaMethod.choices,
        "responses": Response.choices,
        "rules": [(rule, str(rule) in words.get("rules", "").split()) for rule in range(1, 9)],
        "may_edit": may_edit_plans(_person(request)),
        **_previewed(asked, words),
    }
    return render(request, "quality/plans/form.html", context, status=refused.code.status if refused else 200)


@require_safe
def plan_preview(request: HttpRequest) -> HttpResponse:
    """The part of the form that follows what is typed, for htmx."""
    words = _words(request.GET)
    return fresh(render(request, "quality/plans/_preview.html", _previewed(asked_plan(words), words)))


@require_safe
def plan_preview_spec(request: HttpRequest) -> HttpResponse:
    words = _words(request.GET)
    shown = preview(asked_plan(words), words.get("stream"), with_others=False)
    if shown.found is None or shown.named is None:
        raise Http404
    return spec_response(request, drawn(shown.named, shown.found))


def spec_response(request: HttpRequest, data: Any, height: int = 380) -> HttpResponse:
    """A drawing in the reader's language and the width of its place."""
    width = asked_figure(request, "width", 900, NARROWEST, WIDEST)
    return drawing(pair_spec(data, get_language() or "en", width=width, height=height))


def _previewed(asked: AskedPlan, words: Mapping[str, str]) -> dict[str, Any]:
    query = QueryDict(mutable=True)
    query.update({name: text for name, text in words.items() if name not in {"reason", "seen"}})
    return {
        "preview": preview(asked, words.get("stream")),
        "most_alarms": MOST_ALARMS,
        "most_containments": MOST_CONTAINMENTS,
        "spec_query": query.urlencode(),
    }


def _words(fields: QueryDict) -> dict[str, str]:
    """The form's fields as texts; of the ticked rules one text."""
    named = (name for name in fields if name not in {"rule", "csrfmiddlewaretoken", "width"})
    words = {name: str(fields[name]).replace("\0", "") for name in named}  # the database takes no such text
    if "rule" in fields:
        words["rules"] = " ".join(fields.getlist("rule"))
    if "form" in fields:  # an unticked box is not sent at all
        words["is_active"] = "1" if fields.get("is_active") else "0"
    return words


def _plan(code: str) -> ControlPlan:
    found = one_plan(code)
    if found is None:
        raise Http404
    return found


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)  # LoginRequiredMiddleware let it pass
