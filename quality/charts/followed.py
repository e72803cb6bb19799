"""Where each chart stands: picked up where the last transaction left it, from memory or from the tables.

A worker keeps what it followed. The tables say whether that still holds: a stream of which another worker judged
points has a higher number there, and a plan or limits that changed have another revision.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from lines.ledger.times import microseconds
from lines.records.prepared import prepared_cursor
from lines.telemetry.news import moment
from quality import errors
from quality.charts.subgroups import RATES, SHARES, Intake, Value
from quality.charts.watched import Frozen, Watched
from quality.spc.series import Key as Violated
from quality.spc.series import Plotted, Series, history

logger = logging.getLogger(__name__)

Key: TypeAlias = tuple[int, str]
"""(plan, stream)"""
Run: TypeAlias = tuple[str, int, int]
"""(panel, rule, side)"""

# More than the rules need to look back: a point that is a little late is judged without another look at the tables.
_SPARE = 10
_LONGEST = 80  # points of one stream in memory; of thousands of streams they count
_SMOOTHED = frozenset({"EWMA", "CUSUM"})
# After so many points the exact limits of an EWMA are the asymptotic ones to the last bit.
_OLDER_COUNTED = 1000
_US = "(extract(epoch from {}) * 1000000)::bigint"
_POINT = f"""id, number, {_US.format("source_time")} as time_us, location, spread, within, n, size, statistic,
    statistic_low, limits_id"""


@dataclass
class Row:
    """A stream as stored (ChartStream)."""

    values: list[float]
    sizes: list[float]
    records: list[int]
    times_us: list[int]
    seen: int
    next_number: int
    newest_us: int | None
    is_full: bool


_NO_ROW = Row([], [], [], [], 0, 0, None, False)


@dataclass
class Followed:
    """One plan and stream during one transaction.

    newest: number of the point that is the newest in time; running: what it violates, each with its alarm.
    """

    plan: Watched
    stream: str
    frozen: Frozen
    intake: Intake
    series: Series
    next_number: int
    newest: int | None
    running: dict[Run, int | None]
    older: int = 0  # points before those of the series

    @property
    def key(self) -> Key:
        return self.plan.pk, self.stream


class Following:
    """The streams that this worker followed, as of its last transaction that was committed."""

    def __init__(self) -> None:
        self._known: dict[Key, Followed] = {}

    def forget(self, keys: Iterable[Key] | None = None) -> None:
        """What was not committed is not known; without `keys` nothing is."""
        if keys is None:
            self._known.clear()
            return
        for key in keys:
            self._known.pop(key, None)

    def keep_only(self, plans: Mapping[int, Watched]) -> None:
        """Of plans that are not watched any more nothing is kept: their alarms are over."""
        self.forget([key for key in self._known if key[0] not in plans])

    def pick_up(self, keys: Collection[Key], plans: Mapping[int, Watched]) -> tuple[dict[Key, Followed], set[int]]:
        """Each stream that has limits, and the alarms that are over: those of older limits."""
        rows = _stored(keys)
        found: dict[Key, Followed] = {}
        anew: dict[Key, tuple[Watched, Frozen]] = {}
        for key in keys:
            plan = plans[key[0]]
            frozen = plan.limits_of(key[1])
            if frozen is None:
                continue
            row = rows.get(key, _NO_ROW)
            known = self._known.get(key)
            if known is None or known.next_number != row.next_number or known.plan.revision != plan.revision:
                anew[key] = plan, frozen
                continue
            known.intake = _intake(plan, row)
            _shorten(known)
            found[key] = known
        read, over = _read(anew, rows)
        found |= read
        self._known |= read
        return {key: found[key] for key in keys if key in found}, over

    def around(self, one: Followed, time_us: int) -> Followed:
        """The same stream read again as it stood about a time that is out of reach. All points must be stored."""
        points = _points_around(one, time_us)
        standing, _, _ = _signals([point.pk for point in points], {one.key: one.frozen.pk})
        older = 0
        if sum(point.time_us <= time_us for point in points) >= _reach(one.plan):
            older = max(_older(one.plan, one.frozen, one.key, points, one.next_number), 1)
        self.forget([one.key])
        series = _series(one.plan, one.frozen, points, standing.get(one.key), older)
        return Followed(
            one.plan, one.stream, one.frozen, one.intake, series, one.next_number, one.newest, one.running
        )  # fmt: skip

    def again(self, one: Followed) -> Followed:
        """The whole stream after its part was judged and stored. What runs goes on."""
        read, _ = _read({one.key: (one.plan, one.frozen)}, {one.key: replace(_NO_ROW, next_number=one.next_number)})
        found = read[one.key]
        found.intake = one.intake
        self._known[one.key] = found
        return found


@dataclass(frozen=True, slots=True)
class _Point:
    pk: int
    number: int
    time_us: int
    location: float
    spread: float | None
    within: float | None
    n: int
    size: float | None
    statistic: float | None
    statistic_low: float | None
    limits: int

    def plotted(self, limits: int) -> Plotted:
        return Plotted(
            self.number, self.time_us, self.location, self.spread, self.within, self.n, self.size, self.statistic,
            self.statistic_low, self.limits == limits,
        )  # fmt: skip


def _stored(keys: Collection[Key]) -> dict[Key, Row]:
    with prepared_cursor() as cursor:
        cursor.execute(
            "select c.plan_id, c.stream, c.values, c.sizes, c.records, c.times, c.seen, c.next_number, c.newest_at,"
            " c.is_full"
            " from quality_chartstream c"
            " join unnest(%s::bigint[], %s::text[]) as wanted (plan, stream)"
            " on c.plan_id = wanted.plan and c.stream = wanted.stream",
            [[plan for plan, _ in keys], [stream for _, stream in keys]],
        )
        return {
            (row[0], row[1]): Row(
                row[2],
                row[3],
                row[4],
                [microseconds(at) for at in row[5]],
                row[6],
                row[7],
                None if row[8] is None else microseconds(row[8]),
                row[9],
            )
            for row in cursor.fetchall()
        }


def _intake(plan: Watched, row: Row) -> Intake:
    grouping = plan.grouping
    if grouping.chart == "G":
        return Intake(grouping, [], row.seen, row.newest_us, since_event=row.sizes[0] if row.sizes else 0.0)
    if grouping.chart == "T":
        return Intake(grouping, [], row.seen, row.newest_us, events_us=list(row.times_us))
    sizes = row.sizes or [1.0] * len(row.values)
    by_judgement = grouping.chart in SHARES
    waiting = [
        Value(value, record, time_us, by_judgement and value > 0, size)
        for value, record, time_us, size in zip(row.values, row.records, row.times_us, sizes, strict=True)
    ]
    return Intake(grouping, waiting, row.seen, row.newest_us, is_full=row.is_full)


def waiting_row(intake: Intake) -> tuple[list[float], list[float], list[int], list[int]]:
    """(values, sizes, records, times_us) as a stream is stored."""
    chart = intake.grouping.chart
    if chart == "G":
        return [], [intake.since_event], [], []
    if chart == "T":
        return [], [], [], intake.events_us
    waiting = intake.waiting
    if not waiting:
        return [], [], [], []
    values = [float(one.is_nonconforming) if chart in SHARES else one.value for one in waiting]
    sizes = [one.size for one in waiting] if chart in RATES else []
    return values, sizes, [one.record for one in waiting], [one.time_us for one in waiting]


def _read(
    wanted: Mapping[Key, tuple[Watched, Frozen]], rows: Mapping[Key, Row]
) -> tuple[dict[Key, Followed], set[int]]:
    if not wanted:
        return {}, set()
    points = _last_points(wanted)
    limits = {key: frozen.pk for key, (_, frozen) in wanted.items()}
    newest = {key: some[-1] for key, some in points.items()}
    standing, alarms, over = _signals([point.pk for some in points.values() for point in some], limits)
    found = {}
    for key, (plan, frozen) in wanted.items():
        row = rows.get(key, _NO_ROW)
        own = points.get(key, [])
        last = newest.get(key)
        older = _older(plan, frozen, key, own, row.next_number)
        running = {} if last is None else alarms.get(last.pk, {})
        try:
            series = _series(plan, frozen, own, standing.get(key), older)
        except ValueError as error:
            logger.error("%s: %s: %s", errors.PLAN_NOT_WATCHED.code, plan.code, error)
            continue
        found[key] = Followed(
            plan, key[1], frozen, _intake(plan, row), series, row.next_number, None if last is None else last.number,
            running, older,
        )  # fmt: skip
    ended = {alarm for last in newest.values() for alarm in over.get(last.pk, ())}
    return found, ended


def _series(
    plan: Watched, frozen: Frozen, points: list[_Point], standing: set[Violated] | None, older: int = 0
) -> Series:
    return _of_points(plan, frozen, [point.plotted(frozen.pk) for point in points], standing or set(), older)


def _of_points(plan: Watched, frozen: Frozen, points: Sequence[Plotted], standing: set[Violated], older: int) -> Series:
    return Series(
        plan.grouping.chart, frozen.limits, parameters=frozen.parameters, options=plan.options, rules=plan.rules,
        run_lengths=plan.run_lengths, earlier=points, standing=standing, older=older,
    )  # fmt: skip


def _shorten(one: Followed) -> None:
    """A series holds all points it was given: of those far back nothing is needed any more."""
    points = one.series.points
    reach = _reach(one.plan)
    if len(points) < max(_LONGEST, 2 * reach):
        return
    kept = points[-reach:]
    numbers = {point.number for point in kept}
    standing = {key for key in one.series.standing if key[0] in numbers}
    older = one.next_number - len(kept)
    if one.plan.grouping.chart == "EWMA":
        older = one.older + sum(point.is_own for point in points[: -len(kept)])
    one.series = _of_points(one.plan, one.frozen, kept, standing, older)
    one.older = older


def _last_points(wanted: Mapping[Key, tuple[Watched, Frozen]]) -> dict[Key, list[_Point]]:
    """Oldest first, as many of each stream as judging the next needs, in one statement; none: absent."""
    counts = [_reach(plan) for plan, _ in wanted.values()]
    with prepared_cursor() as cursor:
        cursor.execute(
            f"select point.* from unnest(%s::bigint[], %s::text[], %s::int[]) as wanted (plan, stream, points)"  # noqa: S608 - no input in it
            f" cross join lateral (select plan_id, stream, {_POINT} from quality_chartpoint"
            " where plan_id = wanted.plan and stream = wanted.stream"
            " order by source_time desc, number desc limit wanted.points) as point",
            [[plan for plan, _ in wanted], [stream for _, stream in wanted], counts],
        )
        found: dict[Key, list[_Point]] = {}
        for row in cursor.fetchall():
            found.setdefault((row[0], row[1]), []).append(_Point(*row[2:]))
    for some in found.values():
        some.sort(key=lambda point: (point.time_us, point.number))
    return found


def _reach(plan: Watched) -> int:
    return history(plan.grouping.chart, plan.rules, _lengths(plan)) + _SPARE


def _lengths(plan: Watched) -> dict[int, int]:
    return {int(rule): length for rule, length in plan.run_lengths.items()}


def _points_around(one: Followed, time_us: int) -> list[_Point]:
    """As many before as judging there needs, and after it those that a point there touches."""
    reach = _reach(one.plan)
    # A point of a smoothed chart moves all that come after it.
    after = None if one.plan.grouping.chart in _SMOOTHED else 2 * reach
    at = moment(time_us)
    with prepared_cursor() as cursor:
        cursor.execute(
            f"select * from (select {_POINT} from quality_chartpoint"  # noqa: S608 - no input in it
            " where plan_id = %s::bigint and stream = %s::text and source_time <= %s::timestamptz"
            " order by source_time desc, number desc limit %s::int) as before"
            f" union all select * from (select {_POINT} from quality_chartpoint"
            " where plan_id = %s::bigint and stream = %s::text and source_time > %s::timestamptz"
            " order by source_time, number limit %s::int) as behind",
            [*one.key, at, reach, *one.key, at, after],
        )
        points = [_Point(*row) for row in cursor.fetchall()]
    return sorted(points, key=lambda point: (point.time_us, point.number))


def _older(plan: Watched, frozen: Frozen, key: Key, points: list[_Point], next_number: int) -> int:
    """How many points of these limits stand before the ones read. Exactly only where limits depend on it."""
    if plan.grouping.chart != "EWMA" or not points:
        return max(next_number - len(points), 0)
    with prepared_cursor() as cursor:
        cursor.execute(
            "select count(*) from (select 1 from quality_chartpoint"
            " where plan_id = %s::bigint and stream = %s::text and limits_id = %s::bigint"
            " and (source_time, number) < (%s::timestamptz, %s::int) limit %s::int) as counted",
            [*key, frozen.pk, moment(points[0].time_us), points[0].number, _OLDER_COUNTED],
        )
        row = cursor.fetchone()
    return row[0] if row else 0


def _signals(
    point_ids: list[int], limits: Mapping[Key, int]
) -> tuple[dict[Key, set[Violated]], dict[int, dict[Run, int | None]], dict[int, set[int]]]:
    """Of these points: what stands by stream, alarms that run on by point, and alarms of older limits by point."""
    standing: dict[Key, set[Violated]] = {}
    running: dict[int, dict[Run, int | None]] = {}
    over: dict[int, set[int]] = {}
    if not point_ids:
        return standing, running, over
    with prepared_cursor() as cursor:
        cursor.execute(
            "select s.plan_id, s.stream, s.limits_id, s.point_id, p.number, s.chart, s.rule, s.side, s.alarm_id,"
            " a.cleared_at is not null"
            " from quality_signal s join quality_chartpoint p on p.id = s.point_id"
            " left join lines_alarm a on a.id = s.alarm_id"
            " where s.point_id = any(%s) and s.superseded_at is null",
            [point_ids],
        )
        for plan, stream, of_limits, point, number, panel, rule, side, alarm, is_cleared in cursor.fetchall():
            key = (plan, stream)
            if of_limits == limits[key]:
                standing.setdefault(key, set()).add((number, panel, rule, side))
                if not is_cleared:  # else the plan was not active for a while: what it finds now is news
                    running.setdefault(point, {})[panel, rule, side] = alarm
            elif alarm and not is_cleared:
                over.setdefault(point, set()).add(alarm)
    return standing, running, over


def streams_waiting(plan_ids: Collection[int]) -> list[Key]:
    """Streams of these plans with values that no point has yet."""
    with prepared_cursor() as cursor:
        cursor.execute(
            "select plan_id, stream from quality_chartstream where plan_id = any(%s) and values <> '{}' order by id",
            [list(plan_ids)],
        )
        return [(plan, stream) for plan, stream in cursor.fetchall()]
