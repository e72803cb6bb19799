"""Where stations are and were, and what they made in a shift."""

from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone

from lines.plant.models import ProductionLine, Shift, Station
from lines.states.models import StateChange
from lines.states.packml import DEFECTIVE, PROCESSED
from lines.states.shifts import ShiftSpan, shift_at
from lines.telemetry.batches import AHEAD_TOLERANCE_US


class StateSpan(NamedTuple):
    state: int
    starts_at: datetime
    ends_at: datetime


class Counts(NamedTuple):
    processed: int = 0
    defective: int = 0


def state_history(station: Station, since: datetime, until: datetime) -> list[StateSpan]:
    """The states of [since, until) in order, without gaps from the first known on; equal neighbours merged."""
    changes = StateChange.objects.filter(station=station).values_list("state", "source_time")
    before = changes.filter(source_time__lte=since).order_by("-source_time")[:1]
    within = changes.filter(source_time__gt=since, source_time__lt=until).order_by("source_time")
    spans: list[StateSpan] = []
    for state, at in [*before, *within]:
        starts_at = max(at, since)
        if spans and spans[-1].state == state:
            continue
        if spans:
            spans[-1] = spans[-1]._replace(ends_at=starts_at)
        spans.append(StateSpan(state, starts_at, until))
    return spans


def current_shift(line: ProductionLine, moment: datetime | None = None) -> ShiftSpan | None:
    shifts = Shift.objects.filter(production_line=line).values_list("code", "starts_at", "ends_at")
    return shift_at(list(shifts), moment or timezone.now(), ZoneInfo(line.site.time_zone))


def counts(line: ProductionLine, since: datetime, until: datetime) -> dict[int, Counts]:
    """What each station's counters counted in [since, until), by station id.

    Counters only grow, except where the machine sets them back: what it counts after that is added.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            with counter as (
                select signal.id, signal.station_id, signal.code from lines_signal as signal
                join lines_station as station on station.id = signal.station_id
                where station.production_line_id = %(line)s and signal.kind = 'COUNTER'
                    and signal.code in (%(processed)s, %(defective)s)
            ), reading as (
                select counter.station_id, counter.code, within.source_time, within.value
                from counter cross join lateral (
                    select source_time, value from lines_sample
                    where signal_id = counter.id and source_time >= %(since)s and source_time < %(until)s
                        and received_at >= %(received_since)s and status & x'80000000'::bigint = 0
                ) as within
                union all
                select counter.station_id, counter.code, before.source_time, before.value
                from counter cross join lateral (
                    select source_time, value from lines_sample
                    where signal_id = counter.id and source_time < %(since)s and status & x'80000000'::bigint = 0
                    order by source_time desc limit 1
                ) as before
            ), step as (
                select station_id, code, source_time, value,
                    lag(value) over (partition by station_id, code order by source_time) as previous
                from reading
            )
            select station_id, code,
                sum(case when value < previous then value else value - coalesce(previous, value) end)::bigint
            from step group by station_id, code
            """,
            {
                "line": line.id,
                "since": since,
                "until": until,
                "received_since": since - timedelta(microseconds=AHEAD_TOLERANCE_US),
                "processed": PROCESSED,
                "defective": DEFECTIVE,
            },
        )
        found: dict[int, Counts] = {}
        for station_id, code, count in cursor.fetchall():
            field = "processed" if code == PROCESSED else "defective"
            found[station_id] = found.get(station_id, Counts())._replace(**{field: count})
    return found
