"""Which charts a report is about."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Model, QuerySet

from lines.errors import Refusal
from lines.models import OperationRecord, Product, ProductionLine, Station
from quality.charts.models import ChartPoint
from quality.plans.models import Characteristic, ControlPlan
from quality.reports.asked import AskedReport
from quality.reports.errors import NOTHING_CHARTED, TOO_MANY_POINTS, UNKNOWN_NAME

MOST_POINTS, MOST_VALUES = 500_000, 1_000_000


@dataclass(frozen=True)
class Selected:
    """One chart with points in the span. `records`: those of the chosen serials; None: all."""

    plan: ControlPlan
    stream: str
    n_points: int
    records: frozenset[int] | None


def plans_of(asked: AskedReport) -> list[ControlPlan]:
    """In the order of the flow. Raises Refusal for a name that the plant does not have, or where nothing fits."""
    plans = ControlPlan.objects.select_related("characteristic", "product", "station__production_line")
    named: list[tuple[Sequence[str], type[Model], str, str]] = [
        (asked.plans, ControlPlan, "plans", "code"),
        (asked.characteristics, Characteristic, "characteristics", "characteristic__code"),
        (asked.products, Product, "products", "product__code"),
        (asked.stations, Station, "stations", "station__code"),
        (asked.lines, ProductionLine, "lines", "station__production_line__code"),
    ]
    for names, model, field, lookup in named:
        if names:
            known = set(model._default_manager.filter(code__in=names).values_list("code", flat=True))
            unknown = [name for name in names if name not in known]
            if unknown:
                raise Refusal(UNKNOWN_NAME, f"{field}: {unknown[0]}")
            plans = plans.filter(**{f"{lookup}__in": names})
    if asked.serials:
        first = _unknown_serial(asked.serials)
        if first:
            raise Refusal(UNKNOWN_NAME, f"serials: {first}")
    found = list(plans.order_by("station__sequence", "code"))
    if not found:
        raise Refusal(NOTHING_CHARTED)
    return found


def selected(asked: AskedReport) -> tuple[list[Selected], list[ControlPlan]]:
    """Charts that have points in the span, and plans that have none. Raises Refusal, also where it is too much."""
    records = _records(asked)
    charts, without = [], []
    for plan in plans_of(asked):
        points = ChartPoint.objects.filter(plan=plan, source_time__gte=asked.since, source_time__lt=asked.until)
        if records is not None:
            points = points.filter(records__overlap=sorted(records)) if records else points.none()
        found = [Selected(plan, stream, n, records) for stream, n in _counted(points)]
        charts += found
        if not found:
            without.append(plan)
    total = sum(chart.n_points for chart in charts)
    if total > MOST_POINTS:
        raise Refusal(TOO_MANY_POINTS, f"{total} points, at most {MOST_POINTS}")
    values = sum(chart.n_points * chart.plan.subgroup_size for chart in charts)
    if values > MOST_VALUES:
        raise Refusal(TOO_MANY_POINTS, f"{values} values, at most {MOST_VALUES}")
    return charts, without


def _counted(points: QuerySet[ChartPoint]) -> list[tuple[str, int]]:
    """How many points each stream has, by name."""
    return list(points.order_by("stream").values_list("stream").annotate(Count("id")))


def _records(asked: AskedReport) -> frozenset[int] | None:
    if not asked.serials:
        return None
    return frozenset(OperationRecord.objects.filter(serial__in=asked.serials).values_list("pk", flat=True))


def _unknown_serial(serials: Sequence[str]) -> str | None:
    known = set(OperationRecord.objects.filter(serial__in=serials).values_list("serial", flat=True).distinct())
    return next((serial for serial in serials if serial not in known), None)
