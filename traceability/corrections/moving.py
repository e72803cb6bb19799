"""Giving a record to the unit it belonged to: a copy of it there, the first one marked; both units are held."""

import json
import secrets
from datetime import datetime, timedelta

from lines.errors import Refusal
from lines.models import AttributeCount, MaterialDefinition, OperationRecord, Route, RouteStep, WorkOrder
from lines.orders.models import WorkOrderState
from lines.records.models import WithdrawnRecord
from lines.records.queries import visits_by_serial
from lines.records.services import NewMeasurement, NewRecord, close_post, open_post, store_records
from lines.stations.results import AttributeCount as Counted
from quality.plans.judging import Value, judge
from quality.plans.queries import judging_plan
from traceability.corrections import errors
from traceability.corrections.asking import Asked
from traceability.corrections.models import Correction, CorrectionKind
from traceability.corrections.queries import link_json, links_of, stood_values
from traceability.errors import SERIAL_MALFORMED
from traceability.genealogy.models import GenealogyLink, LinkBasis
from traceability.holds.covering import Seen
from traceability.holds.extending import taken_by
from traceability.holds.onward import hold_what_it_is_in
from traceability.holds.services import NewNonconformance, extend_holds, open_nonconformances
from traceability.interlock.facts import design_code, serial_fault
from traceability.rolls.errors import LINK_CIRCLE
from traceability.rolls.reach import Seed, units_ahead
from traceability.rolls.services import tell_again
from traceability.units.models import Unit, UnitState


def correct_serial(record: OperationRecord, wrong: Unit, asked: Asked, by: str, now: datetime) -> Correction:
    if asked.serial == record.serial:
        raise Refusal(errors.NOTHING_TO_CORRECT, asked.serial)
    known = Unit.objects.select_for_update(no_key=True, of=("self",)).filter(serial=asked.serial).first()
    right = known or _new(asked.serial, now)
    links = links_of(record)
    if any(link.input_unit_id == right.pk for link in links):
        raise Refusal(errors.LINK_IMPOSSIBLE, f"{right.serial} is an input of record {record.pk}")
    ahead = units_ahead([Seed(right.pk)])
    if any(link.input_unit_id in ahead for link in links):
        raise Refusal(LINK_CIRCLE, right.serial)
    copy_id, verdict = _copy(record, right, by, now)
    WithdrawnRecord.objects.create(record=record, at=now)
    tell_again(record.pk, wrong.pk, right.pk, copy_id)
    correction = Correction.objects.create(
        record=record,
        kind=CorrectionKind.SERIAL,
        before={"serial": record.serial},
        after={"serial": right.serial},
        new_record_id=copy_id,
        reason=asked.reason.strip(),
        by=by,
        at=now,
    )
    for link in links:
        _move_link(link, right, copy_id, correction)
    ended_at = record.source_time - timedelta(seconds=record.clock_offset_s or 0)
    seen = Seen(
        right.pk,
        record.channel,
        ended_at,
        started=record.started_at - (record.source_time - ended_at) if record.started_at else None,
        product=record.product,
        recipe=record.recipe,
        measured=frozenset(record.measurements.exclude(position="").values_list("characteristic", "position")),
    )
    extend_holds([seen], [], station_id=record.station_id, tray=record.tray, now=now)
    words = f"Corrected: {record.operation} was done to {right.serial}, not {record.serial}"[:200]
    if record.attempt:
        # A visit moved the wrong unit, or should have moved the right one: where they stand is for a person to say.
        found = [
            NewNonconformance(wrong.pk, record.pk, (errors.RECORD_TAKEN_AWAY.code,), words),
            NewNonconformance(right.pk, copy_id, (errors.RECORD_GIVEN.code,), words),
        ]
        open_nonconformances(found, now)
    elif verdict == "FAIL" or record.deviation_codes:
        # A sample moves nobody, but a failed one holds the unit that it was taken from.
        codes = dict.fromkeys([errors.RECORD_GIVEN.code, *record.deviation_codes, *record.reason_codes])
        open_nonconformances([NewNonconformance(right.pk, copy_id, tuple(codes), words)], now)
    if verdict == "FAIL":
        hold_what_it_is_in(right.pk, reason=words, by=f"person:{by}", now=now)
    return correction


def _new(serial: str, now: datetime) -> Unit:
    """A unit whose first record carried another serial; it begins as any new unit does."""
    if fault := serial_fault(serial):
        raise Refusal(SERIAL_MALFORMED, fault)
    definition = MaterialDefinition.objects.filter(design_code=design_code(serial)).first()
    orders = WorkOrder.objects.filter(state=WorkOrderState.RELEASED, released_at__lte=now)
    order = orders.filter(product=definition.product).first() if definition else None
    routes = Route.objects.filter(valid_from__lte=now).order_by("-version")
    route = order.route if order else routes.filter(product=definition.product).first() if definition else None
    return Unit.objects.create(
        serial=serial,
        definition=definition,
        product=definition.product if definition else None,
        state=UnitState.IN_PROCESS,
        route=route,
        next_step=RouteStep.objects.filter(route=route, definition=definition).order_by("sequence").first(),
        work_order=order,
        created_at=now,
        updated_at=now,
    )


def _copy(record: OperationRecord, right: Unit, by: str, now: datetime) -> tuple[int, str]:
    """The record on the right unit, as it stands, in a post of its own; with its verdict."""
    body = json.dumps({"correction_of": record.pk, "serial": right.serial}).encode()
    post = open_post(record.station_id, f"correction:{record.pk}:{secrets.token_hex(8)}", body, now)
    assert isinstance(post, int)  # noqa: S101 - a new key
    measurements, passes = _measurements(record, right)
    visit = visits_by_serial([right.serial]).get(right.serial, {}).get(record.operation)
    counts = AttributeCount.objects.filter(record=record).order_by("pk")
    verdict = "PASS" if record.machine_outcome == "PASS" and passes else "FAIL"
    copied = NewRecord(
        operation=record.operation,
        serial=right.serial,
        product=right.product.code if right.product else "",
        attempt=1 + (visit.count if visit else 0) if record.attempt else 0,
        started_at=record.started_at or record.source_time,
        source_time=record.source_time,
        machine_outcome=record.machine_outcome,
        verdict=verdict,
        is_conforming=record.is_conforming,
        deviation_codes=tuple(record.deviation_codes),
        reason_codes=tuple(record.reason_codes),
        recipe=record.recipe,
        operator=record.operator,
        tray=record.tray,
        slot=record.slot,
        channel=record.channel,
        grade=record.grade,
        clock_offset_s=record.clock_offset_s,
        is_offline=record.is_offline,
        entered_by=by,
        measurements=tuple(measurements),
        counts=tuple(Counted(c.code, c.count, c.inspected, c.position) for c in counts),
    )
    record_id = store_records(record.station, post, now, [copied])[0]
    answer = {"record": record_id, "serial": right.serial, "operation": record.operation, "verdict": verdict}
    close_post(post, 201, answer)
    return record_id, verdict


def _measurements(record: OperationRecord, right: Unit) -> tuple[list[NewMeasurement], bool]:
    """The values as they stand, and whether all pass. Another product's unit is judged by its limits of then."""
    stood = stood_values(record)
    judged = [(e.code, e.value, e.unit, e.position, e.source_time, e.judgement, e.limits, e.is_derived) for e in stood]
    product = right.product.code if right.product else ""
    if product != record.product and stood:
        plan = judging_plan(product, record.operation, {e.code for e in stood}, record.received_at)
        values = [Value(e.code, e.value, e.unit, e.position, e.source_time) for e in stood if not e.is_derived]
        again = judge(plan, values, record.source_time)
        judged = [
            (j.code, j.value, j.unit, j.position, j.source_time, j.judgement, j.limits, j.is_derived) for j in again
        ]
    found = [
        NewMeasurement(code, value, unit, position, at, judgement, limits.version_id or None, is_derived)
        for code, value, unit, position, at, judgement, limits, is_derived in judged
    ]
    return found, all(m.judgement < 2 for m in found)


def _move_link(link: GenealogyLink, right: Unit, record_id: int, of: Correction) -> None:
    """What the record says went in went into the right unit."""
    added = GenealogyLink.objects.create(
        output=right,
        record_id=record_id,
        input_unit_id=link.input_unit_id,
        input_lot_id=link.input_lot_id,
        quantity=link.quantity,
        uom=link.uom,
        position=link.position,
        lane=link.lane,
        from_m=link.from_m,
        to_m=link.to_m,
        own_from_m=link.own_from_m,
        own_to_m=link.own_to_m,
        is_reversed=link.is_reversed,
        is_flipped=link.is_flipped,
        is_mirrored=link.is_mirrored,
        delta_m=link.delta_m,
        basis=LinkBasis.CORRECTED,
    )
    Correction.objects.create(
        record=of.record,
        kind=CorrectionKind.LOT if link.input_lot_id else CorrectionKind.LINK,
        before={**link_json(link), "output": of.record.serial},
        after={**link_json(added), "output": right.serial},
        removed_link=link,
        added_link=added,
        reason=of.reason,
        by=of.by,
        at=of.at,
    )
    extend_holds([], [taken_by(added)], station_id=None, tray="", now=of.at)
