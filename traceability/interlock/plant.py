"""What the plant data says about a station, and about the kinds of unit in front of it: one statement each."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lines.models import Station
from lines.records.prepared import prepared_cursor
from lines.stations.clock import ClockReading
from traceability.feeding.facts import MountedFacts
from traceability.interlock.facts import Definition, GaugeFacts, Material, OperatorFacts, Step, design_code


@dataclass(frozen=True, slots=True)
class StationFacts:
    """A station now. `operations`: what it does, and whether only certified operators may."""

    mode: str
    clock: ClockReading | None  # as last measured
    operations: Mapping[str, bool]
    is_operation: bool  # the plant has the operation asked for
    gauges: tuple[GaugeFacts, ...]
    operator: OperatorFacts | None
    mounted: tuple[MountedFacts, ...]
    feeds: Mapping[str, frozenset[int]]  # definitions that each feed point takes


_STATION = """
select s.mode, c.offset_s, c.measured_at, exists (select 1 from lines_operation where code = %(operation)s),
    (select coalesce(jsonb_object_agg(o.code, o.needs_certification), '{}')
     from lines_operation_stations x join lines_operation o on o.id = x.operation_id where x.station_id = s.id),
    (select jsonb_agg(jsonb_build_array(g.code, g.channel, g.valid_until) order by g.code) from quality_gauge g
     where g.station_id = s.id and (g.channel = '' or g.channel = any(%(channels)s))),
    (select jsonb_build_array((
         select jsonb_object_agg(o.code, t.valid_until)
         from lines_certification t join lines_operation o on o.id = t.operation_id where t.person_id = p.id))
     from lines_person p where p.username = %(operator)s and p.is_active),
    (select jsonb_agg(jsonb_build_array(
         f.code,
         array(select materialdefinition_id from traceability_feedpoint_materials x where x.feedpoint_id = f.id),
         l.material_id, m.material_code, l.id, l.supplier, l.number,
         case when exists (select 1 from traceability_hold h where h.lot_id = l.id and h.scope = 'LOT'
                           and h.released_at is null and h.at_operation = '') then 'HELD' else l.state end,
         l.expires_at) order by f.code)
     from traceability_feedpoint f
     left join (traceability_mounting m join traceability_lot l on l.id = m.lot_id)
          on m.feed_point_id = f.id and m.unmounted_at is null
     where f.station_id = s.id)
from lines_station s left join lines_stationclock c on c.station_id = s.id where s.id = %(station)s
"""


def station_facts(
    station: Station, operation: str, *, operator: str = "", channels: Collection[str] = ()
) -> StationFacts:
    """`operator`: the user name a station sent; `channels`: those whose gauges matter."""
    asked: dict[str, Any] = {
        "station": station.pk,
        "operation": operation,
        "operator": operator,
        "channels": list(channels),
    }
    with prepared_cursor() as cursor:
        cursor.execute(_STATION, asked)
        mode, offset_s, measured_at, is_operation, *texts = cursor.fetchone()
    operations, gauges, person, points = (json.loads(text) if text else None for text in texts)
    certified = {code: datetime.fromisoformat(until) for code, until in (person[0] or {}).items()} if person else {}
    return StationFacts(
        mode=mode,
        clock=ClockReading(offset_s, measured_at) if measured_at else None,
        operations=operations or {},
        is_operation=is_operation,
        gauges=tuple(GaugeFacts(code, channel, datetime.fromisoformat(until)) for code, channel, until in gauges or ()),
        operator=OperatorFacts(certified) if person else None,
        mounted=tuple(_mounted(point, lot) for point, _, *lot in points or () if lot[2] is not None),
        feeds={point: frozenset(takes) for point, takes, *_ in points or ()},
    )


def _mounted(point: str, lot: list[Any]) -> MountedFacts:
    *same, expires_at = lot
    return MountedFacts(*[point, *same, datetime.fromisoformat(expires_at) if expires_at else None])


@dataclass(frozen=True, slots=True)
class Start:
    """How a unit of a definition begins that is seen for the first time now."""

    work_order_id: int | None
    route_id: int | None
    recipe: str  # of the operation asked for where no work order says it; as recipes are spelled


@dataclass(frozen=True, slots=True)
class Order:
    """A work order. `recipe`: the one it freezes for the operation asked for; empty: none."""

    number: str
    recipe: str


@dataclass(frozen=True, slots=True)
class PlantFacts:
    """What the plant data says about a station and the kinds of unit in front of it."""

    here: StationFacts
    definitions: Mapping[int, Definition]
    starts: Mapping[int, Start]  # by definition
    orders: Mapping[int, Order]  # of the units, and those under which new ones begin
    steps: Mapping[tuple[int, int], tuple[Step, ...]]  # by route and definition, in order
    all_steps: Mapping[int, Step]  # by id
    materials: Mapping[str, Material]  # bought ones, by code

    def by_design(self, serial: str) -> Definition | None:
        code = design_code(serial)
        return next((d for d in self.definitions.values() if d.design_code == code), None)

    def start_of(self, definition: Definition | None) -> Start:
        none = Start(None, None, "")
        return self.starts.get(definition.id, none) if definition else none

    def steps_of(self, definition: Definition | None, route_id: int | None) -> tuple[Step, ...]:
        """A unit keeps the route version it started with; None: it starts now."""
        if definition is None:
            return ()
        route_id = self.start_of(definition).route_id if route_id is None else route_id
        return () if route_id is None else self.steps.get((route_id, definition.id), ())

    def order_of(self, definition: Definition | None, work_order_id: int | None) -> Order:
        """A unit's work order; where it has none, an unnamed one with the newest recipe."""
        known = self.orders.get(work_order_id) if work_order_id is not None else None
        return known or Order("", self.start_of(definition).recipe)


# Definitions with their steps in the routes that matter, and bought materials. A new unit begins under the newest
# released order of its product, by that order's route; without an order by the newest route that makes it.
_PLANT = """
with wanted as (
    select d.id, d.code, d.tracking, d.product_id, p.code as product, d.design_code, d.uom
    from lines_materialdefinition d left join lines_product p on p.id = d.product_id
    where d.design_code = any(%(designs)s) or d.id = any(%(ids)s)
       or (d.tracking = 'LOT' and d.code = any(%(materials)s))
), starts as (
    select w.id, o.id as order_id, coalesce(o.route_id, (
               select r.id from lines_route r where r.product_id = w.product_id and r.valid_from <= %(now)s
               and exists (select 1 from lines_routestep s where s.route_id = r.id and s.definition_id = w.id)
               order by r.version desc limit 1)) as route_id,
           (select max(r.version) from lines_recipe r join lines_operation a on a.id = r.operation_id
            where r.product_id = w.product_id and a.code = %(operation)s) as recipe
    from wanted w left join lateral (
        select id, route_id from lines_workorder
        where product_id = w.product_id and state = 'RELEASED' and released_at <= %(now)s
        order by released_at desc, id desc limit 1) o on true
    where w.tracking <> 'LOT'
), orders as (
    select jsonb_agg(jsonb_build_array(o.id, o.number, (
        select p.code || '/' || a.code || '/v' || max(r.version)
        from lines_workorder_recipes x join lines_recipe r on r.id = x.recipe_id
        join lines_operation a on a.id = r.operation_id and a.code = %(operation)s
        join lines_product p on p.id = r.product_id
        where x.workorder_id = o.id group by p.code, a.code limit 1))) as found
    from lines_workorder o where o.id = any(%(orders)s) or o.id in (select order_id from starts)
)
select w.id, w.code, w.tracking, w.product_id, w.product, w.design_code, w.uom,
       b.order_id, b.route_id, b.recipe, (select found from orders),
       s.id, s.route_id, s.definition_id, s.sequence, o.code, s.max_passes, back.sequence, s.on_fail, o.is_test,
       array(select material_id from lines_billitem i where i.step_id = s.id),
       array(select m.code from lines_billitem i join lines_materialdefinition m on m.id = i.material_id
             where i.step_id = s.id and (m.tracking <> 'LOT' or i.positions > 0) order by i.id),
       s.is_gate,
       array(select a.code from lines_routestep_alternatives x join lines_operation a on a.id = x.operation_id
             where x.routestep_id = s.id),
       s.sample_every, s.repeat_in_rework, s.grades, wait.sequence, s.min_wait_s, s.max_wait_s,
       s.duration_s
from wanted w
left join starts b on b.id = w.id
left join (lines_routestep s join lines_operation o on o.id = s.operation_id)
     on s.definition_id = w.id and (s.route_id = b.route_id or s.route_id = any(%(routes)s))
left join lines_routestep back on back.id = s.rework_from_id
left join lines_routestep wait on wait.id = s.wait_from_id
order by s.route_id, s.sequence
"""


def plant_facts(
    here: StationFacts,
    operation: str,
    *,
    designs: Collection[str],
    definition_ids: Iterable[int | None],
    route_ids: Iterable[int | None],
    work_order_ids: Iterable[int | None],
    materials: Collection[str] = (),
    now: datetime,
) -> PlantFacts:
    """Plant data about these design codes, definitions, routes, orders, and these codes of bought materials."""
    asked: dict[str, Any] = {
        "designs": list(designs),
        "ids": _known(definition_ids),
        "routes": _known(route_ids),
        "orders": _known(work_order_ids),
        "materials": list(materials),
        "operation": operation,
        "now": now,
    }
    definitions: dict[int, Definition] = {}
    bought: dict[str, Material] = {}
    starts: dict[int, Start] = {}
    orders: dict[int, Order] = {}
    steps: dict[tuple[int, int], list[Step]] = {}
    with prepared_cursor() as cursor:
        cursor.execute(_PLANT, asked)
        for row in cursor.fetchall():
            if row[2] == "LOT":
                bought[row[1]] = Material(row[0], row[6])
                continue
            if row[0] not in definitions:
                definition = definitions[row[0]] = Definition(*row[:7])
                order_id, route_id, version, found = row[7:11]
                recipe = f"{definition.product}/{operation}/v{version}" if version else ""
                starts[definition.id] = Start(order_id, route_id, recipe)
                if found and not orders:
                    orders.update((key, Order(number, frozen or "")) for key, number, frozen in json.loads(found))
            if row[11] is not None:
                step = Step(*row[11:])
                steps.setdefault((step.route_id, step.definition_id), []).append(step)
    return PlantFacts(
        here=here,
        definitions=definitions,
        starts=starts,
        orders=orders,
        steps={key: tuple(found) for key, found in steps.items()},
        all_steps={step.id: step for found in steps.values() for step in found},
        materials=bought,
    )


def _known(ids: Iterable[int | None]) -> list[int]:
    return list({one for one in ids if one is not None})
