"""One more point of a chart: judged, and its signals tied to the alarm of their run.

Decided here:
- A signal is a row for every point that ends a satisfied window. Its alarm is raised once per run: as long as the
  point before violated the same rule on the same panel and side, the new signal joins that alarm, acknowledged or not.
- Panels of a chart often signal at the same point for one cause; signals of one rule at one point share an alarm.
- The alarm clears by itself at the first point that no longer violates; it stays open until acknowledged as well.
- A run that only a late point shows, and that ended before the newest point, is told all the same: its alarm is raised
  and cleared at once, and waits for somebody to acknowledge it.
"""

import math
from collections.abc import Iterable

from lines.alarms.models import AlarmPriority
from lines.alarms.services import clear, raise_alarm
from lines.telemetry.news import moment
from quality.charts import queries
from quality.charts.followed import Followed, Run
from quality.charts.lined import values_at
from quality.charts.messages import Broken, alarm_message
from quality.charts.models import Signal
from quality.charts.storing import PointRow, SignalRow, Unstored
from quality.charts.subgroups import NewPoint
from quality.plans.models import Response
from quality.spc.series import Judged, Plotted, Violation

# Never high: a healthy process breaks rule 1 once in 370 points and rule 2 about as often, and alarms of which most
# are high are no longer read (ISA-18.2 expects one in twenty).
_FIRST_RULE, _OTHERS = AlarmPriority.MEDIUM, AlarmPriority.LOW


class CannotBeJudged(Exception):
    """The limits and this point make no figures; the series is not to be used any more."""


def judge(one: Followed, point: NewPoint, unstored: Unstored) -> None:
    """Put a point on its chart. Alarms are raised and cleared now, rows are written with the others.

    Raises CannotBeJudged before anything else was done.
    """
    plotted = Plotted(
        one.next_number, point.time_us, point.location, point.spread, point.within, point.n, point.size
    )  # fmt: skip
    try:
        judged = one.series.insert(plotted)
    except (ArithmeticError, ValueError) as error:
        raise CannotBeJudged(str(error)) from error
    one.next_number += 1
    unstored.points[one.key, plotted.number] = PointRow(
        one.plan, one.stream, one.frozen.pk, judged.point, judged.is_late, point.records
    )
    for changed in judged.changed:
        unstored.change(one.key, changed)
    if judged.is_late:
        _late(one, judged, unstored)
    else:
        _newest(one, judged, unstored)


def _newest(one: Followed, judged: Judged, unstored: Unstored) -> None:
    one.newest = judged.point.number
    was, one.running = one.running, {}
    if not (judged.new or was):
        return
    # What goes on at this point, on any panel, is the alarm of whatever else breaks the same rule here.
    alarms = {v.rule: alarm for v in judged.new if (alarm := was.get(_run(v)))}
    for violation in judged.new:
        run = _run(violation)
        alarm = was[run] if run in was else _alarm_for(one, violation, judged.point, alarms, unstored)
        one.running[run] = alarm
        _add(one, violation, alarm, unstored)
    for ended in {alarm for alarm in was.values() if alarm} - set(one.running.values()):
        clear(ended)


def _late(one: Followed, judged: Judged, unstored: Unstored) -> None:
    """Windows that a late point touches: some hold now, some no longer."""
    was = dict(one.running)
    for violated in judged.ended:
        unstored.supersede(one.key, violated)
        number, panel, rule, side = violated
        if number == one.newest:
            one.running.pop((panel, rule, side), None)
    if judged.new:
        points = list(one.series.points)
        places = {point.number: place for place, point in enumerate(points)}
        raised: dict[tuple[int, int], dict[int, int]] = {}
        for violation in sorted(judged.new, key=lambda violation: places[violation.number]):
            place = places[violation.number]
            alarms = raised.setdefault((violation.number, violation.rule), {})
            is_newest = violation.number == one.newest
            alarm = _alarm_beside(one, violation, points, place, unstored)
            if alarm is None:
                is_first = not alarms
                alarm = _alarm_for(one, violation, points[place], alarms, unstored)
                if alarm is not None and is_first and not is_newest:
                    clear(alarm)
            if is_newest:
                one.running[_run(violation)] = alarm
            _add(one, violation, alarm, unstored)
    for ended in {alarm for alarm in was.values() if alarm} - set(one.running.values()):
        clear(ended)


def _run(violation: Violation) -> Run:
    return violation.panel, violation.rule, violation.side


def _add(one: Followed, violation: Violation, alarm: int | None, unstored: Unstored) -> None:
    row = SignalRow(
        one.plan, one.stream, one.frozen.pk, violation.number, violation.panel, violation.rule, violation.side,
        violation.window_first, alarm,
    )  # fmt: skip
    unstored.add(one.key, violation.key, row)


def _alarm_for(
    one: Followed, violation: Violation, point: Plotted, alarms: dict[int, int], unstored: Unstored
) -> int | None:
    """`alarms`: those of this point by rule, which a new one joins."""
    if one.plan.response not in (Response.ALARM, Response.CONTAIN):
        return None
    if violation.rule not in alarms:
        alarms[violation.rule] = _raise(one, violation, point, unstored)
    return alarms[violation.rule]


def _alarm_beside(
    one: Followed, violation: Violation, points: list[Plotted], place: int, unstored: Unstored
) -> int | None:
    """The alarm of the run that a signal of an earlier place belongs to: of the point before it, or behind it."""
    beside = [points[near] for near in (place - 1, place + 1) if 0 <= near < len(points)]
    wanted = [(point.number, *_run(violation)) for point in beside]
    for violated in wanted:
        row = unstored.signals.get((one.key, violated))
        if row is not None and row.alarm is not None:
            return row.alarm
    return _stored_alarm(one, [violated for violated in wanted if (one.key, violated) not in unstored.superseded])


def _stored_alarm(one: Followed, wanted: Iterable[tuple[int, str, int, int]]) -> int | None:
    for number, panel, rule, side in wanted:
        found = Signal.objects.filter(
            plan=one.plan.pk, stream=one.stream, point__number=number, chart=panel, rule=rule, side=side,
            limits=one.frozen.pk, superseded_at=None,
        ).exclude(alarm=None)  # fmt: skip
        if (signal := found.first()) is not None:
            return signal.alarm_id
    return None


def _raise(one: Followed, violation: Violation, point: Plotted, unstored: Unstored) -> int:
    plan = unstored.plan(one.plan.pk)
    english, japanese = _message(one, violation, point, unstored)
    return raise_alarm(
        plan.station,
        f"SPC-RULE-{violation.rule}",
        priority=_FIRST_RULE if violation.rule == 1 else _OTHERS,
        message_en=english,
        message_ja=japanese,
        subject_kind=queries.CHART_SUBJECT,
        subject_id=plan.code,
        source_time=moment(point.time_us),
    ).pk


_IN_UNIT = frozenset({"I", "MR", "XBAR", "R", "S", "EWMA"})


def _message(one: Followed, violation: Violation, point: Plotted, unstored: Unstored) -> tuple[str, str]:
    plan = unstored.plan(one.plan.pk)
    panel, kind = violation.panel, one.plan.grouping.chart
    lines = one.series.standard.lines(panel, point.n, point.size)
    value = values_at(kind, point).get(panel)
    if panel == "CUSUM" and violation.side < 0:
        value = None if point.statistic_low is None else -point.statistic_low
    center = line = lines.center if lines else math.nan
    if lines and violation.rule == 1:
        line = lines.ucl if violation.side > 0 else lines.lcl
    is_value = panel in _IN_UNIT
    broken = Broken(
        panel, violation.rule, violation.side, violation.length, center if value is None else value, line, one.stream
    )
    sigma = one.frozen.limits.sigma if is_value else (lines.error if lines else 0.0)
    return alarm_message(plan.name_en, plan.name_ja, broken, plan.characteristic.unit if is_value else "", sigma)
