"""What the control charts show."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet
from django.utils import timezone

from lines.models import Alarm, Measurement, OperationRecord
from quality.charts.models import ChartPoint, Signal
from quality.charts.plotted import SpecLimits
from quality.plans.models import CharacteristicLimits, ControlPlan

CHART_SUBJECT = "chart"


class PostedValue(NamedTuple):
    value: float
    record: int
    source_time: datetime


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


def alarms_of_inactive_plans() -> list[int]:
    """Alarms not cleared yet whose chart is not evaluated any more."""
    inactive = ControlPlan.objects.filter(is_active=False).values("code")
    found = Alarm.objects.filter(cleared_at=None, subject_kind=CHART_SUBJECT, subject_id__in=inactive)
    return list(found.order_by("id").values_list("pk", flat=True))


def plan_by_code(code: str) -> ControlPlan | None:
    return ControlPlan.objects.select_related("characteristic", "product", "station").filter(code=code).first()


def signals_of(plan: ControlPlan, stream: str = "") -> QuerySet[Signal]:
    """All signals of a chart with point, alarm and what was found of them, newest first."""
    return (
        plan.signals.filter(stream=stream)
        .select_related("point", "limits", "alarm__acknowledged_by", "answered_by__reaction__cause")
        .order_by("-id")
    )


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
