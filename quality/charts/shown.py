"""What the chart pages show beside the drawing: the list with its sparklines, signals with their units, limits."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from lines.alarms.queries import AlarmState, state_of
from lines.models import OperationRecord
from quality.charts.models import ChartPoint, Signal
from quality.charts.plotted import SpecLimits
from quality.charts.queries import (
    ChartSummary,
    active_plans,
    charts_list,
    last_points,
    signals_of,
    specification,
    values_of,
)
from quality.charts.sparkline import Sparkline, sparkline
from quality.plans.models import ControlLimits, ControlPlan
from quality.spc.panels import FrozenLimits
from quality.spc.variables import mean_lines

SPARKLINE_POINTS = 40
NEWEST_SIGNALS = 25


@dataclass(frozen=True)
class ChartRow:
    """One chart in the list. `spark` is None before its first point, `limits` while none are valid."""

    summary: ChartSummary
    limits: ControlLimits | None
    spark: Sparkline | None

    @property
    def plan(self) -> ControlPlan:
        return self.summary.plan

    @property
    def is_signalling(self) -> bool:
        """The newest point itself breaks a rule."""
        signal = self.summary.last_signal
        return signal is not None and signal.point.number == self.summary.points - 1


def chart_rows() -> list[ChartRow]:
    """All active charts in the order of the flow; the number of queries does not depend on how many."""
    summaries = charts_list()
    limits = {plan.pk: newest for plan, newest in active_plans()}
    points = last_points([summary.plan.pk for summary in summaries], SPARKLINE_POINTS)
    rows = []
    for summary in summaries:
        newest = limits.get(summary.plan.pk)
        spark = None
        if newest is not None and (last := points.get(summary.plan.pk)):
            lines = mean_lines(FrozenLimits(newest.center, newest.sigma_within), last[-1].n)
            spark = sparkline([point.location for point in last], lines.center, lines.ucl - lines.center)
        rows.append(ChartRow(summary, newest, spark))
    return rows


@dataclass(frozen=True)
class SignalRow:
    signal: Signal
    state: AlarmState | None  # of its alarm
    serials: list[str]  # of the units in the point

    @property
    def first_serial(self) -> str:
        return self.serials[0] if self.serials else ""

    @property
    def n_more(self) -> int:
        return len(self.serials) - 1

    @property
    def is_open(self) -> bool:
        return self.state not in (None, AlarmState.NORMAL)


@dataclass(frozen=True)
class ChartView:
    row: ChartRow
    signals: list[SignalRow]
    n_signals: int
    versions: list[ControlLimits]  # newest first
    spec: SpecLimits | None

    @property
    def plan(self) -> ControlPlan:
        return self.row.plan


def chart_view(plan: ControlPlan) -> ChartView:
    summary = next((s for s in charts_list(plan.station.code) if s.plan.pk == plan.pk), None)
    versions = list(plan.limits.filter(valid_from__lte=timezone.now()).order_by("-valid_from", "-version"))
    all_signals = signals_of(plan)
    newest = list(all_signals[:NEWEST_SIGNALS])
    serials = _serials(record for signal in newest for record in signal.point.records)
    signals = [
        SignalRow(
            signal,
            state_of(signal.alarm) if signal.alarm else None,
            [serials[record] for record in signal.point.records if record in serials],
        )
        for signal in newest
    ]
    # A plan that is not active any more is not in the list, but its chart can still be read.
    row = ChartRow(summary or ChartSummary(plan, 0, None, None, 0), versions[0] if versions else None, None)
    return ChartView(row, signals, all_signals.count(), versions, specification(plan))


def _serials(record_ids: Iterable[int]) -> dict[int, str]:
    return dict(OperationRecord.objects.filter(pk__in=set(record_ids)).values_list("pk", "serial"))


@dataclass(frozen=True)
class PointMember:
    """One record in a point, with its values in the order they were posted."""

    record: int
    serial: str
    values: list[float]


@dataclass(frozen=True)
class PointView:
    point: ChartPoint
    members: list[PointMember]
    signals: list[Signal]


def point_view(plan: ControlPlan, number: int) -> PointView | None:
    point = plan.points.select_related("limits").filter(number=number).first()
    if point is None:
        return None
    ids = list(dict.fromkeys(point.records))
    serials = _serials(ids)
    code = plan.characteristic.code
    members = [
        PointMember(found.record, serials.get(found.record, ""), [v.value for v in found.values.get(code, [])])
        for found in values_of(ids, [code])
    ]
    return PointView(point, members, list(point.signals.select_related("alarm").order_by("chart", "rule")))
