"""Loading the facts an interlock decision rests on: a fixed number of statements, however many units."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from lines.records.prepared import prepared_cursor
from lines.records.queries import visits_by_serial
from traceability.containment.queries import uncontained
from traceability.holds.facts import HoldFacts
from traceability.interlock.facts import (
    Asked,
    Definition,
    InputFacts,
    LotFacts,
    SampleFacts,
    UnitFacts,
    first_step,
    serial_fault,
)
from traceability.interlock.plant import PlantFacts


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit as stored. `route_id`: the version it started with; None where no rule knows its serial."""

    id: int
    serial: str
    definition_id: int | None
    state: str
    next_step_id: int | None
    route_id: int | None
    work_order_id: int | None = None
    grade: str = ""
    extra_passes: int = 0  # that dispositions granted
    accepted: Collection[str] = ()  # operations that dispositions let it pass
    channel: str = ""  # where it sits now, in a tray
    samples: tuple[SampleFacts, ...] = ()  # that it waits for


_UNITS = """
select u.id, u.serial, u.definition_id, u.state, u.next_step_id, u.route_id, u.work_order_id, u.grade,
    u.extra_passes, u.accepted,
    (select t.channel from traceability_trayload t where t.unit_id = u.id and t.unloaded_at is null),
    (select jsonb_agg(jsonb_build_array(s.code, s.waits_at) order by s.id) from traceability_sample s
     where s.unit_id = u.id and s.state = 'TAKEN' and s.waits_at <> '')
from traceability_unit u where u.serial = any(%s)
"""


def unit_rows(serials: Collection[str], *, lock: bool) -> dict[str, UnitRow]:
    """Units by serial. `lock`: until the transaction ends, in one order for everybody, so that two posts that share
    units wait for each other instead of blocking each other."""
    with prepared_cursor() as cursor:
        cursor.execute(f"{_UNITS} order by u.serial for no key update of u" if lock else _UNITS, [list(serials)])
        found = {}
        for *row, channel, samples in cursor.fetchall():
            waiting = tuple(SampleFacts(*sample) for sample in json.loads(samples)) if samples else ()
            found[row[1]] = UnitRow(*[*row, channel or "", waiting])
        return found


@dataclass(frozen=True, slots=True)
class OpenPermit:
    """A permit that is neither used nor closed; its time for re-use may be over."""

    id: int
    station: str  # its code
    operation: str
    decided_at: datetime
    expires_at: datetime


def open_permits(serials: Collection[str]) -> dict[str, OpenPermit]:
    """Of each of these serials that has one, of whatever station: there is one in the whole plant."""
    with prepared_cursor() as cursor:
        cursor.execute(
            "select p.serial, p.id, s.code, p.operation, p.decided_at, p.expires_at"
            " from traceability_permit p join lines_station s on s.id = p.station_id"
            " where p.serial = any(%s) and p.verdict = 'ALLOW' and p.closed_at is null",
            [list(serials)],
        )
        return {serial: OpenPermit(*row) for serial, *row in cursor.fetchall()}


def unit_facts(
    serials: Iterable[str],
    operation: str,
    plant: PlantFacts,
    rows: Mapping[str, UnitRow],
    *,
    holds: Mapping[int, list[HoldFacts]],
    asked: Mapping[str, Asked],
    new: Collection[str] = (),
    entered_at: Mapping[str, datetime] | None = None,
) -> dict[str, UnitFacts]:
    """The facts about each serial, but for those that only a permit is asked about (entry_facts). `new` were created
    by this request. A unit in `entered_at` came in by a permit of that time: none of its holds was in force here then,
    whatever time of placing it has, and what happened to the station since keeps it out as little."""
    serials = list(serials)
    visits = visits_by_serial(serials)
    here = plant.here
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
            next_step = first_step(serial, fault, steps)
        else:
            next_step = plant.all_steps.get(row.next_step_id) if row.next_step_id is not None else None
        order = plant.order_of(definition, row.work_order_id if row else plant.start_of(definition).work_order_id)
        entered = (entered_at or {}).get(serial)
        said = asked[serial]
        found[serial] = UnitFacts(
            serial=serial,
            serial_fault=fault,
            is_known=row is not None and serial not in new,
            definition=definition,
            state=row.state if row else "IN_PROCESS",
            next_step=next_step,
            steps=steps,
            visits=visits.get(serial, {}),
            holds=holds.get(row.id, []) if row and entered is None else [],
            operation=operation,
            station_operations=frozenset(here.operations),
            asked=said,
            work_order=order.number,
            recipe=order.recipe,
            grade=row.grade if row else "",
            mode=here.mode if entered is None else "PRODUCTION",
            gauges=tuple(g for g in here.gauges if g.channel in ("", said.channel)),
            needs_certification=here.operations.get(operation, False),
            operator=here.operator,
            samples=row.samples if row and entered is None else (),
            extra_passes=row.extra_passes if row else 0,
            accepted=frozenset(row.accepted) if row else frozenset(),
        )
    return found


def entry_facts(
    facts: Mapping[str, UnitFacts], plant: PlantFacts, elsewhere: Mapping[str, str]
) -> dict[str, UnitFacts]:
    """With what counts only before a unit enters: what is mounted, what the charts have not seen yet, and the other
    station that has an open permit for it."""
    gated = [serial for serial, of in facts.items() if of.step is not None and of.step.is_gate and of.is_known]
    unseen = uncontained(gated) if gated else {}
    return {
        serial: replace(
            of,
            mounted=plant.here.mounted,
            feeds=plant.here.feeds,
            not_contained=unseen.get(serial, 0),
            open_elsewhere=elsewhere.get(serial, ""),
        )
        for serial, of in facts.items()
    }


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
        with prepared_cursor() as cursor:
            cursor.execute(
                "select distinct input_unit_id, output_id from traceability_currentlink where input_unit_id = any(%s)",
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
            holds=tuple(holds.get(row.id, ())),
            outputs=frozenset(outputs.get(row.id, ())),
        )
        for serial, row in rows.items()
    }


def lot_facts(keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], LotFacts]:
    """Lots by (supplier, number)."""
    if not keys:
        return {}
    suppliers, numbers = zip(*keys, strict=True)
    with prepared_cursor() as cursor:
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
    with prepared_cursor() as cursor:
        cursor.execute(
            "select distinct g.output_id, coalesce(d.code, l.material_code) from traceability_currentlink g"
            " left join traceability_unit i on i.id = g.input_unit_id"
            " left join lines_materialdefinition d on d.id = i.definition_id"
            " left join traceability_lot l on l.id = g.input_lot_id"
            " where g.output_id = any(%s) and coalesce(d.code, l.material_code) is not null",
            [list(unit_ids)],
        )
        for unit_id, code in cursor.fetchall():
            found.setdefault(unit_id, set()).add(code)
    return found
