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

from django.db import connection
from django.utils import timezone

from lines.alarms.services import clear
from lines.people.actors import acting
from lines.records import pending
from lines.records.models import Consumer
from lines.telemetry.news import EPOCH
from quality import errors
from quality.charts import process_changes, queries, runs, telemetry
from quality.charts.arriving import arrived
from quality.charts.followed import Followed, Following, Key, streams_waiting
from quality.charts.storing import Unstored, keep_streams, tell_screens
from quality.charts.subgroups import NewPoint, Value
from quality.charts.watched import Plans

logger = logging.getLogger(__name__)

ACTOR = "task:spc"
# Two evaluators at once would number points twice; whoever comes second leaves it to the first.
_ONE_AT_A_TIME = 0x64656E_737063


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
        evaluated = _in_one_transaction(lambda: _evaluate_next(limit))
        done += evaluated or 0
        is_drained = evaluated is not None and evaluated < limit
        if evaluated is None or is_drained or time.monotonic() >= stop_at:
            break
    # Among the records that still wait, some may be of a period that is over.
    if is_drained and _memory.plans.of_time:
        _in_one_transaction(lambda: _close_periods(timezone.now()))
    if _memory.plans.of_telemetry:
        _in_one_transaction(_follow_telemetry)
    return done


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


def _evaluate_next(limit: int) -> int:
    """Claim, plot and signal."""
    for alarm in queries.alarms_of_inactive_plans():
        clear(alarm)
    claimed = pending.claim(Consumer.SPC, limit)
    if claimed:
        found = arrived(claimed, _memory.plans)
        process_changes.notice(found.facts)
        _follow(found.values)
    return len(claimed)


def _close_periods(now: datetime) -> int:
    """Periods that are over without a value of a later one."""
    waiting = streams_waiting([plan.pk for plan in _memory.plans.of_time])
    until_us = (now - _PATIENCE - EPOCH) // timedelta(microseconds=1)
    return _judge_all(waiting, lambda one: one.intake.close_until(until_us))


def _follow_telemetry() -> int:
    """Signals that are charted: one value for each period that is over."""
    found = telemetry.next_values(_memory.plans.of_telemetry)
    until = {key: read.until_us for key, read in found.items()}
    return _judge_all(
        list(found),
        lambda one: (p for value in found[one.key].values for p in one.intake.take([value])),
        until,
    )


def _follow(values: Mapping[Key, Sequence[Sequence[Value]]]) -> int:
    """Each stream takes its values, a list for each record, in their order."""
    return _judge_all(list(values), lambda one: (p for some in values[one.key] for p in one.intake.take(some)))


def _judge_all(
    keys: Sequence[Key],
    points_of: Callable[[Followed], Iterable[NewPoint]],
    watched_until_us: Mapping[Key, int] | None = None,
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
    _store(unstored, list(followed.values()), watched_until_us)
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


def _store(unstored: Unstored, followed: Sequence[Followed], watched_until_us: Mapping[Key, int] | None) -> None:
    unstored.write()
    keep_streams(followed, watched_until_us)
