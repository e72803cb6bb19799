"""Taking a station's result: a permit can be refused, a fact cannot.

What is understood is stored in one transaction, with its deviations, and answered 201; what cannot be understood or
trusted goes to quarantine and leaves the key free. The number of statements does not depend on the number of units.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from lines import errors
from lines.errors import Refusal
from lines.models import Station
from lines.people.actors import acting
from lines.records.items import tray_of_one
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
from lines.stations.results import BadItem, StationResult
from lines.stations.services import keep_clock
from traceability.genealogy.substituting import TakenOut, named, parts_in, take_out
from traceability.holds.queries import open_holds
from traceability.interlock.answers import bad_item_answer, unit_answer
from traceability.interlock.facts import LotFacts
from traceability.interlock.feeds import NOTHING_FED, as_mounted, facts_of
from traceability.interlock.late import late_visits
from traceability.interlock.materials import absent_units
from traceability.interlock.queries import built_in, input_facts, open_permits, unit_facts
from traceability.interlock.rejudging import judge_again
from traceability.interlock.scene import (
    Clock,
    Scene,
    Understood,
    asked_of,
    create_absent,
    inputs_of,
    load_scene,
    lots_of,
    mounted_for,
    understand,
    unnamed_of,
)
from traceability.interlock.storing import Kept, keep
from traceability.interlock.weighing import LotKey, weigh
from traceability.rolls.queries import web_findings
from traceability.trays.queries import loads_of
from traceability.trays.standing import Loads


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
            clock = Clock(now, came_at or now, is_machine=not entered_by)
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
        kept, bad = _take(station, post, posted, Clock(now, now, is_machine=True), "")
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


def _take(
    station: Station, post_id: int, posted: StationResult, clock: Clock, entered_by: str
) -> tuple[list[tuple[int, Kept]], list[BadItem]]:
    scene = load_scene(station, posted, clock, entered_by)
    understood, bad = understand(scene)
    bad += posted.bad
    if not understood:
        if not posted.is_tray_post:
            raise Refusal(bad[0].code, bad[0].detail)
        items = [bad_item_answer(item) for item in sorted(bad, key=lambda item: item.index)]
        raise Refusal(errors.NOTHING_GOOD, f"{len(bad)} units", items=items)
    new = create_absent(understood, scene)
    lots = lots_of(understood, scene)
    if posted.sent_at is not None and scene.clock_offset_s is not None and clock.came_at == clock.now:
        keep_clock(station.pk, scene.plant.here.clock, scene.clock_offset_s, clock.now)
    return _weigh_and_keep(scene, post_id, understood, new, lots), bad


def _loads(scene: Scene, understood: list[Understood]) -> Loads:
    """Asked for only where the post says where its units sat, and as it is now: of a result that was made while we did
    not answer nobody knows whether the tray was loaded anew since."""
    posted = scene.posted
    if posted.is_offline or not (posted.tray or any(u.result.channel for u in understood)):
        return Loads()
    return Loads(*loads_of([scene.rows[u.result.serial].id for u in understood], posted.tray))


def _weigh_and_keep(
    scene: Scene, post_id: int, understood: list[Understood], new: set[str], lots: dict[LotKey, LotFacts]
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
        asked={u.result.serial: asked_of(u.result, scene) for u in understood},
        new=new,
        entered_at={serial: permit.decided_at for serial, permit in permits.items()},
    )
    late = late_visits(scene.station, posted, scene.clock_offset_s, facts=facts, rows=rows, permits=permits)
    facts |= late.facts
    part_rows = {serial: rows[serial] for serial in inputs_of([u.result for u in understood])}
    inputs = input_facts(part_rows, scene.plant.definitions, holds, new)
    # A repeat takes in nothing again, so what is in it from before counts; most posts name everything.
    wanted = unnamed_of(scene, understood, facts)
    lacking = [
        u
        for u in understood
        if absent_units(u.result, facts[u.result.serial].step, inputs, ())
        or (wanted[u.result.serial] and facts[u.result.serial].visits.get(posted.operation))
    ]
    before = built_in([rows[u.result.serial].id for u in lacking])
    mounted = mounted_for(scene, facts, wanted)
    mounted_lots, mounted_materials = facts_of(mounted)
    lots = {**mounted_lots, **lots}
    loads = _loads(scene, understood)
    materials = {**scene.plant.materials, **mounted_materials}
    kept: list[Kept] = []
    parts = parts_in([rows[u.result.serial].id for u in understood if u.result.removed])
    taken_out = {u.result.serial: named(u.result.removed, parts.get(rows[u.result.serial].id, ())) for u in understood}
    on_web = web_findings([u.result for u in understood], {serial: row.id for serial, row in rows.items()}, new)
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
            unpermitted=late.unpermitted(serial, len(kept) + 1),
            misplaced=loads.difference(unit_id, serial, (posted.tray, u.result.slot, u.result.channel)),
            inputs=inputs,
            lots=lots,
            materials=materials,
            fed=fed,
            built_in=before.get(unit_id, ()),
            plan=u.plan,
            values=u.values,
            finished_at=posted.finished_at,
            not_there=taken_out[serial][1],
            on_web=on_web.get(serial, ()),
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
    for unit in kept:
        found = taken_out[unit.result.serial][0]
        if found:
            taken = [TakenOut(part, unit.record_id, posted.finished_at, reason) for part, reason in found]
            take_out(taken, unit.result.serial, scene.now)
    judge_again(late, kept, scene.plant.here, scene.now)
    return [(u.index, unit) for u, unit in zip(understood, kept, strict=True)]
