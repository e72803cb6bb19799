"""Loading the facts an interlock decision rests on: a fixed number of statements, however many units."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from lines.models import Station
from lines.records.queries import visits_by_serial
from traceability.holds.facts import HoldFacts
from traceability.interlock.facts import (
    Definition,
    InputFacts,
    LotFacts,
    Material,
    Step,
    UnitFacts,
    design_code,
    serial_fault,
)


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit as stored. `route_id`: the version it started with; None where no rule knows its serial."""

    id: int
    serial: str
    definition_id: int | None
    state: str
    next_step_id: int | None
    route_id: int | None


@dataclass(frozen=True, slots=True)
class PlantFacts:
    """What the plant data says about a station and the kinds of unit in front of it."""

    operations: frozenset[str]  # of the station
    is_operation: bool  # the plant has the operation asked for
    definitions: Mapping[int, Definition]
    newest: Mapping[int, int]  # id of the newest route, by definition
    steps: Mapping[tuple[int, int], tuple[Step, ...]]  # by route and definition, in order
    all_steps: Mapping[int, Step]  # by id
    materials: Mapping[str, Material]  # bought ones, by code

    def by_design(self, serial: str) -> Definition | None:
        code = design_code(serial)
        return next((d for d in self.definitions.values() if d.design_code == code), None)

    def steps_of(self, definition: Definition | None, route_id: int | None) -> tuple[Step, ...]:
        """A unit keeps the route version it started with; None: it starts now, with the newest."""
        if definition is None:
            return ()
        if route_id is None:
            route_id = self.newest.get(definition.id)
        return () if route_id is None else self.steps.get((route_id, definition.id), ())


# One statement for definitions, their steps in every route with their bills, and bought materials.
_PLANT = """
select d.id, d.code, d.tracking, d.product_id, p.code, d.design_code, d.uom,
       s.id, s.route_id, s.definition_id, s.sequence, o.code, s.max_passes, back.sequence, s.on_fail, o.is_test,
       array(select material_id from lines_billitem b where b.step_id = s.id),
       array(select m.code from lines_billitem b join lines_materialdefinition m on m.id = b.material_id
             where b.step_id = s.id and (m.tracking <> 'LOT' or b.positions > 0) order by b.id)
from lines_materialdefinition d
left join lines_product p on p.id = d.product_id
left join (lines_routestep s join lines_route r on r.id = s.route_id and r.valid_from <= %(now)s
           join lines_operation o on o.id = s.operation_id) on s.definition_id = d.id
left join lines_routestep back on back.id = s.rework_from_id
where d.design_code = any(%(designs)s) or d.id = any(%(ids)s) or (d.tracking = 'LOT' and d.code = any(%(materials)s))
order by r.version desc, s.sequence
"""


def plant_facts(
    station: Station,
    operation: str,
    *,
    designs: Collection[str],
    units: Iterable[UnitRow],
    materials: Collection[str] = (),
    now: datetime,
) -> PlantFacts:
    """Plant data about these design codes, the definitions of these units, and these codes of bought materials."""
    wanted: dict[str, list[Any] | datetime] = {
        "designs": list(designs),
        "ids": list({u.definition_id for u in units if u.definition_id is not None}),
        "materials": list(materials),
        "now": now,
    }
    definitions: dict[int, Definition] = {}
    bought: dict[str, Material] = {}
    newest: dict[int, int] = {}
    steps: dict[tuple[int, int], list[Step]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "select o.code, exists (select 1 from lines_operation_stations s"
            " where s.operation_id = o.id and s.station_id = %(station)s)"
            " from lines_operation o where o.code = %(operation)s"
            " union select o.code, true from lines_operation o join lines_operation_stations s"
            " on s.operation_id = o.id where s.station_id = %(station)s",
            {"station": station.pk, "operation": operation},
        )
        operations = dict(cursor.fetchall())
        cursor.execute(_PLANT, wanted)
        for row in cursor.fetchall():
            if row[2] == "LOT":
                bought[row[1]] = Material(row[0], row[6])
                continue
            definitions.setdefault(row[0], Definition(*row[:7]))
            if row[7] is not None:
                step = Step(*row[7:])
                newest.setdefault(step.definition_id, step.route_id)
                steps.setdefault((step.route_id, step.definition_id), []).append(step)
    return PlantFacts(
        operations=frozenset(code for code, is_here in operations.items() if is_here),
        is_operation=operation in operations,
        definitions=definitions,
        newest=newest,
        steps={key: tuple(found) for key, found in steps.items()},
        all_steps={step.id: step for found in steps.values() for step in found},
        materials=bought,
    )


def unit_rows(serials: Collection[str], *, lock: bool) -> dict[str, UnitRow]:
    """Units by serial. `lock`: until the transaction ends, in one order for everybody, so that two posts that share
    units wait for each other instead of blocking each other."""
    sql = (
        "select id, serial, definition_id, state, next_step_id, route_id from traceability_unit where serial = any(%s)"
    )
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} order by serial for no key update" if lock else sql, [list(serials)])
        return {row[1]: UnitRow(*row) for row in cursor.fetchall()}


def unit_facts(
    serials: Iterable[str],
    operation: str,
    plant: PlantFacts,
    rows: Mapping[str, UnitRow],
    *,
    holds: Mapping[int, list[HoldFacts]],
    new: Collection[str] = (),
    entered_at: Mapping[str, datetime] | None = None,
) -> dict[str, UnitFacts]:
    """The facts about each serial. `new` were created by this request; a hold placed after `entered_at` (the permit)
    was no reason to keep the unit out."""
    serials = list(serials)
    visits = visits_by_serial(serials)
    found = {}
    for serial in serials:
        row = rows.get(serial)
        fault = serial_fault(serial)
        if row is not None:
            definition = plant.definitions.get(row.definition_id) if row.definition_id is not None else None
        else:
            definition = None if fault else plant.by_design(serial)
        steps = plant.steps_of(definition, row.route_id if row else None)
        if row is None:
            next_step = steps[0] if steps else None
        else:
            next_step = plant.all_steps.get(row.next_step_id) if row.next_step_id is not None else None
        entered = (entered_at or {}).get(serial)
        found[serial] = UnitFacts(
            serial=serial,
            serial_fault=fault,
            is_known=row is not None and serial not in new,
            definition=definition,
            state=row.state if row else "IN_PROCESS",
            next_step=next_step,
            steps=steps,
            visits=visits.get(serial, {}),
            holds=[
                hold for hold in (holds.get(row.id, []) if row else []) if entered is None or hold.placed_at <= entered
            ],
            operation=operation,
            station_operations=plant.operations,
        )
    return found


def input_facts(
    rows: Mapping[str, UnitRow],
    definitions: Mapping[int, Definition],
    holds: Mapping[int, list[HoldFacts]],
    new: Collection[str],
) -> dict[str, InputFacts]:
    """The facts about units that go into others."""
    outputs: dict[int, set[int]] = {}
    # Only what is discrete is ever consumed; rolls and batches have thousands of outputs that nobody asks for here.
    consumed = [row.id for row in rows.values() if row.state == "CONSUMED"]
    if consumed:
        with connection.cursor() as cursor:
            cursor.execute(
                "select distinct input_unit_id, output_id from traceability_genealogylink"
                " where input_unit_id = any(%s)",
                [consumed],
            )
            for input_id, output_id in cursor.fetchall():
                outputs.setdefault(input_id, set()).add(output_id)
    return {
        serial: InputFacts(
            unit_id=row.id,
            serial=serial,
            is_known=serial not in new,
            definition=definitions.get(row.definition_id) if row.definition_id is not None else None,
            state=row.state,
            is_held=row.id in holds,
            outputs=frozenset(outputs.get(row.id, ())),
        )
        for serial, row in rows.items()
    }


def lot_facts(keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], LotFacts]:
    """Lots by (supplier, number)."""
    if not keys:
        return {}
    suppliers, numbers = zip(*keys, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, supplier, number, true, material_id, state, expires_at from traceability_lot"
            " where (supplier, number) in (select * from unnest(%s::text[], %s::text[]))",
            [list(suppliers), list(numbers)],
        )
        return {(row[1], row[2]): LotFacts(*row) for row in cursor.fetchall()}


def built_in(unit_ids: Collection[int]) -> dict[int, set[str]]:
    """Codes of the materials each of these units has in it already."""
    found: dict[int, set[str]] = {}
    if not unit_ids:
        return found
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct g.output_id, coalesce(d.code, l.material_code) from traceability_genealogylink g"
            " left join traceability_unit i on i.id = g.input_unit_id"
            " left join lines_materialdefinition d on d.id = i.definition_id"
            " left join traceability_lot l on l.id = g.input_lot_id"
            " where g.output_id = any(%s) and coalesce(d.code, l.material_code) is not null",
            [list(unit_ids)],
        )
        for unit_id, code in cursor.fetchall():
            found.setdefault(unit_id, set()).add(code)
    return found


@dataclass(frozen=True, slots=True)
class OpenPermit:
    id: int
    operation: str
    decided_at: datetime
    expires_at: datetime


def open_permits(station: Station, serials: Collection[str]) -> dict[str, OpenPermit]:
    """The newest permit of this station for each serial, where it is an ALLOW that no result used; its time for re-use
    may be over. An older one counts no more, used or not: the newer one took its place."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct on (serial) serial, verdict, used_by_id, id, operation, decided_at, expires_at"
            " from traceability_permit where serial = any(%s) and station_id = %s"
            " order by serial, id desc",
            [list(serials), station.pk],
        )
        return {
            serial: OpenPermit(*row)
            for serial, verdict, used_by_id, *row in cursor.fetchall()
            if verdict == "ALLOW" and used_by_id is None
        }


def facts_json(facts: UnitFacts) -> dict[str, Any]:
    """What was known, as evidence beside a permit's verdict."""
    return {
        "is_known": facts.is_known,
        "definition": facts.definition.code if facts.definition else None,
        "state": facts.state,
        "next_operation": facts.next_step.operation if facts.next_step else None,
        "route": facts.steps[0].route_id if facts.steps else None,
        "visits": {code: [v.count, v.failed, v.last_verdict] for code, v in facts.visits.items()},
        "holds": [hold.reason for hold in facts.holds],
        "station_operations": sorted(facts.station_operations),
    }
