"""Writing a weighed result: record, measurements, unit, genealogy, placement, permit, holds, pending rows, events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lines.events.models import EventKind
from lines.events.services import Happening, emit_all
from lines.models import Station
from lines.orders.models import Tracking
from lines.records import pending
from lines.records.models import Consumer
from lines.records.prepared import prepared_cursor
from lines.records.services import NewMeasurement, NewRecord, store_records
from lines.stations.results import RollRange, StationResult, UnitResult
from traceability.genealogy.models import LinkBasis
from traceability.genealogy.services import NewLink, add_links
from traceability.holds.covering import Seen
from traceability.holds.extending import taken_by
from traceability.holds.facts import HoldFacts
from traceability.holds.services import NewNonconformance, extend_holds, open_nonconformances
from traceability.interlock.facts import InputFacts, LotFacts, UnitFacts
from traceability.interlock.feeds import Fed
from traceability.interlock.outcome import said_by_test
from traceability.interlock.queries import OpenPermit
from traceability.interlock.weighing import LotKey, Weighed
from traceability.rolls.services import WebFacts, keep_web
from traceability.trays.services import NewPlacement, place
from traceability.units.services import UnitChange, apply_changes, consume


@dataclass(slots=True)
class Kept:
    """One unit's result on its way into the database; `record_id` once it is there."""

    result: UnitResult
    unit_id: int
    facts: UnitFacts
    permit: OpenPermit | None
    weighed: Weighed
    holds: Sequence[HoldFacts]  # that are open
    fed: Fed
    record_id: int = field(default=0)

    @property
    def disposition(self) -> str:
        """A hold of any age keeps the unit from going on, one at a later operation from there on."""
        outcome = self.weighed.outcome
        is_moving = outcome.disposition in ("CONTINUE", "REWORK", "COMPLETE")
        after = outcome.next_step.sequence if outcome.next_step else None
        is_held = any(hold.is_in_force(after) for hold in self.holds)
        return "HOLD" if is_held and is_moving else outcome.disposition


def keep(
    station: Station,
    post_id: int,
    posted: StationResult,
    units: Sequence[Kept],
    *,
    inputs: Mapping[str, InputFacts],
    lots: Mapping[LotKey, LotFacts],
    now: datetime,
    entered_by: str = "",
    clock_offset_s: float | None = None,
) -> None:
    """Everything about these units, in a number of statements that does not depend on theirs."""
    records = [_record(unit, posted, entered_by, clock_offset_s) for unit in units]
    record_ids = store_records(station, post_id, now, records)
    for unit, record_id in zip(units, record_ids, strict=True):
        unit.record_id = record_id
    apply_changes([_change(unit) for unit in units], now)
    links = [link for unit in units for link in _links(unit, inputs, lots)]
    add_links(links)
    keep_web(_web(unit, inputs) for unit in units)
    # A roll or batch is used up by and by; what is discrete is gone.
    consume([part.unit_id for part in inputs.values() if part.is_discrete], now)
    place(
        [
            NewPlacement(u.unit_id, u.record_id, posted.tray, u.result.slot, u.result.channel, posted.finished_at)
            for u in units
            if posted.tray and u.result.slot is not None
        ]
    )
    _use_permits(units, now)
    open_nonconformances([found for unit in units if (found := _nonconformance(unit)) is not None], now)
    pending.add(record_ids, [Consumer.SPC])
    # Last, as it keeps others from placing holds until the transaction ends.
    newly_held = extend_holds(
        [_seen(unit, posted, clock_offset_s) for unit in units],
        [taken_by(link) for link in links],
        station_id=station.pk,
        tray=posted.tray,
        now=now,
    )
    for unit in units:
        unit.holds = (*unit.holds, *newly_held.get(unit.unit_id, ()))
    emit_all([happening for unit in units for happening in _happenings(unit, station.code, posted.operation)])


def _record(unit: Kept, posted: StationResult, entered_by: str, clock_offset_s: float | None) -> NewRecord:
    result, weighed = unit.result, unit.weighed
    return NewRecord(
        operation=posted.operation,
        serial=result.serial,
        product=unit.facts.definition.product if unit.facts.definition else "",
        attempt=weighed.attempt,
        started_at=posted.started_at,
        source_time=posted.finished_at,
        machine_outcome=result.outcome,
        verdict=weighed.verdict,
        is_conforming=not weighed.deviations,
        deviation_codes=tuple(weighed.codes),
        reason_codes=result.reason_codes,
        recipe=posted.recipe,
        operator=posted.operator,
        tray=posted.tray,
        slot=result.slot,
        channel=result.channel,
        grade=result.grade,
        clock_offset_s=clock_offset_s,
        is_offline=posted.is_offline,
        entered_by=entered_by,
        counts=result.counts,
        measurements=tuple(
            NewMeasurement(
                characteristic=j.code,
                value=j.value,
                unit=j.unit,
                position=j.position,
                source_time=j.source_time,
                judgement=j.judgement,
                limits_version=j.limits.version_id or None,
                is_derived=j.is_derived,
            )
            for j in weighed.judged
        ),
    )


def _change(unit: Kept) -> UnitChange:
    outcome = unit.weighed.outcome
    return UnitChange(
        unit_id=unit.unit_id,
        state=outcome.state,
        next_step_id=outcome.next_step.id if outcome.next_step else None,
        test=said_by_test(unit.facts, unit.weighed.verdict, outcome),
        length_m=unit.result.length_m,
        mass_kg=unit.result.mass_kg,
        grade=unit.result.grade,
        lanes=unit.result.lanes,
    )


def _web(unit: Kept, inputs: Mapping[str, InputFacts]) -> WebFacts:
    result = unit.result
    ids = {result.serial: unit.unit_id} | {piece.serial: inputs[piece.serial].unit_id for piece in result.ranges}
    cuts = tuple((ids[cut.serial], cut) for cut in result.cut_outs)
    return WebFacts(unit.unit_id, unit.record_id, result.marks, result.scans, cuts)


def _own_range(unit: Kept, piece: RollRange) -> tuple[float | None, float | None]:
    """Where a range lies on the unit's own axis. A roll made of one range is of it over its whole length."""
    length_m, definition = unit.result.length_m, unit.facts.definition
    is_roll = definition is not None and definition.tracking == Tracking.ROLL
    if piece.own_from_m is None and is_roll and length_m is not None and len(unit.result.ranges) == 1:
        return 0.0, length_m
    return piece.own_from_m, piece.own_to_m


def _links(unit: Kept, inputs: Mapping[str, InputFacts], lots: Mapping[LotKey, LotFacts]) -> list[NewLink]:
    output_id, record_id, result = unit.unit_id, unit.record_id, unit.result
    links = [
        NewLink(
            output_id,
            record_id,
            input_lot_id=lots[c.supplier, c.lot].lot_id,
            quantity=c.quantity,
            uom=c.unit,
            own_from_m=c.own_from_m,
            own_to_m=c.own_to_m,
            delta_m=c.delta_m,
        )
        for c in result.consumed
    ]
    links += [
        NewLink(
            output_id,
            record_id,
            input_lot_id=lots[c.supplier, c.lot].lot_id,
            quantity=c.quantity,
            uom=c.unit,
            basis=LinkBasis.MOUNTED.value,
        )
        for c in unit.fed.lots
    ]
    for component in result.components:
        part = inputs[component.serial]
        uom = part.definition.uom if part.definition and component.quantity is not None else ""
        links.append(
            NewLink(
                output_id,
                record_id,
                input_unit_id=part.unit_id,
                quantity=component.quantity,
                uom=uom,
                position=component.position,
                own_from_m=component.own_from_m,
                own_to_m=component.own_to_m,
                delta_m=component.delta_m,
            )
        )
    for piece in result.ranges:
        own_from_m, own_to_m = _own_range(unit, piece)
        links.append(
            NewLink(
                output_id,
                record_id,
                input_unit_id=inputs[piece.serial].unit_id,
                quantity=piece.to_m - piece.from_m,
                uom="m",
                lane=piece.lane,
                from_m=piece.from_m,
                to_m=piece.to_m,
                own_from_m=own_from_m,
                own_to_m=own_to_m,
                is_reversed=piece.is_reversed,
                is_flipped=piece.is_flipped,
                is_mirrored=piece.is_mirrored,
                delta_m=piece.delta_m,
            )
        )
    return links


def _seen(unit: Kept, posted: StationResult, clock_offset_s: float | None) -> Seen:
    behind = timedelta(seconds=clock_offset_s or 0)
    return Seen(
        unit.unit_id,
        unit.result.channel,
        posted.finished_at - behind,
        started=posted.started_at - behind if posted.started_at else None,
        product=unit.facts.definition.product if unit.facts.definition else "",
        recipe=posted.recipe,
        measured=frozenset((j.code, j.position) for j in unit.weighed.judged if j.position),
    )


def _use_permits(units: Sequence[Kept], now: datetime) -> None:
    used = [(unit.permit.id, unit.record_id) for unit in units if unit.permit is not None]
    if used:
        with prepared_cursor() as cursor:
            cursor.execute(
                # Locked in one order for everybody, as in permits.py.
                "with open as (select p.id, u.record_id from traceability_permit p"
                " join unnest(%s::bigint[], %s::bigint[]) as u (id, record_id) on u.id = p.id"
                " order by p.id for no key update of p)"
                " update traceability_permit p set used_by_id = open.record_id,"
                " closed_at = %s from open where p.id = open.id",
                [[permit_id for permit_id, _ in used], [record_id for _, record_id in used], now],
            )


def _nonconformance(unit: Kept) -> NewNonconformance | None:
    outcome = unit.weighed.outcome
    if not outcome.hold_reason and outcome.disposition != "SCRAP" and not unit.weighed.deviations:
        return None
    failed = [j.code for j in unit.weighed.judged if j.judgement > 1]
    codes = dict.fromkeys([*unit.weighed.codes, *unit.result.reason_codes, *failed])
    return NewNonconformance(unit.unit_id, unit.record_id, tuple(codes), outcome.hold_reason)


def _happenings(unit: Kept, station: str, operation: str) -> list[Happening]:
    payload = {
        "record": unit.record_id,
        "serial": unit.result.serial,
        "operation": operation,
        "verdict": unit.weighed.verdict,
        "is_conforming": not unit.weighed.deviations,
    }
    found = [Happening(EventKind.RECORD, station, payload)]
    if unit.weighed.outcome.state != unit.facts.state:
        state = {"serial": unit.result.serial, "state": unit.weighed.outcome.state}
        found.append(Happening(EventKind.UNIT, station, state))
    return found
