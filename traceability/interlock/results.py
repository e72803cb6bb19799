"""Taking a station's result: a permit can be refused, a fact cannot.

What is understood is stored in one transaction, with its deviations, and answered 201; what cannot be understood or
trusted goes to quarantine and leaves the key free. The number of statements does not depend on the number of units.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import OperationalError
from django.utils import timezone

from lines import errors
from lines.errors import Refusal
from lines.models import Station
from lines.people.actors import acting
from lines.records.queries import unknown_reason_codes
from lines.records.services import LOCKED, StoredAnswer, close_post, open_post, quarantine, quarantine_items
from lines.stations.body import read_json
from lines.stations.contracts import read_result
from lines.stations.queries import tolerance_of
from lines.stations.results import BadItem, StationResult, UnitResult
from quality.plans.judging import JudgingPlan, Value
from quality.plans.queries import judging_plan
from traceability.holds.queries import open_holds
from traceability.interlock.answers import bad_item_answer, unit_answer
from traceability.interlock.facts import Definition, LotFacts, design_code, serial_fault
from traceability.interlock.materials import absent_units
from traceability.interlock.queries import (
    PlantFacts,
    UnitRow,
    built_in,
    input_facts,
    lot_facts,
    open_permits,
    plant_facts,
    unit_facts,
    unit_rows,
)
from traceability.interlock.storing import Kept, keep
from traceability.interlock.weighing import LotKey, check_understood, values_of, weigh
from traceability.units.services import NewUnit, create_first_seen_lots, create_units

_KEY_LENGTH = 128


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer to a post; `is_replay`: it was given before, and nothing was stored now."""

    status_code: int
    text: str  # JSON as sent, byte for byte the same for every repeat
    is_replay: bool

    @property
    def answer(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text)
        return found


def take_result(station: Station, key: str, path: str, raw: bytes, *, entered_by: str = "") -> Taken:
    """Store what a station posted, or the person `entered_by` (user name) entered for it, and answer it.

    Raises Refusal, after putting the post into quarantine.
    """
    now = timezone.now()
    try:
        if not (1 <= len(key) <= _KEY_LENGTH and key.isascii() and key.isprintable()):
            raise Refusal(errors.KEY_MISSING, "Idempotency-Key")
        with acting(f"person:{entered_by}" if entered_by else f"station:{station.code}"):
            post = open_post(station.pk, key, raw, now)
            if isinstance(post, StoredAnswer):
                return Taken(post.status_code, post.answer, True)
            body = read_json(raw)
            posted = read_result(body, station.kind, tolerance_of(station, now))
            kept, bad = _take(station, post, posted, now, entered_by)
            if bad:
                items = [(body["items"][item.index], item) for item in bad]
                quarantine_items(station, items, path=path, key=key, received_at=now)
            answer = _answer(posted, kept, bad)
            return Taken(201, close_post(post, 201, answer), False)
    except Refusal as refusal:
        quarantine(station, refusal, path=path, key=key, body=raw, received_at=now)
        raise
    except OperationalError as error:
        if isinstance(error.__cause__, LOCKED):
            raise Refusal(errors.BUSY, key, retry_after_s=1) from error
        raise


def _answer(posted: StationResult, kept: list[tuple[int, Kept]], bad: list[BadItem]) -> dict[str, Any]:
    if not posted.is_tray_post:
        return unit_answer(posted.operation, kept[0][1])
    items = [(index, unit_answer(posted.operation, unit)) for index, unit in kept]
    items += [(item.index, bad_item_answer(item)) for item in bad]
    return {"items": [answer for _, answer in sorted(items, key=lambda item: item[0])]}


@dataclass(frozen=True, slots=True)
class _Understood:
    """One unit's result that the plant data gives a meaning to."""

    index: int
    result: UnitResult
    plan: JudgingPlan
    values: list[Value]


@dataclass(frozen=True, slots=True)
class _Scene:
    """A post and what the plant data and our rows say about everything it names."""

    station: Station
    posted: StationResult
    now: datetime
    entered_by: str  # user name; empty: the station posted it
    plant: PlantFacts
    rows: dict[str, UnitRow]  # units by serial; first-seen ones are added

    def definition(self, serial: str) -> Definition | None:
        row = self.rows.get(serial)
        if row is not None:
            return self.plant.definitions.get(row.definition_id) if row.definition_id is not None else None
        return None if serial_fault(serial) else self.plant.by_design(serial)


def _take(
    station: Station, post_id: int, posted: StationResult, now: datetime, entered_by: str
) -> tuple[list[tuple[int, Kept]], list[BadItem]]:
    scene = _scene(station, posted, now, entered_by)
    understood, bad = _understand(scene)
    bad += posted.bad
    if not understood:
        if not posted.is_tray_post:
            raise Refusal(bad[0].code, bad[0].detail)
        items = [bad_item_answer(item) for item in sorted(bad, key=lambda item: item.index)]
        raise Refusal(errors.NOTHING_GOOD, f"{len(bad)} units", items=items)
    new = _create(understood, scene)
    lots = _lots(understood, scene)
    return _weigh_and_keep(scene, post_id, understood, new, lots), bad


def _scene(station: Station, posted: StationResult, now: datetime, entered_by: str) -> _Scene:
    results = [result for _, result in posted.units]
    serials = _serials(results)
    rows = unit_rows(serials, lock=True)
    designs = {design_code(serial) for serial in serials if serial not in rows and not serial_fault(serial)}
    materials = {lot.material for result in results for lot in result.consumed}
    plant = plant_facts(station, posted.operation, designs=designs, units=rows.values(), materials=materials, now=now)
    if not plant.is_operation:
        raise Refusal(errors.UNKNOWN_OPERATION, f"$.operation: {posted.operation}")
    return _Scene(station, posted, now, entered_by, plant, rows)


def _inputs(results: Sequence[UnitResult]) -> set[str]:
    components = {component.serial for result in results for component in result.components}
    return components | {piece.serial for result in results for piece in result.ranges}


def _serials(results: Sequence[UnitResult]) -> set[str]:
    return {result.serial for result in results} | _inputs(results)


def _understand(scene: _Scene) -> tuple[list[_Understood], list[BadItem]]:
    posted = scene.posted
    reasons = unknown_reason_codes({code for _, r in posted.units for code in r.reason_codes})
    codes = {m.code for _, r in posted.units for m in r.measurements}
    plans: dict[str, JudgingPlan] = {}
    understood, bad = [], []
    for index, result in posted.units:
        definition = scene.definition(result.serial)
        product = definition.product if definition else ""
        if product not in plans:
            plans[product] = judging_plan(product, posted.operation, codes, scene.now)
        values = values_of(result, posted.finished_at)
        try:
            check_understood(result, plans[product], values, materials=scene.plant.materials, unknown_reasons=reasons)
        except Refusal as refusal:
            path = f"$.items[{index}]." if posted.is_tray_post else "$."
            bad.append(BadItem(index, result.serial, refusal.code, path + refusal.detail))
        else:
            understood.append(_Understood(index, result, plans[product], values))
    return understood, bad


def _create(understood: list[_Understood], scene: _Scene) -> set[str]:
    """Rows for serials seen for the first time, added to the scene. Returns those that are new."""
    absent = _serials([u.result for u in understood]) - scene.rows.keys()
    if not absent:
        return set()
    units = []
    for serial in absent:
        definition = scene.definition(serial)
        steps = scene.plant.steps_of(definition, None)
        units.append(
            NewUnit(
                serial=serial,
                definition_id=definition.id if definition else None,
                product_id=definition.product_id if definition else None,
                next_step_id=steps[0].id if steps else None,
                route_id=steps[0].route_id if steps else None,
            )
        )
    new = create_units(units, scene.now)
    scene.rows.update(
        (u.serial, UnitRow(new[u.serial], u.serial, u.definition_id, "IN_PROCESS", u.next_step_id, u.route_id))
        for u in units
        if u.serial in new
    )
    if len(new) < len(units):
        # Somebody else's post was first; its unit may have gone on since.
        scene.rows.update(unit_rows(absent - new.keys(), lock=True))
    return set(new)


def _lots(understood: list[_Understood], scene: _Scene) -> dict[LotKey, LotFacts]:
    wanted = {(c.supplier, c.lot): c.material for u in understood for c in u.result.consumed}
    found = lot_facts(wanted.keys())
    absent = wanted.keys() - found.keys()
    if absent:
        known = scene.plant.materials
        first_seen = [(*key, wanted[key], known[wanted[key]].id if wanted[key] in known else None) for key in absent]
        create_first_seen_lots(first_seen, scene.now)
        found |= lot_facts(absent)
    return found


def _weigh_and_keep(
    scene: _Scene, post_id: int, understood: list[_Understood], new: set[str], lots: dict[LotKey, LotFacts]
) -> list[tuple[int, Kept]]:
    posted, rows = scene.posted, scene.rows
    own = [u.result.serial for u in understood]
    holds = open_holds([row.id for row in rows.values()])
    permits = {s: p for s, p in open_permits(scene.station, own).items() if p.operation == posted.operation}
    entered_at = {serial: permit.decided_at for serial, permit in permits.items()}
    facts = unit_facts(own, posted.operation, scene.plant, rows, holds=holds, new=new, entered_at=entered_at)
    part_rows = {serial: rows[serial] for serial in _inputs([u.result for u in understood])}
    inputs = input_facts(part_rows, scene.plant.definitions, holds, new)
    # A repeat takes in nothing again, so what is in it from before counts; most posts name everything.
    lacking = [u for u in understood if absent_units(u.result, facts[u.result.serial].step, inputs, ())]
    before = built_in([rows[u.result.serial].id for u in lacking])
    kept = []
    for u in understood:
        serial = u.result.serial
        unit_id = rows[serial].id
        weighed = weigh(
            u.result,
            unit_id,
            facts[serial],
            has_permit=serial in permits,
            inputs=inputs,
            lots=lots,
            materials=scene.plant.materials,
            built_in=before.get(unit_id, ()),
            plan=u.plan,
            values=u.values,
            finished_at=posted.finished_at,
        )
        for component in u.result.components:
            # The next unit of this tray may claim it too.
            part = inputs[component.serial]
            inputs[component.serial] = replace(part, outputs=part.outputs | {unit_id})
        kept.append(Kept(u.result, unit_id, facts[serial], permits.get(serial), weighed, bool(holds.get(unit_id))))
    keep(scene.station, post_id, posted, kept, inputs=inputs, lots=lots, now=scene.now, entered_by=scene.entered_by)
    return [(u.index, unit) for u, unit in zip(understood, kept, strict=True)]
