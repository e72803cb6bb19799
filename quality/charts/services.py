"""Records become points on the control charts; a rule they break becomes a signal and, once per run, an alarm.

Decided here:
- Values are taken in the order in which they were stored; where a point stands on its chart is its time alone. So a
  chart that saw nothing late equals the plain batch, and one that did equals the replay of what came.
- New control limits start new windows and end the alarms of the old ones: a run on two standards is not a run.
  A moving range goes on.
- A plan that is no longer active clears its alarms: nothing watches for their end any more.
- A signal of a plan with the response CONTAIN waits in a table of its own until its units are held.
- Screens are told of a chart's newest point once per transaction, not of every point.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from django.db import connection, transaction
from django.utils import timezone

from lines.alarms.services import clear
from lines.ledger.times import microseconds
from lines.people.actors import acting
from lines.records import pending
from lines.records.models import Consumer
from lines.telemetry.news import moment
from quality import errors
from quality.charts import isolation, process_changes, queries, runs, telemetry
from quality.charts.arriving import arrived
from quality.charts.followed import Followed, Following, Key, streams_waiting
from quality.charts.storing import Unstored, keep_streams, tell_screens
from quality.charts.subgroups import NewPoint, Value
from quality.charts.watched import Plans

logger = logging.getLogger(__name__)

ACTOR = "task:spc"
# Two evaluators at once would number points twice; whoever comes second leaves it to the first.
_ONE_AT_A_TIME = 0x64656E_737063


PointsOf: TypeAlias = Callable[[Followed], Iterable[NewPoint]]
Given: TypeAlias = Mapping[Key, Sequence[Sequence[Value]]]
Judging: TypeAlias = Callable[[Sequence[Key], PointsOf, Mapping[Key, int] | None, Given], int]
"""Judges streams by what gives their points, until when their telemetry is worked off, and the values they were given;
returns how many points there were."""

# How long after the end of a period its values may still come.
_PATIENCE = timedelta(seconds=5)


class _Memory:
    """What this worker read in earlier transactions; the tables say whether it still holds."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.plans = Plans()
        self.following = Following()


_memory = _Memory()


def evaluate(limit: int = 500, seconds: float = 5.0) -> int:
    """Work off pending records, `limit` a transaction, until none is left or the time is up. Returns how many."""
    stop_at = time.monotonic() + seconds
    done = 0
    is_drained = False
    while True:
        evaluated = _with_isolation(lambda judge: _evaluate_next(limit, judge))
        done += evaluated or 0
        is_drained = evaluated is not None and evaluated < limit
        if evaluated is None or is_drained or time.monotonic() >= stop_at:
            break
    # Among the records that still wait, some may be of a period that is over.
    if is_drained and _memory.plans.of_time:
        _with_isolation(lambda judge: _close_periods(timezone.now(), judge))
    if _memory.plans.of_telemetry:
        _with_isolation(_follow_telemetry)
    return done


def _with_isolation(work: Callable[[Judging], int]) -> int | None:
    """All streams together; where that fails, the same again with a savepoint for each of them."""
    try:
        return _in_one_transaction(lambda: work(_judge_all))
    except isolation.OF_VALUES:
        logger.exception("%s: once more, each chart by itself", errors.STREAM_SET_ASIDE.code)
        return _in_one_transaction(lambda: work(_judge_each))


def _in_one_transaction(work: Callable[[], int]) -> int | None:
    """Killed anywhere, everything is as before; another evaluator at work: nothing is done, and None."""
    try:
        with acting(ACTOR):
            with connection.cursor() as cursor:
                cursor.execute("select pg_try_advisory_xact_lock(%s)", [_ONE_AT_A_TIME])
                row = cursor.fetchone()
            if not row or not row[0]:
                return None
            if _memory.plans.refresh():
                _memory.following.keep_only(_memory.plans.by_id)
            return work()
    except BaseException:
        _memory.forget()  # what was not committed did not happen
        raise


def _evaluate_next(limit: int, judge: Judging) -> int:
    """Claim, plot and signal."""
    for alarm in queries.alarms_of_inactive_plans():
        clear(alarm)
    claimed = pending.claim(Consumer.SPC, limit)
    if claimed:
        found = arrived(claimed, _memory.plans)
        _notice(found.facts)
        _follow(found.values, judge)
    return len(claimed)


def _notice(facts: Sequence[process_changes.RecordFacts]) -> None:
    """Marks for the eye: what keeps them from being stored keeps no chart."""
    try:
        with transaction.atomic():
            process_changes.notice(facts)
    except isolation.OF_VALUES:
        logger.exception("%s: changes at stations", errors.STREAM_SET_ASIDE.code)


def _close_periods(now: datetime, judge: Judging) -> int:
    """Periods that are over without a value of a later one."""
    waiting = streams_waiting([plan.pk for plan in _memory.plans.of_time])
    until_us = microseconds(now - _PATIENCE)
    return judge(waiting, lambda one: one.intake.close_until(until_us), None, {})


def _follow_telemetry(judge: Judging) -> int:
    """Signals that are charted: one value for each period that is over."""
    found = _next_values()
    until = {key: read.until_us for key, read in found.items()}
    return judge(
        list(found),
        lambda one: (p for value in found[one.key].values for p in one.intake.take([value])),
        until,
        {},
    )


def _next_values() -> dict[Key, telemetry.Read]:
    plans = _memory.plans.of_telemetry
    try:
        with transaction.atomic():
            return telemetry.next_values(plans)
    except isolation.OF_VALUES:
        logger.exception("%s: once more, each plan by itself", errors.STREAM_SET_ASIDE.code)
    found: dict[Key, telemetry.Read] = {}
    for plan in plans:
        try:
            with transaction.atomic():
                found |= telemetry.next_values([plan])
        except isolation.OF_VALUES as error:
            isolation.set_aside((plan.pk, ""), [], error, None)
    return found


def _follow(values: Mapping[Key, Sequence[Sequence[Value]]], judge: Judging) -> int:
    """Each stream takes its values, a list for each record, in their order."""
    return judge(list(values), lambda one: (p for some in values[one.key] for p in one.intake.take(some)), None, values)


def _judge_each(
    keys: Sequence[Key], points_of: PointsOf, watched_until_us: Mapping[Key, int] | None, values: Given
) -> int:
    """Judge each stream by itself, and record by record where that fails; what fails even so is set aside."""
    judged = 0
    for key in keys:
        try:
            judged += _judge_alone(key, points_of, watched_until_us)
        except isolation.OF_VALUES as error:
            _memory.following.forget([key])
            if key in values:
                judged += sum(_judge_record(key, some) for some in values[key])
                continue
            until_us = (watched_until_us or {}).get(key)
            isolation.set_aside(key, [], error, None if until_us is None else moment(until_us))
    return judged


def _judge_record(key: Key, values: Sequence[Value]) -> int:
    try:
        return _judge_alone(key, lambda one: one.intake.take(values), None)
    except isolation.OF_VALUES as error:
        _memory.following.forget([key])
        isolation.set_aside(key, [value.record for value in values], error, None)
        return 0


def _judge_alone(key: Key, points_of: PointsOf, watched_until_us: Mapping[Key, int] | None) -> int:
    with transaction.atomic():
        return _judge_all([key], points_of, watched_until_us, {})


def _judge_all(
    keys: Sequence[Key],
    points_of: PointsOf,
    watched_until_us: Mapping[Key, int] | None,
    values: Given,  # noqa: ARG001 - what may have to be told of is of no interest while all is well
) -> int:
    """Judge what each of these streams has, and store it. Returns how many points there were."""
    if not keys:
        return 0
    followed, over = _memory.following.pick_up(keys, _memory.plans.by_id)
    for alarm in sorted(over):
        clear(alarm)
    unstored = Unstored()
    told, judged = [], 0
    for key, one in followed.items():
        before = one.next_number
        for point in points_of(one):
            followed[key] = _judge(followed[key], point, unstored)
        judged += followed[key].next_number - before
        if followed[key].next_number > before:
            told.append(followed[key])
        if one.intake.left_out:
            logger.error("%s: %s: records %s", errors.VALUES_NOT_PLOTTED.code, one.plan.code, one.intake.left_out)
    unstored.write()
    keep_streams(followed.values(), watched_until_us)
    tell_screens(told)
    return judged


def _judge(one: Followed, point: NewPoint, unstored: Unstored) -> Followed:
    """Returns where the stream stands now."""
    part = one
    if not one.series.reaches(point.time_us):
        # So late that what is known does not reach back: the chart about that time is read, all else stored before.
        unstored.write()
        part = _memory.following.around(one, point.time_us)
    try:
        runs.judge(part, point, unstored)
    except runs.CannotBeJudged as error:
        logger.error("%s: %s: %s", errors.PLAN_NOT_WATCHED.code, one.plan.code, error)
    else:
        if part is one:
            return one
    unstored.write()
    return _memory.following.again(part)
