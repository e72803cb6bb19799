"""What our rows and the plant data say about everything a post names, and what of it has a meaning."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lines import errors
from lines.errors import Refusal
from lines.models import Station
from lines.people.scope import refuse_outside
from lines.records.queries import known_reason_codes
from lines.stations.results import BadItem, StationResult, UnitResult
from quality.plans.judging import JudgingPlan, Value
from quality.plans.queries import judging_plan
from traceability.feeding.facts import FedMaterial
from traceability.feeding.queries import fed_between
from traceability.interlock.facts import Asked, Definition, LotFacts, UnitFacts, design_code, first_step, serial_fault
from traceability.interlock.feeds import unnamed
from traceability.interlock.plant import PlantFacts, plant_facts, station_facts
from traceability.interlock.queries import UnitRow, lot_facts, unit_rows
from traceability.interlock.weighing import LotKey, check_understood, values_of
from traceability.units.services import NewUnit, create_first_seen_lots, create_units


@dataclass(frozen=True, slots=True)
class Clock:
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
class Understood:
    """One unit's result that the plant data gives a meaning to."""

    index: int
    result: UnitResult
    plan: JudgingPlan
    values: list[Value]


@dataclass(frozen=True, slots=True)
class Scene:
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


def load_scene(station: Station, posted: StationResult, clock: Clock, entered_by: str) -> Scene:
    results = [result for _, result in posted.units]
    serials = serials_of(results)
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
    return Scene(station, posted, clock.now, entered_by, offset_s, plant, rows)


def inputs_of(results: Sequence[UnitResult]) -> set[str]:
    components = {component.serial for result in results for component in result.components}
    return components | {piece.serial for result in results for piece in result.ranges}


def serials_of(results: Sequence[UnitResult]) -> set[str]:
    return {result.serial for result in results} | inputs_of(results)


def understand(scene: Scene) -> tuple[list[Understood], list[BadItem]]:
    posted = scene.posted
    counted = {count.code for _, r in posted.units for count in r.counts}
    on_web = {mark.code for _, r in posted.units for mark in r.marks}
    on_web |= {cut.code for _, r in posted.units for cut in r.cut_outs if cut.code}
    reasons = known_reason_codes(counted | on_web | {code for _, r in posted.units for code in r.reason_codes})
    codes = counted | {m.code for _, r in posted.units for m in r.measurements}
    codes |= {scan.characteristic for _, r in posted.units for scan in r.scans}
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
            understood.append(Understood(index, result, plans[product], values))
    return understood, bad


def create_absent(understood: list[Understood], scene: Scene) -> set[str]:
    """Rows for serials seen for the first time, added to the scene. Returns those that are new."""
    absent = serials_of([u.result for u in understood]) - scene.rows.keys()
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


def lots_of(understood: list[Understood], scene: Scene) -> dict[LotKey, LotFacts]:
    wanted = {(c.supplier, c.lot): c.material for u in understood for c in u.result.consumed}
    found = lot_facts(wanted.keys())
    absent = wanted.keys() - found.keys()
    if absent:
        known = scene.plant.materials
        first_seen = [(*key, wanted[key], known[wanted[key]].id if wanted[key] in known else None) for key in absent]
        create_first_seen_lots(first_seen, scene.now)
        found |= lot_facts(absent)
    return found


def asked_of(result: UnitResult, scene: Scene) -> Asked:
    """What the station would have asked before this visit."""
    posted = scene.posted
    began = posted.started_at - timedelta(seconds=scene.clock_offset_s or 0)
    return Asked(posted.recipe, posted.operator, result.channel, began)


def unnamed_of(scene: Scene, understood: list[Understood], facts: Mapping[str, UnitFacts]) -> dict[str, set[int]]:
    """By serial: what of its bill is fed at this station and not named."""
    feeds = set().union(*scene.plant.here.feeds.values())
    return {
        u.result.serial: unnamed(u.result, facts[u.result.serial].step, feeds, scene.plant.materials)
        for u in understood
    }


def mounted_for(scene: Scene, facts: Mapping[str, UnitFacts], wanted: Mapping[str, set[int]]) -> list[FedMaterial]:
    material_ids = set().union(*wanted.values())
    if not material_ids:
        return []
    steps = {step.id for serial in wanted if (step := facts[serial].step) is not None}
    return fed_between(scene.station.pk, steps, material_ids, scene.posted.started_at, scene.posted.finished_at)
