"""Station states and counters from what a batch brought, in the batch's transaction and in any order."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from lines.events.models import EventKind
from lines.events.services import Happening
from lines.states.models import StateChange
from lines.states.packml import DEFECTIVE, PROCESSED


@dataclass
class Heard:
    """What one batch says about one station. Rows that were stored before are not in it."""

    station_id: int
    station_code: str
    newest_source_time: datetime | None = None
    state_signal_id: int | None = None
    is_late: bool = False  # a newer state was stored before this batch
    states: list[tuple[datetime, int]] = field(default_factory=list)  # in order of source time, none Bad
    counters: dict[str, int] = field(default_factory=dict)  # by signal code, where newer than all before


class Status(NamedTuple):
    """The columns of StationStatus that a screen shows."""

    state: int | None = None
    state_since: datetime | None = None
    processed_count: int | None = None
    defective_count: int | None = None


def apply(heard: list[Heard], received_at: datetime) -> list[Happening]:
    """Store state changes, bring each station's status up to date; returns events for stations that changed.

    The caller holds the station's lock, and the batch's samples are already stored.
    """
    before = _statuses([each.station_id for each in heard])
    after: dict[int, Status] = {}
    changes: list[StateChange] = []
    for each in heard:
        status = before.get(each.station_id, Status())
        found, state, since = _changes(each, status)
        after[each.station_id] = Status(
            state,
            since,
            each.counters.get(PROCESSED, status.processed_count),
            each.counters.get(DEFECTIVE, status.defective_count),
        )
        changes += [
            StateChange(station_id=each.station_id, state=number, source_time=at, received_at=received_at)
            for at, number in found
        ]
    StateChange.objects.bulk_create(changes, ignore_conflicts=True)
    for each in heard:
        if each.is_late and each.states:
            # Only the stored history knows since when the newest state has lasted.
            state, since = _lasting_state(each.station_id)
            after[each.station_id] = after[each.station_id]._replace(state=state, state_since=since)
    _save(heard, after, received_at)
    return [
        Happening(EventKind.STATE, each.station_code, _payload(after[each.station_id]))
        for each in heard
        if after[each.station_id] != before.get(each.station_id)
    ]


def _changes(heard: Heard, status: Status) -> tuple[list[tuple[datetime, int]], int | None, datetime | None]:
    """The changes to store, then the state and its beginning as far as this batch knows."""
    if heard.is_late and heard.states:
        around = _neighbourhood(heard)
        has_predecessor = around[0][0] < heard.states[0][0]
        found = _runs(around[1:], around[0][1]) if has_predecessor else _runs(around, None)
        return found, status.state, status.state_since
    found = _runs(heard.states, status.state)
    if found:
        return found, found[-1][1], found[-1][0]
    return [], status.state, status.state_since


def _runs(readings: list[tuple[datetime, int]], state: int | None) -> list[tuple[datetime, int]]:
    """The readings that differ from the one before; `state` was before the first."""
    found = []
    for at, number in readings:
        if number != state:
            found.append((at, number))
        state = number
    return found


def _neighbourhood(heard: Heard) -> list[tuple[datetime, int]]:
    """All stored readings of a late batch's span, with the one before and the one after it.

    A late reading may turn its successor, which equalled its predecessor when it came, into a change. A row that
    it makes superfluous stays (facts are not deleted); readers merge equal neighbours.
    """
    first, last = heard.states[0][0], heard.states[-1][0]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            with good as not materialized (
                select source_time, value from lines_sample
                where signal_id = %(signal)s and status & x'80000000'::bigint = 0
            )
            (select source_time, value from good where source_time < %(first)s order by source_time desc limit 1)
            union all (select source_time, value from good where source_time between %(first)s and %(last)s)
            union all
            (select source_time, value from good where source_time > %(last)s order by source_time limit 1)
            order by source_time
            """,
            {"signal": heard.state_signal_id, "first": first, "last": last},
        )
        return [(at, int(value)) for at, value in cursor.fetchall()]


def _lasting_state(station_id: int) -> tuple[int, datetime]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            with newest as (
                select state from lines_statechange where station_id = %(station)s order by source_time desc limit 1
            ), other as (
                select max(source_time) as until from lines_statechange
                where station_id = %(station)s and state <> (select state from newest)
            )
            select (select state from newest), min(source_time) from lines_statechange, other
            where station_id = %(station)s and (other.until is null or source_time > other.until)
            """,
            {"station": station_id},
        )
        state, since = cursor.fetchone()
    return state, since


def _statuses(station_ids: list[int]) -> dict[int, Status]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select station_id, state, state_since, processed_count, defective_count"
            " from lines_stationstatus where station_id = any(%s)",
            [station_ids],
        )
        return {row[0]: Status(*row[1:]) for row in cursor.fetchall()}


def _save(heard: list[Heard], after: dict[int, Status], received_at: datetime) -> None:
    columns = list(
        zip(*[(each.station_id, *after[each.station_id], each.newest_source_time) for each in heard], strict=True)
    )
    if not columns:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            insert into lines_stationstatus as status
                (station_id, state, state_since, processed_count, defective_count, last_source_time, last_received_at)
            select *, %s::timestamptz from unnest(
                %s::bigint[], %s::smallint[], %s::timestamptz[], %s::bigint[], %s::bigint[], %s::timestamptz[])
            on conflict (station_id) do update set state = excluded.state, state_since = excluded.state_since,
                processed_count = excluded.processed_count, defective_count = excluded.defective_count,
                last_source_time = greatest(status.last_source_time, excluded.last_source_time),
                last_received_at = greatest(status.last_received_at, excluded.last_received_at)
            """,
            [received_at, *[list(column) for column in columns]],
        )


def _payload(status: Status) -> dict[str, object]:
    return {
        "state": status.state,
        "state_since": status.state_since.isoformat() if status.state_since else None,
        "processed": status.processed_count,
        "defective": status.defective_count,
    }
