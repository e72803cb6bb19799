"""What changed at a station (4M: man, machine, material, method): marks on its charts, beside which a shift is read.

Operators and recipes are found in the records, each for its operation; other apps and people note the rest. The first
value that is seen is remembered and not marked: there is nothing it changed from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from lines.asked import site_time
from lines.errors import NOT_ALLOWED, Refusal
from lines.models import Person, Station
from lines.people.actors import acting
from lines.people.auth import may_note_changes
from quality.charts import errors
from quality.charts.models import ChangeKind, ProcessChange
from quality.plans.models import ControlPlan

OPERATOR, RECIPE = "operator", "recipe"
LONGEST_TEXT = 200


@dataclass(frozen=True)
class RecordFacts:
    """What of one record can show a change."""

    station_id: int
    operation: str
    product: str
    operator: str  # empty: not told
    recipe: str  # empty: not told
    source_time: datetime


@dataclass(frozen=True)
class _Seen:
    at: datetime
    value: str


_Subject = tuple[int, str, str]  # station, product ("" for all), what


def notice(records: Sequence[RecordFacts]) -> None:
    """Mark where operator or recipe differ from the record before, in order of time; in the current transaction.

    One query, and one more where something changed. A record older than the last mark of its kind changes nothing:
    what came between is marked already.
    """
    told: dict[_Subject, list[_Seen]] = {}
    for record in sorted(records, key=lambda record: record.source_time):
        if record.operator:
            subject = (record.station_id, "", f"{OPERATOR} {record.operation}")
            told.setdefault(subject, []).append(_Seen(record.source_time, record.operator))
        if record.recipe:
            subject = (record.station_id, record.product, f"{RECIPE} {record.operation}")
            told.setdefault(subject, []).append(_Seen(record.source_time, record.recipe))
    if not told:
        return
    known = _last_of(told)
    rows = []
    now = timezone.now()
    for subject, seen in told.items():
        last = known.get(subject)
        for one in seen:
            if last is None or (one.value != last.value and one.at >= last.at):
                rows.append(_row(subject, one, last.value if last else "", now))
                last = one
    if rows:
        ProcessChange.objects.bulk_create(rows)


def _last_of(told: dict[_Subject, list[_Seen]]) -> dict[_Subject, _Seen]:
    rows = (
        ProcessChange.objects.filter(
            station__in={station for station, _, _ in told},
            product__in={product for _, product, _ in told},
            subject__in={what for _, _, what in told},
        )
        .order_by("station_id", "product", "subject", "-at", "-id")
        .distinct("station_id", "product", "subject")
        .values_list("station_id", "product", "subject", "at", "value")
    )
    return {(station, product, subject): _Seen(at, value) for station, product, subject, at, value in rows}


def _row(subject: _Subject, seen: _Seen, was: str, now: datetime) -> ProcessChange:
    station, product, what = subject
    is_operator = what.startswith(OPERATOR)
    english, japanese = ("Operator", "作業者") if is_operator else ("Recipe", "レシピ")
    operation = what.partition(" ")[2]
    before_en, before_ja = (f" (was {was})", f"（変更前 {was}）") if was else ("", "")
    return ProcessChange(
        station_id=station,
        product=product,
        at=seen.at,
        kind=ChangeKind.MAN if is_operator else ChangeKind.METHOD,
        subject=what,
        value=seen.value,
        is_first=not was,
        text_en=f"{english} {operation}: {seen.value}{before_en}",
        text_ja=f"{japanese} {operation}：{seen.value}{before_ja}",
        noted_at=now,
    )


def note(
    station: Station,
    kind: ChangeKind,
    at: datetime,
    text_en: str,
    text_ja: str,
    *,
    by: str,
    subject: str = "",
    value: str = "",
    product: str = "",
) -> ProcessChange:
    """A change somebody knows of: material mounted, a gauge calibrated, a tool replaced. In the current transaction."""
    return ProcessChange.objects.create(
        station=station, product=product, at=at, kind=kind, subject=subject, value=value[:120],
        text_en=text_en[:LONGEST_TEXT], text_ja=text_ja[:LONGEST_TEXT], noted_by=by[:150], noted_at=timezone.now(),
    )  # fmt: skip


def changes_between(station: Station, product: str, since: datetime, until: datetime) -> list[ProcessChange]:
    """Changes at a station that concern a product, in order of time; both ends belong to it."""
    found = ProcessChange.objects.filter(
        Q(product="") | Q(product=product), station=station, at__range=(since, until), is_first=False
    )
    return list(found.order_by("at", "id"))


def changes_of(plan: ControlPlan, count: int) -> list[ProcessChange]:
    """The newest changes that concern a plan's station and product, newest first."""
    product = plan.product.code
    found = ProcessChange.objects.filter(Q(product="") | Q(product=product), station=plan.station_id, is_first=False)
    return list(found.order_by("-at", "-id")[:count])


def note_by_person(person: Person, plan: ControlPlan, kind: str, at: str, text: str) -> ProcessChange:
    """What somebody wrote on the page of a chart. `at` is the site's wall clock, empty for now. Raises Refusal."""
    if not may_note_changes(person):
        raise Refusal(NOT_ALLOWED, "role")
    told = " ".join(text.replace("\0", "").split())
    if kind not in ChangeKind.values or not told or len(told) > LONGEST_TEXT:
        raise Refusal(errors.CHANGE_UNTOLD, kind if kind not in ChangeKind.values else "text")
    now = timezone.now()
    try:
        when = site_time(at) if at else now
    except ValueError:
        raise Refusal(errors.CHANGE_TIME, at[:40]) from None
    if when > now:
        raise Refusal(errors.CHANGE_TIME, at[:40])
    actor = f"person:{person.username}"
    with acting(actor):
        return note(plan.station, ChangeKind(kind), when, told, told, by=actor)
