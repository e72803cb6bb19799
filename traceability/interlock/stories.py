"""Loading what units went through, for the fold of their visits: a fixed number of statements, however many units."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from django.db import connection

from lines.models import Station
from traceability.holds.facts import HoldFacts
from traceability.holds.services import PLACED_BY
from traceability.holds.withdrawing import OF_CORRECTIONS
from traceability.interlock.facts import UnitFacts
from traceability.interlock.folding import PastHold, Story, Visit, visits_of
from traceability.interlock.queries import UnitRow

_OUR_TIME = "%s - make_interval(secs => coalesce(r.clock_offset_s, 0))"
# A record's newest rejudgement counts. What was measured on a sample or withdrawn is no visit.
_VISITS = f"""
select r.serial, r.received_at, r.id, r.operation, r.verdict, {_OUR_TIME % "coalesce(r.started_at, r.source_time)"},
    {_OUR_TIME % "r.source_time"}, r.is_offline, r.grade,
    coalesce((select j.codes_after from traceability_rejudgement j where j.record_id = r.id order by j.id desc limit 1),
             r.deviation_codes),
    r.is_offline and not exists (select 1 from traceability_permit p where p.used_by_id = r.id)
from lines_operationrecord r
where r.serial = any(%s) and r.attempt > 0
    and not exists (select 1 from lines_withdrawnrecord w where w.record_id = r.id)
order by r.id
"""  # noqa: S608 - our own text
# A hold that an offline visit's deviation placed is the fold's own, unless a person released it.
_HOLDS = f"""
select m.unit_id, h.id, h.reason, h.at_operation, m.released_at, r.id,
    case when r.id is null then m.added_at else {_OUR_TIME % "r.source_time"} end,
    case when h.at_operation <> '' then
        (select s.sequence from traceability_unit u join lines_routestep s on s.route_id = u.route_id
         join lines_operation o on o.id = s.operation_id
         where u.id = m.unit_id and o.code = h.at_operation order by s.sequence limit 1)
    end
from traceability_holdunit m join traceability_hold h on h.id = m.hold_id
left join traceability_nonconformance n on n.id = h.nonconformance_id and h.placed_by = %s
    and n.unit_id = m.unit_id and not n.codes && %s::varchar[]
left join lines_operationrecord r on r.id = n.record_id and r.is_offline
where m.unit_id = any(%s) and m.released_by <> %s
order by m.id
"""  # noqa: S608 - our own text
_LIVES = f"""
select u.id, u.created_at,
    (select min({_OUR_TIME % "r.source_time"}) from traceability_currentlink g
     join lines_operationrecord r on r.id = g.record_id where g.input_unit_id = u.id and u.state = 'CONSUMED')
from traceability_unit u where u.id = any(%s)
"""  # noqa: S608 - our own text


def stories(facts: Mapping[str, UnitFacts], rows: Mapping[str, UnitRow]) -> dict[str, Story]:
    """The story of each of these units so far, by serial."""
    ids = [rows[serial].id for serial in facts]
    visits, first_received = _visits(facts)
    holds: dict[int, list[PastHold]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_HOLDS, [PLACED_BY, OF_CORRECTIONS, ids, PLACED_BY])
        for unit_id, hold_id, reason, at_operation, released_at, record_id, since, at_sequence in cursor.fetchall():
            hold = HoldFacts(hold_id, reason, since, at_operation, at_sequence)
            holds.setdefault(unit_id, []).append(PastHold(hold, released_at, record_id or 0))
        cursor.execute(_LIVES, [ids])
        lives = {unit_id: (created_at, consumed_at) for unit_id, created_at, consumed_at in cursor.fetchall()}
    found = {}
    for serial, of in facts.items():
        unit_id = rows[serial].id
        created_at, consumed_at = lives[unit_id]
        # A unit is made with its first record, unless something else told of it before.
        is_older = created_at < first_received[serial] if serial in visits else of.is_known
        found[serial] = Story(
            facts=replace(of, visits=visits_of(visits.get(serial, ()))),
            visits=tuple(visits.get(serial, ())),
            holds=tuple(holds.get(unit_id, ())),
            consumed_at=consumed_at,
            known_at=created_at if is_older else None,
        )
    return found


def _visits(serials: Collection[str]) -> tuple[dict[str, list[Visit]], dict[str, datetime]]:
    """In order of acceptance, and when the first was received."""
    visits: dict[str, list[Visit]] = {}
    first_received: dict[str, datetime] = {}
    with connection.cursor() as cursor:
        cursor.execute(_VISITS, [list(serials)])
        for serial, received_at, *row in cursor.fetchall():
            visits.setdefault(serial, []).append(Visit(*row))
            first_received.setdefault(serial, received_at)
    return visits, first_received


def as_they_happened(facts: Mapping[str, UnitFacts]) -> dict[str, UnitFacts]:
    """With visits counted in the order in which they happened, where some were made offline and told later."""
    mixed = [serial for serial, of in facts.items() if any(visits.has_offline for visits in of.visits.values())]
    if not mixed:
        return dict(facts)
    visits, _ = _visits(mixed)
    return {**facts, **{serial: replace(facts[serial], visits=visits_of(visits[serial])) for serial in mixed}}


def made_offline(station: Station, until: datetime) -> int:
    """How many units the station has told of its outage before `until` by its clock: offline since its last result
    that was not."""
    with connection.cursor() as cursor:
        cursor.execute(
            # Of the last ones accepted, for a machine may tell an old result once more in between.
            "with online as (select id, source_time from lines_operationrecord where station_id = %(station)s"
            " and not is_offline and entered_by = '' and source_time < %(until)s order by id desc limit 100)"
            " select count(*) from lines_operationrecord r where r.station_id = %(station)s and r.is_offline"
            " and r.source_time < %(until)s and r.id > coalesce((select min(id) from online), 0)"
            " and r.source_time > coalesce((select max(source_time) from online), '-infinity')",
            {"station": station.pk, "until": until},
        )
        return int(cursor.fetchone()[0])


_USERS = """
select distinct g.record_id, o.serial, i.serial, r.deviation_codes
from traceability_currentlink mine
join lines_operationrecord r on r.id = mine.record_id
join traceability_currentlink g on g.record_id = mine.record_id and g.input_unit_id is not null
join traceability_unit o on o.id = g.output_id
join traceability_unit i on i.id = g.input_unit_id
where mine.input_unit_id = any(%(units)s) and r.deviation_codes && %(codes)s::varchar[]
"""


def users_of(unit_ids: Collection[int], codes: Collection[str]) -> list[tuple[int, str, str, list[str]]]:
    """(record, serial of its unit, serial of an input, its codes as recorded) of records that took one of these units
    in and were recorded with one of these codes; with all their inputs."""
    with connection.cursor() as cursor:
        cursor.execute(_USERS, {"units": list(unit_ids), "codes": list(codes)})
        return [(record_id, output, serial, codes) for record_id, output, serial, codes in cursor.fetchall()]
