"""What a suspect is in, how sure that is, what is missing, and what hangs behind that.

A unit is RECORDED where every link from the suspect to it was told by a station or a correction, INFERRED where one was
only mounted or lies within its uncertainty, POSSIBLE where it hangs behind a link that is missing. Everything is read
in one transaction over a table of its own, which the database drops at its end; nothing else is written.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from traceability.completeness.queries import Missing
from traceability.recall.finding import find_missing
from traceability.recall.suspects import Suspect
from traceability.whereabouts.queries import Group, Whereabouts, facts_of, grouped

CERTAINTIES = ("RECORDED", "INFERRED", "POSSIBLE")
MOST_UNITS_SHOWN = 50
# Below this a small plant's recall would always be "everything".
_MANY = 1_000

_MADE = """
create temporary table recall_unit (
    unit_id bigint primary key, certainty smallint not null, metres jsonb, lanes int[]) on commit drop;
create temporary table recall_missing (
    unit_id bigint not null, step_id bigint, material_id bigint, operation text, needed int not null,
    found int not null, last_at timestamptz, why text not null default 'BILL') on commit drop
"""
# Where they all are, made when it is first asked for.
_SEEN = f"""
create temporary table recall_seen on commit drop as
with recursive {facts_of("select unit_id from recall_unit")}
select s.*, a.certainty, a.metres, a.lanes from seen s join recall_unit a on a.unit_id = s.id
"""  # noqa: S608 - constants of ours
_GONE = "drop table if exists recall_unit, recall_missing, recall_seen"
_INTO = """
insert into recall_unit (unit_id, certainty, metres, lanes)
select unit_id, bool_and(is_inferred)::int,
       case when not bool_or(from_m = '-infinity' or to_m = 'infinity') then (
           select jsonb_agg(jsonb_build_array(lower(part), upper(part)))
           from unnest(range_agg(numrange(round(from_m::numeric, 2), round(greatest(from_m, to_m)::numeric, 2), '[]')))
               as part) end,
       array_agg(distinct lane) filter (where lane is not null)
from {pieces} as piece group by unit_id
"""
_BEHIND = """
with recursive behind (unit_id) as (
    select distinct unit_id from recall_missing
    union
    select l.output_id from behind join traceability_currentlink l on l.input_unit_id = behind.unit_id
) insert into recall_unit (unit_id, certainty) select unit_id, 2 from behind on conflict do nothing
"""
_MISSING = """
select u.serial, d.code, coalesce(m.operation, o.code), b.code, m.needed, m.found, m.last_at, m.why, a.certainty,
       m.step_id
from recall_missing m join traceability_unit u on u.id = m.unit_id
left join lines_materialdefinition d on d.id = u.definition_id
left join lines_routestep s on s.id = m.step_id left join lines_operation o on o.id = s.operation_id
left join lines_materialdefinition b on b.id = m.material_id
left join recall_unit a on a.unit_id = m.unit_id
order by m.unit_id, s.sequence, b.code {limit}
"""
_SITES = """
select s.site, s.shipment, s.shipped_at, coalesce(s.outermost, s.serial), count(*),
       count(*) filter (where s.certainty = 2)
from {seen} s where s.place = 'SHIPPED' group by 1, 2, 3, 4 order by 1, 3, 4
"""
_UNITS = """
select s.certainty, s.serial, s.kind, s.state, s.is_held, s.place, s.station, s.next_operation, s.tray, s.slot,
       s.channel, s.built_into, s.pack, s.container, s.shipment, s.site, s.id, s.metres, s.lanes
from {seen} s where s.id > %(after_unit)s order by s.id limit %(most_units)s
"""
_OF_LOT = """l.input_lot_id in (
    with recursive lot (id) as (
        select %(lot)s::bigint
        union select p.child_id from traceability_lotpart p join lot on lot.id = p.parent_id
    ) select id from lot)
"""
_OF_ROLL = "l.input_unit_id = %(unit)s"
_FIRST = """
select count(*) filter (where a.certainty = 0), count(*) filter (where a.certainty = 1)
from traceability_currentlink l join recall_unit a on a.unit_id = l.output_id where {own}
"""
# Links of the answer, by how they are known: those into its units that carry the suspect.
_LINKS = """
select count(*) filter (where o.certainty = 0 and l.basis <> 'MOUNTED'),
       count(*) filter (where o.certainty = 1 or l.basis = 'MOUNTED')
from recall_unit a cross join lateral (
    select output_id, basis from traceability_currentlink where input_unit_id = a.unit_id offset 0) l
join recall_unit o on o.unit_id = l.output_id where a.certainty < 2 and o.certainty < 2
"""


@dataclass(frozen=True, slots=True)
class Affected:
    """A unit of the answer. `metres` on its own axis, and `lanes`, of a roll that is in it in part."""

    certainty: str
    unit: Whereabouts
    metres: list[list[float]]
    lanes: list[int]


@dataclass(frozen=True, slots=True)
class Completeness:
    """Links of the whole way; `by_operation`: (operation, material, links missing, units), the most first."""

    n_recorded: int
    n_inferred: int
    n_missing: int
    n_units_missing: int
    by_operation: list[tuple[str | None, str | None, int, int]]

    @property
    def is_complete(self) -> bool:
        return self.n_missing == 0


@dataclass(frozen=True, slots=True)
class Traced:
    """The answer to a suspect while its transaction is open."""

    suspect: Suspect
    counts: dict[str, int]  # by certainty
    n_all: int  # units of the plant, as the database estimates them

    @property
    def n_units(self) -> int:
        return sum(self.counts.values())

    @property
    def is_everything(self) -> bool:
        """More than half of a plant that is not just beginning."""
        return self.n_all >= _MANY and self.n_units > self.n_all / 2

    def groups(self) -> list[tuple[str, Group]]:
        """(certainty, group): where the units are now, by certainty."""
        return [
            (name, group)
            for place, name in enumerate(CERTAINTIES)
            if self.counts[name]
            for group in grouped(f"{seen()} where certainty = {place:d}")
        ]

    def sites(self) -> list[dict[str, Any]]:
        """What was shipped, by site, shipment and the outermost unit it went in."""
        with connection.cursor() as cursor:
            cursor.execute(_SITES.format(seen=seen()))
            names = ("site", "shipment", "shipped_at", "serial", "n_units", "n_possible")
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def units(self, *, after: int = 0, limit: int | None = None) -> Iterator[Affected]:
        """In order of ids, streamed."""
        return _units(after, limit)

    def completeness(self) -> Completeness:
        with connection.cursor() as cursor:
            cursor.execute(_LINKS)
            recorded, inferred = cursor.fetchone()
            first_recorded, first_inferred = _first_links(self.suspect)
            cursor.execute(
                "select coalesce(m.operation, o.code), b.code, sum(m.needed - m.found)::int, count(distinct m.unit_id)"
                " from recall_missing m left join lines_routestep s on s.id = m.step_id"
                " left join lines_operation o on o.id = s.operation_id"
                " left join lines_materialdefinition b on b.id = m.material_id group by 1, 2 order by 3 desc, 1, 2"
            )
            by_operation = list(cursor.fetchall())
            cursor.execute("select coalesce(sum(needed - found), 0)::int, count(distinct unit_id) from recall_missing")
            missing, n_units = cursor.fetchone()
        return Completeness(recorded + first_recorded, inferred + first_inferred, missing, n_units, by_operation)

    def missing(self, limit: int | None = None) -> Iterator[Missing]:
        with connection.cursor() as cursor:
            cursor.execute(_MISSING.format(limit="" if limit is None else f"limit {limit:d}"))
            while rows := cursor.fetchmany(2_000):
                for *columns, _certainty, _step in rows:
                    yield Missing(*columns)


def seen() -> str:
    """The table of where the units are, in the transaction of `traced`."""
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass('pg_temp.recall_seen')")
        (known,) = cursor.fetchone()
        if known is None:
            cursor.execute(_SEEN)
            cursor.execute("create index on recall_seen (id)")
    return "recall_seen"


@contextmanager
def traced(suspect: Suspect) -> Iterator[Traced]:
    """Everything that the suspect is in, to be asked about while the block is open. Nothing is left behind."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_GONE)
            cursor.execute(_MADE)
            cursor.execute(suspect.way + _INTO.replace("{pieces}", suspect.pieces), suspect.parameters)
            cursor.execute("analyze recall_unit")
            find_missing(suspect, cursor)
            cursor.execute(_BEHIND)
            cursor.execute("analyze recall_unit")
            cursor.execute("select certainty, count(*) from recall_unit group by 1")
            found = dict(cursor.fetchall())
            n_all = _about_all(cursor)
        yield Traced(suspect, {name: found.get(place, 0) for place, name in enumerate(CERTAINTIES)}, n_all)
        with connection.cursor() as cursor:
            cursor.execute(_GONE)


def _first_links(suspect: Suspect) -> tuple[int, int]:
    """Links from the suspect itself to the first units, where it is a material or a roll."""
    kind = suspect.asked.kind
    if kind not in ("LOT", "ROLL_RANGE"):
        return 0, 0
    with connection.cursor() as cursor:
        cursor.execute(_FIRST.replace("{own}", _OF_LOT if kind == "LOT" else _OF_ROLL), suspect.parameters)
        recorded, inferred = cursor.fetchone()
    return recorded, inferred


def _about_all(cursor: Any) -> int:
    """An estimate where there are many, for a count reads every row."""
    cursor.execute("select reltuples::bigint from pg_class where oid = 'traceability_unit'::regclass")
    (about,) = cursor.fetchone()
    if about > 100_000:
        return int(about)
    cursor.execute("select count(*) from traceability_unit")
    return int(cursor.fetchone()[0])


def _units(after: int, limit: int | None) -> Iterator[Affected]:
    with connection.cursor() as cursor:
        cursor.execute(_UNITS.format(seen=seen()), {"after_unit": after, "most_units": limit})
        while rows := cursor.fetchmany(2_000):
            for certainty, *columns, metres, lanes in rows:
                yield Affected(CERTAINTIES[certainty], Whereabouts(*columns), _read(metres), lanes or [])


def _read(metres: str | list[list[float]] | None) -> list[list[float]]:
    """jsonb comes as text from a bare cursor."""
    return (json.loads(metres) if isinstance(metres, str) else metres) or []


def unit_row(affected: Affected) -> dict[str, Any]:
    unit = affected.unit
    return {
        "serial": unit.serial,
        "definition": unit.kind,
        "certainty": affected.certainty,
        "metres": affected.metres,
        "lanes": affected.lanes,
        "state": unit.state,
        "is_held": unit.is_held,
        "place": unit.place,
        "station": unit.station,
        "next_operation": unit.next_operation,
        "tray": unit.tray,
        "slot": unit.slot,
        "channel": unit.channel,
        "built_into": unit.built_into,
        "pack": unit.pack,
        "container": unit.container,
        "shipment": unit.shipment,
        "site": unit.site,
    }


def header_of(found: Traced) -> dict[str, Any]:
    """Everything but the lists: what is asked, how many, where, and how complete the answer is."""
    links, groups = found.completeness(), found.groups()
    return {
        "suspect": found.suspect.asked.as_json(),
        "subject": found.suspect.words,
        "n_units": found.n_units,
        "n_recorded": found.counts["RECORDED"],
        "n_inferred": found.counts["INFERRED"],
        "n_possible": found.counts["POSSIBLE"],
        "n_shipped": sum(group.n_units for _, group in groups if group.place == "SHIPPED"),
        "n_all": found.n_all,
        "is_everything": found.is_everything,
        "groups": [
            {
                "certainty": certainty,
                "definition": group.kind,
                "place": group.place,
                "where": group.where,
                "state": group.state,
                "n_units": group.n_units,
                "n_held": group.n_held,
            }
            for certainty, group in groups
        ],
        "shipped": [{**row, "shipped_at": row["shipped_at"].isoformat()} for row in found.sites()],
        "completeness": {
            "is_complete": links.is_complete,
            "recorded": links.n_recorded,
            "inferred": links.n_inferred,
            "missing": links.n_missing,
            "units_missing": links.n_units_missing,
            "by_operation": [
                {"operation": operation, "material": material, "missing": missing, "units": units}
                for operation, material, missing, units in links.by_operation
            ],
        },
    }
