"""Where units are now: on the line, in a tray, built into a pack, in a container, shipped to a site, or gone."""

from dataclasses import dataclass

from django.db import connection

# In the order in which a page tells of them: what is furthest from us first.
PLACES = ("SHIPPED", "RETURNED", "BUILT_IN", "TRAY", "LINE", "FINISHED", "USED_UP", "SCRAPPED")
# Of what is cut or drawn off by and by, "in which pack" has no one answer.
_BY_THE_METRE = "('LOT', 'SLURRY_BATCH', 'ROLL')"
# Of a batch's mass or a roll's metres, by what was taken and cut out: the rest stays in the vessel or on the core.
_USED_UP = 0.95
_DEEPEST = 12
# `wanted`: the units with what is read of themselves. `edge`: what each is built into; `up`: that with all it is built
# into in turn; `around`: the same for each unit. Units and links are looked up one by one (lateral, `offset 0`), and
# each once, however many cells are in a pack: what is asked costs the same in a plant of any size.
_FACTS = f"""
chosen (unit_id) as materialized ({{chosen}}),
wanted as materialized (
    select u.id, u.serial, u.state, u.next_step_id, u.grade, u.length_m, u.lanes, u.mass_kg, d.code as kind, d.tracking,
           d.id as definition_id
    from (
        select u.* from chosen cross join lateral (
            select * from traceability_unit where id = chosen.unit_id offset 0) u offset 0) u
    left join lines_materialdefinition d on d.id = u.definition_id
),
edge as materialized (
    select w.id as part, l.output_id as whole from wanted w cross join lateral (
        select output_id from traceability_currentlink where input_unit_id = w.id offset 0) l
    where w.tracking is null or w.tracking not in {_BY_THE_METRE}
),
up (origin, unit_id, depth) as (
    select distinct whole, whole, 0 from edge
    union
    select up.origin, edge.whole, up.depth + 1 from up join edge on edge.part = up.unit_id where up.depth < {_DEEPEST}
),
sent as materialized (
    select c.unit_id, min(u.shipment_id) as shipment_id from chosen c
    join traceability_shippedunit u on u.unit_id = c.unit_id and u.returned_at is null group by c.unit_id
),
above as materialized (
    select up.origin,
           (array_agg(o.serial order by up.depth) filter (where o.tracking = 'PACK'))[1] as pack,
           (array_agg(o.serial order by up.depth) filter (where o.tracking = 'CONTAINER'))[1] as container,
           (array_agg(o.serial order by up.depth))[1] as built_into,
           (array_agg(o.serial order by up.depth desc))[1] as outermost,
           min(sent.shipment_id) as shipment_id
    from up join wanted o on o.id = up.unit_id left join sent on sent.unit_id = up.unit_id
    group by up.origin
),
around as materialized (
    select distinct on (edge.part) edge.part, above.* from edge join above on above.origin = edge.whole
    order by edge.part, above.shipment_id, edge.whole
),
taken as materialized (
    select w.id, case when w.tracking = 'ROLL'
        then sum((coalesce(t.to_m, w.length_m) - coalesce(t.from_m, 0))
                 / case when t.lane is null then 1 else coalesce(w.lanes, 1) end) / nullif(w.length_m, 0)
        else sum(t.mass_kg) / nullif(w.mass_kg, 0) end as share
    from wanted w cross join lateral (
        (select lane, from_m, to_m, case when uom = 'kg' then quantity end as mass_kg
         from traceability_currentlink where input_unit_id = w.id offset 0)
        union all
        (select lane, from_m, to_m, null from traceability_rollcut where roll_id = w.id offset 0)
    ) t
    where w.tracking in ('ROLL', 'SLURRY_BATCH') and w.state = 'COMPLETED'
    group by w.id, w.tracking, w.length_m, w.lanes, w.mass_kg
),
seen as (
    select w.id, w.serial, w.kind, w.definition_id, w.state, w.grade,
           exists (select 1 from traceability_holdunit h where h.unit_id = w.id and h.released_at is null) as is_held,
           case
               when own.shipment_id is not null or a.shipment_id is not null then 'SHIPPED'
               when w.state = 'RETURNED' then 'RETURNED'
               when w.state = 'SCRAPPED' then 'SCRAPPED'
               when a.outermost is not null then 'BUILT_IN'
               when t.tray is not null then 'TRAY'
               when w.state = 'IN_PROCESS' then 'LINE'
               when taken.share >= {_USED_UP} then 'USED_UP'
               else 'FINISHED'
           end as place,
           last.code as station, last.sequence as station_sequence, o.code as next_operation,
           t.tray, t.slot, t.channel, a.built_into, a.pack, a.container, a.outermost,
           s.number as shipment, s.shipped_at, site.code as site
    from wanted w
    left join around a on a.part = w.id
    left join sent own on own.unit_id = w.id
    left join traceability_shipment s on s.id = least(own.shipment_id, a.shipment_id)
    left join lines_datacentresite site on site.id = s.site_id
    left join traceability_trayload t on t.unit_id = w.id and t.unloaded_at is null
    left join lines_routestep step on step.id = w.next_step_id
    left join lines_operation o on o.id = step.operation_id
    left join taken on taken.id = w.id
    left join lateral (
        select station.code, station.sequence from lines_operationrecord r
        join lines_station station on station.id = r.station_id
        where r.serial = w.serial and w.state in ('IN_PROCESS', 'COMPLETED', 'SCRAPPED') and a.outermost is null
        order by r.id desc limit 1
    ) last on true
)
"""  # noqa: S608 - constants of this module
_COUNTED = """
select kind, place, state,
       case when place = 'SHIPPED' then site when place in ('LINE', 'FINISHED', 'USED_UP', 'SCRAPPED') then station end,
       count(*), count(*) filter (where is_held)
from {rows} group by 1, 2, 3, 4 order by max(station_sequence) desc nulls first, 1, 3, 4
"""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """One unit and where it is. None: it has none, or nobody said."""

    serial: str
    kind: str | None  # code of its material definition
    state: str
    is_held: bool
    place: str  # one of PLACES
    station: str | None  # the last one that saw it, while it is not built in
    next_operation: str | None
    tray: str | None
    slot: int | None
    channel: str | None
    built_into: str | None  # directly
    pack: str | None
    container: str | None
    shipment: str | None
    site: str | None
    unit_id: int


@dataclass(frozen=True, slots=True)
class Group:
    """Units of one kind at one place in one state. `where`: the station, site or kind of pack that says more."""

    kind: str | None
    place: str
    state: str
    where: str | None  # SHIPPED: the site; LINE, FINISHED, SCRAPPED: the last station
    n_units: int
    n_held: int


def facts_of(chosen: str) -> str:
    """CTEs for a statement that begins `with recursive`: `seen` has one row for each unit of the subquery `chosen`,
    `select ... as unit_id`. What they are built into is to be among them."""
    return _FACTS.replace("{chosen}", chosen)


def grouped(rows: str) -> list[Group]:
    """How many are where, of rows that have the columns of `seen`, a table with a condition or without; the furthest
    from us first."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED.replace("{rows}", rows))
        groups = [Group(*row) for row in cursor.fetchall()]
    return sorted(groups, key=lambda group: PLACES.index(group.place))
