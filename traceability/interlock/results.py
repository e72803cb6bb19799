"""Taking a station's result: a permit can be refused, a fact cannot.

What is understood is stored in one transaction, with its deviations, and answered 201; what cannot be understood or
trusted goes to quarantine and leaves the key free. The number of statements does not depend on the number of units.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from lines import errors
from lines.errors import Refusal
from lines.models import Station
from lines.people.actors import acting
from lines.people.scope import refuse_outside
from lines.records.items import tray_of_one
from lines.records.queries import known_reason_codes
from lines.records.services import (
    StoredAnswer,
    close_post,
    open_post,
    quarantine,
    quarantine_items,
    refusing_when_locked,
)
from lines.stations.body import check_key, read_json
from lines.stations.contracts import read_result, read_result_id
from lines.stations.errors import KEY_DIFFERS
from lines.stations.queries import tolerance_of
from lines.stations.results import BadItem, StationResult, UnitResult
from lines.stations.services import keep_clock
from quality.plans.judging import JudgingPlan, Value
from quality.plans.queries import judging_plan
from traceability.feeding.facts import FedMaterial
from traceability.feeding.queries import fed_between
from traceability.holds.queries import open_holds
from traceability.interlock.answers import bad_item_answer, unit_answer
from traceability.interlock.facts import Asked, Definition, LotFacts, UnitFacts, design_code, first_step, serial_fault
from traceability.interlock.feeds import NOTHING_FED, as_mounted, facts_of, unnamed
from traceability.interlock.materials import absent_units
from traceability.interlock.plant import PlantFacts, plant_facts, station_facts
from traceability.interlock.queries import (
    UnitRow,
    built_in,
    input_facts,
    lot_facts,
    open_permits,
    unit_facts,
    unit_rows,
)
from traceability.interlock.storing import Kept, keep
from traceability.interlock.weighing import LotKey, check_understood, values_of, weigh
from traceability.units.services import NewUnit, create_first_seen_lots, create_units


@dataclass(frozen=True, slots=True)
class _Clock:
    """Our time, the time as of which a post's own times are read, and whether a machine's clock made them."""

    now: datetime
    came_at: datetime
    is_machine: bool

    def offset_s(self, posted: StationResult, known_s: float | None) -> float | None:
        """How far the machine's clock was ahead: as this post shows, or as last known. None: unknown, or no machine."""
        if not self.is_machine:
            return None
        return known_s if posted.sent_at is None else (posted.sent_at - self.came_at).total_seconds()


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


def take_result(
    station: Station, key: str, path: str, raw: bytes, *, entered_by: str = "", came_at: datetime | None = None
) -> Taken:
    """Store what a station posted, or the person `entered_by` (user name) entered for it, and answer it.

    `key` empty: the body's result_id is the key. `came_at`: when a post came that is sent again from quarantine; its
    times are read as of then. Raises Refusal, after putting the post into quarantine.
    """
    now = timezone.now()
    try:
        with refusing_when_locked(key), acting(f"person:{entered_by}" if entered_by else f"station:{station.code}"):
            body = None if key else read_json(raw)
            key = key or read_result_id(body or {})
            check_key(key)
            post = open_post(station.pk, key, raw, now)
            if isinstance(post, StoredAnswer):
                return Taken(post.status_code, post.answer, True)
            body = body or read_json(raw)
            clock = _Clock(now, came_at or now, is_machine=not entered_by)
            posted = read_result(body, station.kind, tolerance_of(station, clock.came_at))
            if posted.result_id not in ("", key):
                raise Refusal(KEY_DIFFERS, "$.result_id")
            kept, bad = _take(station, post, posted, clock, entered_by)
            if bad:
                items = [(tray_of_one(body, item.index), item) for item in bad]
                quarantine_items(station, items, path=path, key=key, received_at=clock.came_at)
            return Taken(201, close_post(post, 201, _answer(posted, kept, bad)), False)
    except Refusal as refusal:
        if refusal.code is not errors.BUSY:
            quarantine(station, refusal, path=path, key=key, body=raw, received_at=now)
        raise


def try_result(station: Station, raw: bytes) -> dict[str, Any]:
    """Judge a result wholly and store nothing, for commissioning. Raises Refusal, and keeps nothing of that either."""
    now = timezone.now()
    with refusing_when_locked(station.code), acting(f"station:{station.code}"):
        post = open_post(station.pk, f"dry run {uuid4()}", raw, now)
        assert isinstance(post, int)  # noqa: S101 - nobody else has this key
        posted = read_result(read_json(raw), station.kind, tolerance_of(station, now))
        kept, bad = _take(station, post, posted, _Clock(now, now, is_machine=True), "")
        transaction.set_rollback(True)
        answer = _answer(posted, kept, bad)
        for item in answer.get("items", [answer]):
            item["record"] = None  # there is none
        return answer | {"dry_run": True}


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
    clock_offset_s: float | None
    plant: PlantFacts
    rows: dict[str, UnitRow]  # units by serial; first-seen ones are added

    def definition(self, serial: str) -> Definition | None:
        row = self.rows.get(serial)
        if row is not None:
            return self.plant.definitions.get(row.definition_id) if row.definition_id is not None else None
        return None if serial_fault(serial) else self.plant.by_design(serial)


def _take(
    station: Station, post_id: int, posted: StationResult, clock: _Clock, entered_by: str
) -> tuple[list[tuple[int, Kept]], list[BadItem]]:
    scene = _scene(station, posted, clock, entered_by)
    understood, bad = _understand(scene)
    bad += posted.bad
    if not understood:
        if not posted.is_tray_post:
            raise Refusal(bad[0].code, bad[0].detail)
        items = [bad_item_answer(item) for item in sorted(bad, key=lambda item: item.index)]
        raise Refusal(errors.NOTHING_GOOD, f"{len(bad)} units", items=items)
    new = _create(understood, scene)
    lots = _lots(understood, scene)
    if posted.sent_at is not None and scene.clock_offset_s is not None and clock.came_at == clock.now:
        keep_clock(station.pk, scene.plant.here.clock, scene.clock_offset_s, clock.now)
    return _weigh_and_keep(scene, post_id, understood, new, lots), bad


def _scene(station: Station, posted: StationResult, clock: _Clock, entered_by: str) -> _Scene:
    results = [result for _, result in posted.units]
    serials = _serials(results)
    rows = unit_rows(serials, lock=True)
    designs = {design_code(serial) for serial in serials if serial not in rows and not serial_fault(serial)}
    materials = {lot.material for result in results for lot in result.consumed}
    channels = {result.channel for result in results if result.channel}
    here = station_facts(station, posted.operation, operator=posted.operator, channels=channels)
    if not here.is_operation:
        raise Refusal(errors.UNKNOWN_OPERATION, f"$.operation: {posted.operation}")
    refuse_outside(station.token_operations, posted.operation)
    plant = plant_facts(
        here,
        posted.operation,
        designs=designs,
        definition_ids=(row.definition_id for row in rows.values()),
        route_ids=(row.route_id for row in rows.values()),
        work_order_ids=(rows[result.serial].work_order_id for result in results if result.serial in rows),
        materials=materials,
        now=clock.now,
    )
    offset_s = clock.offset_s(posted, here.clock.offset_s if here.clock else None)
    return _Scene(station, posted, clock.now, entered_by, offset_s, plant, rows)


def _inputs(results: Sequence[UnitResult]) -> set[str]:
    components = {component.serial for result in results for component in result.components}
    return components | {piece.serial for result in results for piece in result.ranges}


def _serials(results: Sequence[UnitResult]) -> set[str]:
    return {result.serial for result in results} | _inputs(results)


def _understand(scene: _Scene) -> tuple[list[_Understood], list[BadItem]]:
    posted = scene.posted
    counted = {count.code for _, r in posted.units for count in r.counts}
    reasons = known_reason_codes(counted | {code for _, r in posted.units for code in r.reason_codes})
    codes = counted | {m.code for _, r in posted.units for m in r.measurements}
    plans: dict[str, JudgingPlan] = {}
    understood, bad = [], []
    for index, result in posted.units:
        definition = scene.definition(result.serial)
        product = definition.product if definition else ""
        if product not in plans:
            plans[product] = judging_plan(product, posted.operation, codes, scene.now)
        values = values_of(result, posted.finished_at)
        try:
            check_understood(result, plans[product], values, materials=scene.plant.materials, reasons=reasons)
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
        first = first_step(serial, serial_fault(serial), steps)
        units.append(
            NewUnit(
                serial=serial,
                definition_id=definition.id if definition else None,
                product_id=definition.product_id if definition else None,
                next_step_id=first.id if first else None,
                route_id=steps[0].route_id if steps else None,
                work_order_id=scene.plant.start_of(definition).work_order_id,
            )
        )
    new = create_units(units, scene.now)
    scene.rows.update(
        (u.serial, UnitRow(new[u.serial], u.serial, u.definition_id, "IN_PROCESS", *u.begins))
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


def _asked(result: UnitResult, scene: _Scene) -> Asked:
    """What the station would have asked before this visit."""
    posted = scene.posted
    began = posted.started_at - timedelta(seconds=scene.clock_offset_s or 0)
    return Asked(posted.recipe, posted.operator, result.channel, began)


def _unnamed(scene: _Scene, understood: list[_Understood], facts: Mapping[str, UnitFacts]) -> dict[str, set[int]]:
    """By serial: what of its bill is fed at this station and not named."""
    feeds = set().union(*scene.plant.here.feeds.values())
    return {
        u.result.serial: unnamed(u.result, facts[u.result.serial].step, feeds, scene.plant.materials)
        for u in understood
    }


def _mounted(scene: _Scene, facts: Mapping[str, UnitFacts], wanted: Mapping[str, set[int]]) -> list[FedMaterial]:
    material_ids = set().union(*wanted.values())
    if not material_ids:
        return []
    steps = {step.id for serial in wanted if (step := facts[serial].step) is not None}
    return fed_between(scene.station.pk, steps, material_ids, scene.posted.started_at, scene.posted.finished_at)


def _weigh_and_keep(
    scene: _Scene, post_id: int, understood: list[_Understood], new: set[str], lots: dict[LotKey, LotFacts]
) -> list[tuple[int, Kept]]:
    posted, rows = scene.posted, scene.rows
    own = [u.result.serial for u in understood]
    holds = open_holds([row.id for row in rows.values()])
    place = (scene.station.code, posted.operation)
    permits = {s: p for s, p in open_permits(own).items() if (p.station, p.operation) == place}
    facts = unit_facts(
        own,
        posted.operation,
        scene.plant,
        rows,
        holds=holds,
        asked={u.result.serial: _asked(u.result, scene) for u in understood},
        new=new,
        entered_at={serial: permit.decided_at for serial, permit in permits.items()},
    )
    part_rows = {serial: rows[serial] for serial in _inputs([u.result for u in understood])}
    inputs = input_facts(part_rows, scene.plant.definitions, holds, new)
    # A repeat takes in nothing again, so what is in it from before counts; most posts name everything.
    wanted = _unnamed(scene, understood, facts)
    lacking = [
        u
        for u in understood
        if absent_units(u.result, facts[u.result.serial].step, inputs, ())
        or (wanted[u.result.serial] and facts[u.result.serial].visits.get(posted.operation))
    ]
    before = built_in([rows[u.result.serial].id for u in lacking])
    mounted = _mounted(scene, facts, wanted)
    mounted_lots, mounted_materials = facts_of(mounted)
    lots = {**mounted_lots, **lots}
    materials = {**scene.plant.materials, **mounted_materials}
    kept = []
    for u in understood:
        serial = u.result.serial
        unit_id = rows[serial].id
        step = facts[serial].step
        mine = [m for m in mounted if step and m.step_id == step.id and m.material_id in wanted[serial]]
        fed = as_mounted(mine, before.get(unit_id, ())) if mine else NOTHING_FED
        weighed = weigh(
            u.result,
            unit_id,
            facts[serial],
            has_permit=serial in permits,
            inputs=inputs,
            lots=lots,
            materials=materials,
            fed=fed,
            built_in=before.get(unit_id, ()),
            plan=u.plan,
            values=u.values,
            finished_at=posted.finished_at,
        )
        for component in u.result.components:
            # The next unit of this tray may claim it too.
            part = inputs[component.serial]
            inputs[component.serial] = replace(part, outputs=part.outputs | {unit_id})
        open_now = holds.get(unit_id, ())
        kept.append(Kept(u.result, unit_id, facts[serial], permits.get(serial), weighed, open_now, fed))
    keep(
        scene.station,
        post_id,
        posted,
        kept,
        inputs=inputs,
        lots=lots,
        now=scene.now,
        entered_by=scene.entered_by,
        clock_offset_s=scene.clock_offset_s,
    )
    return [(u.index, unit) for u, unit in zip(understood, kept, strict=True)]
