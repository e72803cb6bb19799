"""Records become points on the control charts; a rule they break becomes a signal and, once per run, an alarm.

Decided here:
- A signal is a row for every point that ends a satisfied window. Its alarm is raised once per run: as long as the
  point before violated the same rule on the same chart and side, the new signal joins that alarm, acknowledged or not.
- Both charts of a pair often signal at the same point for one cause; signals of one rule at one point share an alarm.
- The alarm clears by itself at the first point that no longer violates; it stays open until acknowledged as well.
- New control limits start new windows and end the alarms of the old ones: a run on two standards is not a run.
  A moving range goes on.
- A plan that is no longer active clears its alarms: nothing watches for their end any more.
- A signal of a plan with the response CONTAIN waits in a table of its own until its units are held.
- Screens are told of a chart's newest point once per transaction, not of every point.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import connection
from django.utils import timezone

from lines.alarms.models import AlarmPriority
from lines.alarms.services import clear, raise_alarm
from lines.events.models import EventKind
from lines.events.services import Happening, emit_all
from lines.people.actors import acting
from lines.records import pending
from lines.records.models import Consumer
from quality import errors
from quality.charts import queries, uncontained
from quality.charts.messages import alarm_message
from quality.charts.models import ChartPoint, ChartStream, Signal
from quality.charts.streams import Broken, NewPoint, Stream, Value
from quality.plans.models import ControlLimits, ControlPlan, Response, SubgroupBy
from quality.spc.following import HISTORY
from quality.spc.panels import FrozenLimits

logger = logging.getLogger(__name__)

ACTOR = "task:spc"
# Two evaluators at once would number points twice; whoever comes second leaves it to the first.
_ONE_AT_A_TIME = 0x64656E_737063
# Never high: a healthy process breaks rule 1 once in 370 points and rule 2 about as often, and alarms of which most
# are high are no longer read (ISA-18.2 expects one in twenty).
_PRIORITY = {1: AlarmPriority.MEDIUM, 2: AlarmPriority.LOW}

_Run = tuple[str, int, int]  # chart, rule, side


@dataclass
class _Followed:
    """One plan during one transaction."""

    plan: ControlPlan
    limits: ControlLimits
    stream: Stream
    running: dict[_Run, int | None] = field(default_factory=dict)  # what the last point violated, with the alarm
    points: list[ChartPoint] = field(default_factory=list)
    signals: list[Signal] = field(default_factory=list)


def evaluate(limit: int = 500, seconds: float = 5.0) -> int:
    """Work off pending records, `limit` a transaction, until none is left or the time is up. Returns how many."""
    stop_at = time.monotonic() + seconds
    done = 0
    while True:
        evaluated = _evaluate_next(limit)
        done += evaluated
        if evaluated < limit or time.monotonic() >= stop_at:
            return done


def _evaluate_next(limit: int) -> int:
    """Claim, plot and signal in one transaction: killed anywhere, the records are pending as before."""
    with acting(ACTOR):
        with connection.cursor() as cursor:
            cursor.execute("select pg_try_advisory_xact_lock(%s)", [_ONE_AT_A_TIME])
            row = cursor.fetchone()
        if not row or not row[0]:
            return 0
        for alarm in queries.alarms_of_inactive_plans():
            clear(alarm)
        claimed = pending.claim(Consumer.SPC, limit)
        if claimed:
            _plot(claimed)
        return len(claimed)


def _plot(record_ids: Sequence[int]) -> None:
    plans = queries.active_plans()
    by_key: dict[tuple[str, str, int], list[int]] = {}
    for place, (plan, _) in enumerate(plans):
        by_key.setdefault((plan.characteristic.code, plan.product.code, plan.station_id), []).append(place)
    work: dict[int, list[list[Value]]] = {}
    for record in queries.values_of(record_ids, {code for code, _, _ in by_key}):
        for characteristic, values in record.values.items():
            for place in by_key.get((characteristic, record.product, record.station_id), []):
                work.setdefault(place, []).append(values)
    if not work:
        return
    followed = _pick_up([plans[place] for place in work], {plans[place][0].pk: work[place][0] for place in work})
    for one, batches in zip(followed, work.values(), strict=True):
        for values in batches:
            for point in one.stream.take(values):
                _add(one, point)
        if one.stream.left_out:
            code = errors.VALUES_NOT_PLOTTED.code
            logger.error("%s: %s: records %s", code, one.plan.code, one.stream.left_out)
    _store(followed)


def _pick_up(
    plans: Sequence[tuple[ControlPlan, ControlLimits]], first_values: dict[int, list[Value]]
) -> list[_Followed]:
    """Each plan where the last transaction left it, in four queries for all. Alarms of older limits are cleared."""
    ids = [plan.pk for plan, _ in plans]
    earlier = queries.last_points(ids, HISTORY)
    waiting = {stream.plan_id: stream for stream in ChartStream.objects.filter(plan__in=ids)}
    running: dict[int, dict[_Run, int | None]] = {}
    limits_ids = {limits.pk for _, limits in plans}
    over: set[int] = set()
    last_ids = [points[-1].id for points in earlier.values()]
    for signal in Signal.objects.filter(point_id__in=last_ids).select_related("alarm"):
        if signal.alarm and signal.alarm.cleared_at:
            continue  # the plan was not active for a while: what it finds now is news
        if signal.limits_id in limits_ids:
            running.setdefault(signal.plan_id, {})[(signal.chart, signal.rule, signal.side)] = signal.alarm_id
        elif signal.alarm_id:
            over.add(signal.alarm_id)
    for alarm in sorted(over):
        clear(alarm)
    followed = []
    for plan, limits in plans:
        members = waiting.get(plan.pk)
        # A point takes the time of its last member, which is never one of these: any earlier time does.
        times = first_values[plan.pk][0].source_time
        stream = Stream(
            chart=plan.chart,
            by_record=plan.subgroup_by == SubgroupBy.RECORD,
            subgroup_size=plan.subgroup_size,
            rules=tuple(plan.rules),
            limits=FrozenLimits(limits.center, limits.sigma_within),
            limits_id=limits.pk,
            earlier=earlier.get(plan.pk, ()),
            waiting=[Value(v, r, times) for v, r in zip(members.values, members.records, strict=True)]
            if members
            else [],
        )
        followed.append(_Followed(plan, limits, stream, running.get(plan.pk, {})))
    return followed


def _add(one: _Followed, point: NewPoint) -> None:
    row = ChartPoint(
        plan=one.plan,
        limits=one.limits,
        number=point.number,
        source_time=point.source_time,
        location=point.location,
        spread=point.spread,
        n=point.n,
        records=list(point.records),
    )
    one.points.append(row)
    was, one.running = one.running, {}
    runs = [(broken.chart, broken.violation.rule, broken.violation.side) for broken in point.broken]
    # What goes on at this point, on either chart, is the alarm of whatever else breaks the same rule here.
    alarms = {run[1]: alarm for run in runs if (alarm := was.get(run))}  # by rule
    for run, broken in zip(runs, point.broken, strict=True):
        violation = broken.violation
        if run in was:
            alarm = was[run]
        elif one.plan.response in (Response.ALARM, Response.CONTAIN):
            if violation.rule not in alarms:
                alarms[violation.rule] = _alarm(one, point, broken)
            alarm = alarms[violation.rule]
        else:
            alarm = None
        one.running[run] = alarm
        one.signals.append(
            Signal(
                plan=one.plan,
                limits=one.limits,
                point=row,
                chart=broken.chart,
                rule=violation.rule,
                side=violation.side,
                window_first=point.number - violation.length + 1,
                raised_at=timezone.now(),
                alarm_id=alarm,
            )
        )
    for ended in {alarm for alarm in was.values() if alarm} - set(one.running.values()):
        clear(ended)


def _alarm(one: _Followed, point: NewPoint, broken: Broken) -> int:
    plan = one.plan
    english, japanese = alarm_message(
        plan.name_en, plan.name_ja, broken, plan.characteristic.unit, one.limits.sigma_within
    )
    return raise_alarm(
        plan.station,
        f"SPC-RULE-{broken.violation.rule}",
        priority=_PRIORITY[broken.violation.rule],
        message_en=english,
        message_ja=japanese,
        subject_kind=queries.CHART_SUBJECT,
        subject_id=plan.code,
        source_time=point.source_time,
    ).pk


def _store(followed: Sequence[_Followed]) -> None:
    ChartPoint.objects.bulk_create([point for one in followed for point in one.points])
    signals = Signal.objects.bulk_create([signal for one in followed for signal in one.signals])
    uncontained.add(signals)
    ChartStream.objects.bulk_create(
        [
            ChartStream(
                plan=one.plan,
                values=[value.value for value in one.stream.waiting],
                records=[value.record for value in one.stream.waiting],
            )
            for one in followed
            if one.plan.subgroup_by == SubgroupBy.CONSECUTIVE and one.plan.subgroup_size > 1
        ],
        update_conflicts=True,
        unique_fields=["plan", "stream"],
        update_fields=["values", "records"],
    )
    happenings = [
        Happening(
            EventKind.CHART_POINT,
            one.plan.station.code,
            {"plan": one.plan.code, "number": one.points[-1].number},
        )
        for one in followed
        if one.points
    ]
    happenings += [
        Happening(
            EventKind.SIGNAL,
            signal.plan.station.code,
            {"signal": signal.pk, "plan": signal.plan.code, "rule": signal.rule},
        )
        for signal in signals
    ]
    emit_all(happenings)
