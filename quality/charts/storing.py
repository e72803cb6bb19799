"""Writing what was judged: points by COPY, streams in one statement, signals as rows that others wait for."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import connection
from django.utils import timezone

from lines.events.models import EventKind
from lines.events.services import Happening, emit_all
from lines.records.prepared import prepared_cursor
from lines.telemetry.news import moment
from quality.charts import uncontained
from quality.charts.followed import Followed, Key, waiting_row
from quality.charts.models import Signal
from quality.charts.watched import Watched
from quality.plans.models import ControlPlan
from quality.reactions.services import open_reactions
from quality.spc.series import Key as Violated
from quality.spc.series import Plotted

_COLUMNS = (
    "id, plan_id, stream, limits_id, number, source_time, location, spread, within, statistic, statistic_low, n, size,"
    " is_late, is_excluded, records"
)
_SEQUENCE = "select nextval(pg_get_serial_sequence('quality_chartpoint', 'id')) from generate_series(1, %s::int)"
_UPDATE = """
update quality_chartpoint p set spread = c.spread, statistic = c.statistic, statistic_low = c.statistic_low
from json_to_recordset(%s::json) as c (plan bigint, stream text, number int, spread float8, statistic float8,
    statistic_low float8)
where p.plan_id = c.plan and p.stream = c.stream and p.number = c.number
"""
_SUPERSEDE = """
update quality_signal s set superseded_at = now()
from json_to_recordset(%s::json) as c (plan bigint, stream text, number int, panel text, rule int, side int),
    quality_chartpoint p
where p.plan_id = c.plan and p.stream = c.stream and p.number = c.number
    and s.point_id = p.id and s.chart = c.panel and s.rule = c.rule and s.side = c.side and s.superseded_at is null
"""
_STREAMS = """
insert into quality_chartstream (plan_id, stream, values, sizes, records, times, seen, next_number, newest_at,
    watched_until, is_full)
select plan, stream, values, sizes, records, array(select at::timestamptz from unnest(times) as at), seen, next,
    newest, watched, "full"
from json_to_recordset(%s::json) as c (plan bigint, stream text, values float8[], sizes float8[], records bigint[],
    times text[], seen bigint, next int, newest timestamptz, watched timestamptz, "full" boolean)
on conflict (plan_id, stream) do update set values = excluded.values, sizes = excluded.sizes,
    records = excluded.records, times = excluded.times, seen = excluded.seen, next_number = excluded.next_number,
    newest_at = excluded.newest_at, is_full = excluded.is_full,
    watched_until = coalesce(excluded.watched_until, quality_chartstream.watched_until)
"""


@dataclass(slots=True)
class PointRow:
    """A point not stored yet; `plotted` is replaced when a late point changes its moving range or statistics."""

    plan: Watched
    stream: str
    limits: int
    plotted: Plotted
    is_late: bool
    records: tuple[int, ...]
    pk: int = 0


@dataclass(slots=True)
class SignalRow:
    """A signal not stored yet."""

    plan: Watched
    stream: str
    limits: int
    number: int
    panel: str
    rule: int
    side: int
    window_first: int
    alarm: int | None
    is_superseded: bool = False


@dataclass
class Unstored:
    """What one transaction has judged since it last wrote."""

    points: dict[tuple[Key, int], PointRow] = field(default_factory=dict)
    found: list[SignalRow] = field(default_factory=list)  # in order; one that ended may show again: two rows
    signals: dict[tuple[Key, Violated], SignalRow] = field(default_factory=dict)  # those found that hold
    changed: dict[tuple[Key, int], Plotted] = field(default_factory=dict)  # stored points
    superseded: list[tuple[Key, Violated]] = field(default_factory=list)  # stored signals
    plans: dict[int, ControlPlan] = field(default_factory=dict)

    def change(self, key: Key, plotted: Plotted) -> None:
        """A point has another moving range or other statistics than it had."""
        row = self.points.get((key, plotted.number))
        if row is not None:
            row.plotted = plotted
        else:
            self.changed[key, plotted.number] = plotted

    def add(self, key: Key, violated: Violated, row: SignalRow) -> None:
        """A window holds that did not before."""
        self.found.append(row)
        self.signals[key, violated] = row

    def supersede(self, key: Key, violated: Violated) -> None:
        """A signal's window does not hold any more: it stays, marked."""
        row = self.signals.pop((key, violated), None)
        if row is not None:
            row.is_superseded = True
        else:
            self.superseded.append((key, violated))

    def plan(self, pk: int) -> ControlPlan:
        """With what an alarm says about it."""
        if pk not in self.plans:
            related = ControlPlan.objects.select_related("characteristic", "product", "station")
            self.plans[pk] = related.get(pk=pk)
        return self.plans[pk]

    def write(self) -> None:
        """In the caller's transaction. Points are there before anything that names them, and what ended is marked
        before the same shows again."""
        _copy(list(self.points.values()))
        _change(self.changed)
        _supersede(self.superseded)
        _signal(self)
        self.points, self.found, self.signals, self.changed, self.superseded = {}, [], {}, {}, []


def _copy(rows: Sequence[PointRow]) -> None:
    if not rows:
        return
    with prepared_cursor() as cursor:
        cursor.execute(_SEQUENCE, [len(rows)])
        for row, (pk,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = pk
    lines = "".join(_line(row) for row in rows)
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,  # its cursor is asked directly
        cursor.cursor.copy(f"copy quality_chartpoint ({_COLUMNS}) from stdin") as copy,
    ):
        copy.write(lines)


def _line(row: PointRow) -> str:
    """As COPY reads it: tabs between, \\N for nothing."""
    p = row.plotted
    figures = (p.location, p.spread, p.within, p.statistic, p.statistic_low)
    columns = (
        *(str(row.pk), str(row.plan.pk), _escaped(row.stream), str(row.limits), str(p.number)),
        moment(p.time_us).isoformat(),
        *("\\N" if figure is None else repr(float(figure)) for figure in figures),
        str(p.n),
        "\\N" if p.size is None else repr(float(p.size)),
        "t" if row.is_late else "f",
        "f",
        "{" + ",".join(map(str, row.records)) + "}",
    )
    return "\t".join(columns) + "\n"


def _escaped(text: str) -> str:
    if text.isalnum():
        return text
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _change(changed: dict[tuple[Key, int], Plotted]) -> None:
    if not changed:
        return
    rows = [
        {
            "plan": key[0], "stream": key[1], "number": number, "spread": p.spread, "statistic": p.statistic,
            "statistic_low": p.statistic_low,
        }
        for (key, number), p in changed.items()
    ]  # fmt: skip
    with prepared_cursor() as cursor:
        cursor.execute(_UPDATE, [json.dumps(rows)])


def _signal(unstored: Unstored) -> None:
    found = unstored.found
    if not found:
        return
    ids = {(key, number): row.pk for (key, number), row in unstored.points.items()}
    ids |= _ids_of({((row.plan.pk, row.stream), row.number) for row in found} - ids.keys())
    now = timezone.now()
    signals = Signal.objects.bulk_create(
        [
            Signal(
                plan=unstored.plan(row.plan.pk), stream=row.stream, limits_id=row.limits,
                point_id=ids[(row.plan.pk, row.stream), row.number], chart=row.panel, rule=row.rule, side=row.side,
                window_first=row.window_first, raised_at=now, superseded_at=now if row.is_superseded else None,
                alarm_id=row.alarm,
            )
            for row in found
        ]
    )  # fmt: skip
    standing = [signal for signal in signals if signal.superseded_at is None]
    uncontained.add(standing)
    open_reactions(standing)
    emit_all(
        [
            Happening(
                EventKind.SIGNAL,
                row.plan.station,
                {"signal": signal.pk, "plan": row.plan.code, "rule": signal.rule},
            )
            for signal, row in zip(signals, found, strict=True)
        ]
    )


def _ids_of(wanted: Iterable[tuple[Key, int]]) -> dict[tuple[Key, int], int]:
    """Of points stored earlier, on which a late one showed something."""
    rows = [{"plan": key[0], "stream": key[1], "number": number} for key, number in wanted]
    if not rows:
        return {}
    with prepared_cursor() as cursor:
        cursor.execute(
            "select p.plan_id, p.stream, p.number, p.id from quality_chartpoint p"
            " join json_to_recordset(%s::json) as c (plan bigint, stream text, number int)"
            " on p.plan_id = c.plan and p.stream = c.stream and p.number = c.number",
            [json.dumps(rows)],
        )
        return {((plan, stream), number): pk for plan, stream, number, pk in cursor.fetchall()}


def _supersede(superseded: Sequence[tuple[Key, Violated]]) -> None:
    if not superseded:
        return
    rows = [
        {"plan": key[0], "stream": key[1], "number": number, "panel": panel, "rule": rule, "side": side}
        for key, (number, panel, rule, side) in superseded
    ]
    with prepared_cursor() as cursor:
        cursor.execute(_SUPERSEDE, [json.dumps(rows)])


def keep_streams(followed: Iterable[Followed], watched_until_us: Mapping[Key, int] | None = None) -> None:
    """Where each stream stands now, and until when its telemetry is worked off."""
    rows = []
    for one in followed:
        values, sizes, records, times_us = waiting_row(one.intake)
        closed = one.intake.closed_us
        watched = (watched_until_us or {}).get(one.key)
        rows.append(
            {
                "plan": one.plan.pk, "stream": one.stream, "values": values, "sizes": sizes, "records": records,
                "times": [moment(at).isoformat() for at in times_us], "seen": one.intake.seen,
                "next": one.next_number, "newest": None if closed is None else moment(closed).isoformat(),
                "watched": None if watched is None else moment(watched).isoformat(), "full": one.intake.is_full,
            }
        )  # fmt: skip
    if rows:
        with prepared_cursor() as cursor:
            cursor.execute(_STREAMS, [json.dumps(rows)])


def tell_screens(stored: Iterable[Followed]) -> None:
    """Of each chart's newest point once, not of every point."""
    emit_all(
        [
            Happening(
                EventKind.CHART_POINT,
                one.plan.station,
                {
                    "plan": one.plan.code,
                    "number": one.next_number - 1,
                    **({"stream": one.stream} if one.stream else {}),
                },
            )
            for one in stored
        ]
    )
