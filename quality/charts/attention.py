"""Which charts need somebody most: each stream of each active plan with its newest signal and what is open.

Order of need: a reaction that is overdue, a chart that signals at its newest point, an open reaction, open alarms,
signals of the last day; then the order of the flow.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from django.db import connection
from django.utils import timezone

from quality.charts.lined import lines_at, standard_of, values_at
from quality.charts.models import ChartPoint, Signal
from quality.charts.sparkline import Sparkline, sparkline
from quality.plans.models import ControlLimits, ControlPlan
from quality.spc.standards import PANELS

RECENT = timedelta(days=1)

# Each by its index: what a plan's hundredth stream costs is one look.
_STATES = """
select s.plan_id, s.stream, s.next_number, s.newest_at, last.id,
    (select count(*) from quality_signal where plan_id = s.plan_id and stream = s.stream and raised_at >= %(since)s
        and superseded_at is null),
    (select count(*) from lines_alarm a where (a.acknowledged_at is null or a.cleared_at is null) and a.id in
        (select alarm_id from quality_signal where plan_id = s.plan_id and stream = s.stream
            order by id desc limit 200)),
    (select count(*) from quality_reaction where plan_id = s.plan_id and stream = s.stream and closed_at is null),
    (select count(*) from quality_reaction where plan_id = s.plan_id and stream = s.stream and closed_at is null
        and worked_at is null and due_at < %(now)s)
from quality_chartstream s join quality_controlplan p on p.id = s.plan_id and p.is_active
left join lateral (
    select id from quality_signal where plan_id = s.plan_id and stream = s.stream and superseded_at is null
    order by id desc limit 1
) last on true
where s.next_number > 0 and (%(plan)s::bigint is null or s.plan_id = %(plan)s)
"""
_LAST = """
select point.* from unnest(%s::bigint[], %s::text[]) as wanted (plan_id, stream) cross join lateral (
    select * from quality_chartpoint where plan_id = wanted.plan_id and stream = wanted.stream
    order by source_time desc, number desc limit %s
) as point
"""


@dataclass(frozen=True)
class ChartState:
    """One chart: a plan and a stream. `last_signal` is the newest that holds, with its point and alarm."""

    plan: ControlPlan
    stream: str
    points: int
    newest_at: datetime | None
    last_signal: Signal | None = None
    recent_signals: int = 0
    open_alarms: int = 0
    open_reactions: int = 0
    overdue: int = 0

    @property
    def is_signalling(self) -> bool:
        """The newest point itself breaks a rule."""
        signal = self.last_signal
        return signal is not None and self.newest_at is not None and signal.point.source_time >= self.newest_at

    @property
    def need(self) -> tuple[int, ...]:
        """The greater, the sooner."""
        return (self.overdue, int(self.is_signalling), self.open_reactions, self.open_alarms, self.recent_signals)

    @property
    def key(self) -> str:
        """A name for the page that holds letters, digits and dashes only."""
        return f"{self.plan.pk}-{self.stream.encode().hex()}"


def active_plans() -> list[ControlPlan]:
    """In the order of the flow."""
    plans = ControlPlan.objects.filter(is_active=True).select_related("characteristic", "product", "station")
    return list(plans.order_by("station__sequence", "code"))


def chart_states(plan: ControlPlan | None = None) -> list[ChartState]:
    """All streams that have points, of active plans or of one, in the order of the flow; three queries."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(_STATES, {"since": now - RECENT, "now": now, "plan": plan.pk if plan else None})
        rows = cursor.fetchall()
    plans = ControlPlan.objects.filter(pk__in={row[0] for row in rows}).select_related(
        "characteristic", "product", "station"
    )
    by_id = {found.pk: found for found in plans}
    signals = Signal.objects.select_related("point", "alarm").in_bulk([row[4] for row in rows if row[4]])
    states = [
        ChartState(by_id[plan_id], stream, points, newest_at, signals.get(last), *counts)
        for plan_id, stream, points, newest_at, last, *counts in rows
        if plan_id in by_id
    ]
    return sorted(states, key=lambda state: (state.plan.station.sequence, state.plan.code, state.stream))


def most_needed(states: Iterable[ChartState], count: int) -> list[ChartState]:
    """The first `count` by need; equal ones keep their order."""
    return sorted(states, key=lambda state: state.need, reverse=True)[:count]


def limits_in_force(plans: Iterable[int]) -> dict[tuple[int, str], ControlLimits]:
    """The version frozen last of those in force, by plan and stream; "" is for streams without their own.

    As quality.charts.watched reads them.
    """
    newest = (
        ControlLimits.objects.filter(plan__in=set(plans), valid_from__lte=timezone.now())
        .order_by("plan_id", "stream", "-version")
        .distinct("plan_id", "stream")
    )
    return {(limits.plan_id, limits.stream): limits for limits in newest}


def last_points(keys: Sequence[tuple[int, str]], count: int) -> dict[tuple[int, str], list[ChartPoint]]:
    """The last `count` points of each plan and stream in order of time, in one query; absent where there are none."""
    points = ChartPoint.objects.raw(_LAST, [[plan for plan, _ in keys], [stream for _, stream in keys], count])
    ordered = sorted(points, key=lambda point: (point.plan_id, point.stream, point.source_time, point.number))
    return {key: list(group) for key, group in groupby(ordered, lambda point: (point.plan_id, point.stream))}


@dataclass(frozen=True)
class Glance:
    """The newest points of a chart at a size between a word and a postcard."""

    spark: Sparkline
    newest: float
    limits: ControlLimits


def glances(states: Sequence[ChartState], count: int, width: int, height: int) -> dict[str, Glance]:
    """By key of the state; without limits or points there is none. Two queries."""
    keys = [(state.plan.pk, state.stream) for state in states]
    limits = limits_in_force(plan for plan, _ in keys)
    points = last_points(keys, count)
    found = {}
    for state, key in zip(states, keys, strict=True):
        own = limits.get(key) or limits.get((key[0], ""))
        drawn = _glance(state.plan, own, points.get(key, ()), width, height) if own else None
        if drawn:
            found[state.key] = drawn
    return found


def _glance(
    plan: ControlPlan, limits: ControlLimits, points: Sequence[ChartPoint], width: int, height: int
) -> Glance | None:
    panel = PANELS[plan.chart][0]
    values = [(value, point) for point in points if (value := _plotted(plan.chart, panel, point)) is not None]
    if not values:
        return None
    newest, last = values[-1]
    lines = lines_at(plan.chart, standard_of(plan.chart, limits, plan.options), last.n, last.size)[panel]
    if lines is None:
        return None
    shown, half = [value for value, _ in values], lines.ucl - lines.center
    spark = sparkline(shown, lines.center, half, lower=lines.lcl, width=width, height=height)
    return Glance(spark, newest, limits)


def _plotted(chart: str, panel: str, point: ChartPoint) -> float | None:
    """Of a CUSUM the sum that is further out."""
    values = values_at(chart, point)
    value, low = values.get(panel), values.get("CUSUM_LOW")
    return low if value is not None and low is not None and -low > value else value
