"""What is drawn of one chart and stream: its points in order of time, few enough to be drawn, and all that marks them.

A span of many points is thinned: its peaks and signals stay. Numbers of points are those of their evaluation; a chart's
order is (source_time, number).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from lines.alarms.queries import AlarmState, state_of
from quality.charts.lined import RAW_BESIDE, drawn_panels, lines_at, standard_of, values_at
from quality.charts.models import ChartPoint, ChartStream, Signal
from quality.charts.plotted import Change, ChartData, ChartLimits, PlottedPoint, Signalled
from quality.charts.process_changes import changes_between
from quality.charts.queries import serials_of, specification
from quality.charts.thinning import AT_MOST
from quality.plans.models import ControlLimits, ControlPlan
from quality.spc.panels import Lines
from quality.spc.standards import Standard

NAMED = 400  # up to so many points their units are looked up


@dataclass(frozen=True)
class StreamRow:
    """One stream of a plan: "" is the only one of a plan that is not charted apart."""

    stream: str
    points: int
    newest_at: datetime | None


def streams_of(plan: ControlPlan) -> list[StreamRow]:
    """Streams that have points, by name."""
    rows = ChartStream.objects.filter(plan=plan, next_number__gt=0).order_by("stream")
    return [StreamRow(*row) for row in rows.values_list("stream", "next_number", "newest_at")]


def chart_data(
    plan: ControlPlan,
    last_n: int | None = 100,
    until: int | None = None,
    *,
    stream: str = "",
    since: datetime | None = None,
    before: datetime | None = None,
    at_most: int = AT_MOST,
) -> ChartData:
    """The last `last_n` points (None: all) up to point number `until`, of [since, before) where given.

    Each point has the lines of the limits it was evaluated on. Of more than `at_most` points about so many are drawn.
    """
    span = _span(plan, stream, until, since, before)
    newest = list(span.order_by("-source_time", "-number")[: min(last_n or at_most + 1, at_most + 1)])
    n_points, places = len(newest), list[int]()
    points = newest[::-1]
    if (last_n is None or last_n > at_most) and n_points > at_most:
        n_points, places, points = _thinned(plan, stream, span, last_n, at_most)
    signals = _signals(plan, points)
    named = points if len(points) <= NAMED else ()
    serials = serials_of(record for point in named for record in point.records)
    return ChartData(
        plan=plan.code,
        name_en=plan.name_en,
        name_ja=plan.name_ja,
        characteristic_en=plan.characteristic.name_en,
        characteristic_ja=plan.characteristic.name_ja,
        unit=plan.characteristic.unit,
        chart=plan.chart,
        panels=drawn_panels(plan.chart),
        rules=tuple(plan.rules),
        limits=newest_limits(plan, stream),
        # Beside individuals only: a subgroup's mean is not what specification limits are about.
        spec=specification(plan) if plan.chart == "I-MR" else None,
        points=tuple(_plotted(plan, points, signals, serials, is_thinned=bool(places))),
        changes=_changes(plan, points),
        stream=stream,
        places=tuple(places),
        n_points=n_points,
    )


def _span(
    plan: ControlPlan, stream: str, until: int | None, since: datetime | None, before: datetime | None
) -> QuerySet[ChartPoint]:
    span = plan.points.filter(stream=stream)
    if since is not None:
        span = span.filter(source_time__gte=since)
    if before is not None:
        span = span.filter(source_time__lt=before)
    if until is not None:
        last = plan.points.filter(stream=stream, number__lte=until).order_by("-number").first()
        if last is not None:
            at = last.source_time
            span = span.filter(Q(source_time__lt=at) | Q(source_time=at, number__lte=last.number))
    return span.select_related("limits")


# The least and the greatest value of equal stretches, as quality.charts.thinning finds them: here where the points are,
# so that a hundred thousand of them need not be fetched to draw a thousand.
_THINNED = """
with span as materialized (
    select id, {columns}, row_number() over (order by source_time, number) - 1 as place, count(*) over () as m
    from ({points}) as points
), peaks as (select {peaks} as places from span group by place * %s / m)
select place, id, m from span
where place in (select unnest(places)::bigint from peaks) or place in (0, m - 1) or id = any(%s)
order by place
"""


def _thinned(
    plan: ControlPlan, stream: str, span: QuerySet[ChartPoint], last_n: int | None, at_most: int
) -> tuple[int, list[int], list[ChartPoint]]:
    """How many points the span has, and of those that are drawn their places in it and themselves."""
    columns = ["statistic", "location"] if plan.chart in RAW_BESIDE else ["location", "spread"]
    points, parameters = (
        span.select_related(None)
        .order_by("-source_time", "-number")
        .values("id", "source_time", "number", *columns)[:last_n]
        .query.sql_with_params()
    )
    peaks = ", ".join(
        f"({end}(array[{column}, place]) filter (where {column} is not null))[2]"
        for column in columns
        for end in ("min", "max")
    )
    signalled = list(
        Signal.objects.filter(plan=plan, stream=stream, superseded_at=None)
        .order_by("point_id")
        .distinct()
        .values_list("point_id", flat=True)
    )
    step = max(-(-len(signalled) // max(at_most // 2, 1)), 1)
    with connection.cursor() as cursor:
        cursor.execute(
            _THINNED.format(columns=", ".join(columns), points=points, peaks=f"array[{peaks}]"),
            [*parameters, max(at_most // 8, 1), signalled[::step]],
        )
        rows = cursor.fetchall()
    found = ChartPoint.objects.select_related("limits").in_bulk([pk for _, pk, _ in rows])
    return rows[0][2], [place for place, _, _ in rows], [found[pk] for _, pk, _ in rows]


def _signals(plan: ControlPlan, points: Sequence[ChartPoint]) -> dict[int, list[Signalled]]:
    found: dict[int, list[Signalled]] = defaultdict(list)
    rows = plan.signals.filter(point__in=[point.pk for point in points]).select_related(
        "alarm", "answered_by__reaction__cause"
    )
    for signal in rows.order_by("chart", "rule"):
        found[signal.point_id].append(_signalled(signal))
    return found


def cause_of(signal: Signal) -> tuple[str, str]:
    """What was found when its reaction was worked, in English and Japanese; empty while it is not."""
    answered = getattr(signal, "answered_by", None)
    cause = answered.reaction.cause if answered else None
    return (cause.name_en, cause.name_ja) if cause else ("", "")


def _signalled(signal: Signal) -> Signalled:
    alarm = signal.alarm
    return Signalled(
        signal=signal.pk,
        chart=signal.chart,
        rule=signal.rule,
        side=signal.side,
        window_first=signal.window_first,
        alarm=alarm.pk if alarm else None,
        is_acknowledged=bool(alarm and state_of(alarm) in {AlarmState.ACKNOWLEDGED, AlarmState.NORMAL}),
        is_superseded=signal.superseded_at is not None,
        cause=cause_of(signal),
    )


def _plotted(
    plan: ControlPlan,
    points: Sequence[ChartPoint],
    signals: dict[int, list[Signalled]],
    serials: dict[int, str],
    *,
    is_thinned: bool,
) -> list[PlottedPoint]:
    standards: dict[int, Standard | None] = {}
    lines: dict[tuple[int, int, float | None, int | None], dict[str, Lines | None]] = {}
    place = _place_of_first(plan, points) if plan.chart == "EWMA" and not is_thinned else None
    plotted = []
    before: int | None = None
    for point in points:
        if place is not None and before is not None:
            place = place + 1 if point.limits_id == before else 0
        before = point.limits_id
        if point.limits_id not in standards:
            standards[point.limits_id] = standard_of(plan.chart, point.limits, plan.options)
        key = (point.limits_id, point.n, point.size, place)
        if key not in lines:
            lines[key] = lines_at(plan.chart, standards[point.limits_id], point.n, point.size, place)
        plotted.append(
            PlottedPoint(
                number=point.number,
                source_time=timezone.localtime(point.source_time),
                n=point.n,
                values=values_at(plan.chart, point),
                lines=lines[key],
                records=tuple(point.records),
                serials=tuple(serials[record] for record in point.records if record in serials),
                limits_version=point.limits.version,
                signals=tuple(signals[point.pk]),
                size=point.size,
                is_late=point.is_late,
                is_excluded=point.is_excluded,
            )
        )
    return plotted


def _place_of_first(plan: ControlPlan, points: Sequence[ChartPoint]) -> int | None:
    """How many points on the same limits stand before the first: an EWMA's exact limits widen with them."""
    if not points:
        return None
    first = points[0]
    at = first.source_time
    earlier = plan.points.filter(stream=first.stream, limits=first.limits_id).filter(
        Q(source_time__lt=at) | Q(source_time=at, number__lt=first.number)
    )
    return earlier.count()


def newest_limits(plan: ControlPlan, stream: str = "") -> ChartLimits | None:
    """The limits in force: the stream's own if it has any, else those of all."""
    limits = current_limits(plan, stream)
    if limits is None:
        return None
    return ChartLimits(
        version=limits.version,
        center=limits.center,
        sigma_within=limits.sigma_within,
        n_values=limits.n_values,
        sigma_method=limits.sigma_method,
        valid_from=timezone.localtime(limits.valid_from),
        author=limits.author,
        reason=limits.reason,
        lines=lines_at(plan.chart, standard_of(plan.chart, limits, plan.options), plan.subgroup_size),
    )


def current_limits(plan: ControlPlan, stream: str = "") -> ControlLimits | None:
    valid = plan.limits.filter(valid_from__lte=timezone.now(), stream__in={"", stream})
    return valid.order_by("-stream", "-version").first()


def _changes(plan: ControlPlan, points: Sequence[ChartPoint]) -> tuple[Change, ...]:
    if len(points) < 2:
        return ()
    found = changes_between(plan.station, plan.product.code, points[0].source_time, points[-1].source_time)
    return tuple(Change(timezone.localtime(change.at), change.kind, change.text_en, change.text_ja) for change in found)
