"""What the control charts show."""

from collections.abc import Collection, Iterable

from django.db.models import Max, Min, QuerySet
from django.utils import timezone

from lines.models import Alarm, Measurement, OperationRecord
from quality.charts.models import ChartPoint, Signal
from quality.charts.plotted import SpecLimits
from quality.plans.models import CharacteristicLimits, ControlPlan

CHART_SUBJECT = "chart"


def measurements_of(record_ids: Collection[int], characteristic: str) -> QuerySet[Measurement]:
    """What these records say of a characteristic, in no order."""
    records = OperationRecord.objects.filter(pk__in=record_ids)
    span = records.aggregate(first=Min("received_at"), last=Max("received_at"))
    if not span["first"]:
        return Measurement.objects.none()
    # The span keeps the look-up to the partitions that can have them.
    received = (span["first"], span["last"])
    return Measurement.objects.filter(
        received_at__range=received, record_id__in=record_ids, characteristic=characteristic
    )


def serials_of(record_ids: Iterable[int]) -> dict[int, str]:
    """By record; of one that is not there none."""
    return dict(OperationRecord.objects.filter(pk__in=set(record_ids)).values_list("pk", "serial"))


def alarms_of_inactive_plans() -> list[int]:
    """Alarms not cleared yet whose chart is not evaluated any more."""
    inactive = ControlPlan.objects.filter(is_active=False).values("code")
    found = Alarm.objects.filter(cleared_at=None, subject_kind=CHART_SUBJECT, subject_id__in=inactive)
    return list(found.order_by("id").values_list("pk", flat=True))


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
