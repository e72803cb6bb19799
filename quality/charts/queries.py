"""What the control charts show."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from django.db import connection
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.utils import timezone

from lines.alarms.queries import OPEN
from lines.models import Alarm, Measurement, OperationRecord
from quality.charts.models import ChartPoint, Signal
from quality.charts.plotted import SpecLimits
from quality.plans.models import CharacteristicLimits, ControlLimits, ControlPlan

CHART_SUBJECT = "chart"


class PostedValue(NamedTuple):
    value: float
    record: int
    source_time: datetime


class EarlierPoint(NamedTuple):
    """A point as stored: enough of it for a glance."""

    id: int
    number: int
    location: float
    spread: float | None
    n: int
    limits_id: int


@dataclass(frozen=True)
class RecordValues:
    """One record's values on the characteristics that are charted anywhere."""

    record: int
    station_id: int
    product: str
    values: dict[str, list[PostedValue]]  # by characteristic, in the order they were posted


def values_of(record_ids: Sequence[int], characteristics: Iterable[str]) -> list[RecordValues]:
    """In the order of `record_ids`."""
    records = {
        row[0]: row[1:]
        for row in OperationRecord.objects.filter(pk__in=record_ids).values_list(
            "pk", "station_id", "product", "received_at"
        )
    }
    if not records:
        return []
    received = [received_at for _, _, received_at in records.values()]
    rows = (
        Measurement.objects.filter(
            # The span keeps the look-up to the partitions that can have them.
            received_at__range=(min(received), max(received)),
            record_id__in=record_ids,
            characteristic__in=list(characteristics),
        )
        .order_by("record_id", "sequence")
        .values_list("record_id", "characteristic", "value", "source_time")
    )
    found: dict[int, dict[str, list[PostedValue]]] = {record_id: defaultdict(list) for record_id in records}
    for record_id, characteristic, value, source_time in rows:
        found[record_id][characteristic].append(PostedValue(value, record_id, source_time))
    return [
        RecordValues(record_id, *records[record_id][:2], found[record_id])
        for record_id in record_ids
        if record_id in records
    ]


def active_plans() -> list[tuple[ControlPlan, ControlLimits]]:
    """Each active plan with its newest valid limits. One without any has nothing to be held to and is left out."""
    newest = (
        ControlLimits.objects.filter(plan__is_active=True, valid_from__lte=timezone.now())
        .order_by("plan_id", "-valid_from", "-version")
        .distinct("plan_id")
        .select_related("plan__characteristic", "plan__product", "plan__station")
    )
    return [(limits.plan, limits) for limits in newest]


def alarms_of_inactive_plans() -> list[int]:
    """Alarms not cleared yet whose chart is not evaluated any more."""
    inactive = ControlPlan.objects.filter(is_active=False).values("code")
    found = Alarm.objects.filter(cleared_at=None, subject_kind=CHART_SUBJECT, subject_id__in=inactive)
    return list(found.order_by("id").values_list("pk", flat=True))


def last_points(plan_ids: Sequence[int], count: int) -> dict[int, list[EarlierPoint]]:
    """The last `count` points of each plan, oldest first, in one query; plans without points are absent."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select point.plan_id, point.id, point.number, point.location, point.spread, point.n, point.limits_id"
            " from unnest(%s::bigint[]) as wanted (id) cross join lateral"
            " (select * from quality_chartpoint where plan_id = wanted.id order by number desc limit %s) as point"
            " order by point.plan_id, point.number",
            [list(plan_ids), count],
        )
        rows = cursor.fetchall()
    return {plan: [EarlierPoint(*row[1:]) for row in group] for plan, group in groupby(rows, lambda row: int(row[0]))}


@dataclass(frozen=True)
class ChartSummary:
    """One line of the list of charts."""

    plan: ControlPlan
    points: int
    last_point_at: datetime | None
    last_signal: Signal | None
    open_alarms: int


def charts_list(station: str = "") -> list[ChartSummary]:
    """All active charts in the order of the flow, each with its state; four queries whatever their number."""
    last = ChartPoint.objects.filter(plan=OuterRef("pk")).order_by("-number")
    plans = (
        ControlPlan.objects.filter(is_active=True)
        .select_related("characteristic", "product", "station")
        .annotate(
            last_number=Subquery(last.values("number")[:1]),
            last_point_at=Subquery(last.values("source_time")[:1]),
            last_signal=Subquery(Signal.objects.filter(plan=OuterRef("pk")).order_by("-id").values("id")[:1]),
        )
    )
    if station:
        plans = plans.filter(station__code=station)
    found = list(plans)
    signals = Signal.objects.select_related("point", "alarm").in_bulk([p.last_signal for p in found if p.last_signal])
    open_alarms = dict(
        Alarm.objects.filter(OPEN, subject_kind=CHART_SUBJECT)
        .order_by()
        .values_list("subject_id")
        .annotate(Count("id"))
    )
    return [
        ChartSummary(
            plan=plan,
            points=0 if plan.last_number is None else plan.last_number + 1,
            last_point_at=plan.last_point_at,
            last_signal=signals.get(plan.last_signal),
            open_alarms=open_alarms.get(plan.code, 0),
        )
        for plan in found
    ]


def plan_by_code(code: str) -> ControlPlan | None:
    return ControlPlan.objects.select_related("characteristic", "product", "station").filter(code=code).first()


def signals_of(plan: ControlPlan) -> QuerySet[Signal]:
    """All signals of a chart with point and alarm, newest first."""
    return plan.signals.select_related("point", "limits", "alarm__acknowledged_by").order_by("-id")


def specification(plan: ControlPlan) -> SpecLimits | None:
    """The specification limits in force for the plan's characteristic and product."""
    limits = (
        CharacteristicLimits.objects.filter(
            characteristic=plan.characteristic, product=plan.product, valid_from__lte=timezone.now()
        )
        .order_by("-valid_from", "-version")
        .first()
    )
    return SpecLimits(limits.version, limits.lsl, limits.target, limits.usl) if limits else None


def points_with(record_id: int, station_id: int, characteristics: Iterable[str]) -> list[ChartPoint]:
    """Points that a record's values went into, in the order of their charts."""
    plans = ControlPlan.objects.filter(station=station_id, characteristic__code__in=list(characteristics))
    points = ChartPoint.objects.filter(plan__in=plans, records__contains=[record_id])
    return list(points.select_related("plan").order_by("plan", "number"))
