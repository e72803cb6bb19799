"""Taking a sample, entering its result hours later, giving it up.

A sample's result is a record of its unit that is no visit: it is judged like any other and moves the unit nowhere. A
failed one keeps the unit held; a destructive one scraps it.
"""

import json
import re
import secrets
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from lines.errors import BAD_TEXT, UNKNOWN_OPERATION, Refusal, as_json
from lines.events.models import EventKind
from lines.events.services import Happening, emit_all
from lines.models import Operation, Person
from lines.people.actors import acting
from lines.records import pending
from lines.records.models import Consumer
from lines.records.services import (
    NewMeasurement,
    NewRecord,
    StoredAnswer,
    close_post,
    open_post,
    refusing_when_locked,
    store_records,
)
from quality.plans.judging import Judged, Value, all_pass, check_values, judge, missing
from quality.plans.queries import judging_plan
from traceability.entry.entries import Entry
from traceability.errors import MEASUREMENT_MISSING, UNIT_NOT_FOUND
from traceability.holds.onward import hold_what_it_is_in
from traceability.holds.services import NewNonconformance, open_nonconformances
from traceability.interlock.answers import measurement_answer
from traceability.samples import errors
from traceability.samples.models import Sample, SampleState
from traceability.samples.queries import may_cancel, may_handle, operations_ahead, sample_by_code
from traceability.units.models import Unit, UnitState

LONGEST_NOTE = 500
# What is a part of an address as it stands.
_LABEL = re.compile(r"(?!\.{1,2}$)[A-Z0-9._-]{1,32}")


def take_sample(
    person: Person,
    serial: str,
    *,
    operation: str,
    code: str = "",
    waits_at: str = "",
    is_destructive: bool = False,
    note: str = "",
) -> Sample:
    """`code` empty: we make the label. A destructive sample's unit waits at its next operation unless told where.

    Raises Refusal.
    """
    _check_may(may_handle(person), person)
    code = code.strip().upper()
    if not f"{code}{operation}{note}".isprintable():
        raise Refusal(BAD_TEXT, "printable characters")
    if code and not _LABEL.fullmatch(code):
        raise Refusal(errors.SAMPLE_LABEL, code[:32])
    now = timezone.now()
    with refusing_when_locked(serial[:64]), acting(f"person:{person.username}"):
        unit = _unit_locked(serial)
        if unit.state in (UnitState.SCRAPPED, UnitState.RETURNED):
            raise Refusal(errors.SAMPLE_OF_NOTHING, unit.serial)
        _check_not_built_in(unit, is_destructive=is_destructive)
        measured = Operation.objects.filter(code=operation).first()
        if measured is None:
            raise Refusal(UNKNOWN_OPERATION, operation[:24])
        ahead = [step.code for step in operations_ahead(unit)]
        if waits_at and waits_at not in ahead:
            raise Refusal(errors.SAMPLE_WAITS_NOWHERE, f"{waits_at[:24]}; ahead: {', '.join(ahead)}")
        if is_destructive and not waits_at and ahead:
            waits_at = ahead[0]
        try:
            with transaction.atomic():
                sample = Sample.objects.create(
                    code=code or f"new-{secrets.token_hex(8)}",
                    unit=unit,
                    station=measured.stations.order_by("sequence").first(),
                    operation=operation,
                    waits_at=waits_at,
                    is_destructive=is_destructive,
                    taken_at=now,
                    taken_by=person.username,
                    note=note[:LONGEST_NOTE],
                )
        except IntegrityError:
            raise Refusal(errors.SAMPLE_CODE_TAKEN, code) from None
        if not code:
            sample.code = _label(sample.pk)
            sample.save(update_fields=["code"])
        _tell(sample, unit)
    return sample


def _label(number: int) -> str:
    """Ours, unless somebody gave it to another sample by hand."""
    label = f"S-{number:06d}"
    return f"{label}-{secrets.token_hex(3)}".upper() if Sample.objects.filter(code=label).exists() else label


def enter_sample(person: Person, code: str, entry: Entry, key: str) -> dict[str, Any]:
    """Store a sample's result; the answer as stations get it. The same key again gets the same answer.

    Raises Refusal: not understood, unknown, or no longer waiting.
    """
    _check_may(may_handle(person), person)
    now = timezone.now()
    with refusing_when_locked(key), acting(f"person:{person.username}"):
        sample = sample_by_code(code)
        if sample.station is None:
            raise Refusal(errors.SAMPLE_WAITS_NOWHERE, f"no station does {sample.operation}")
        post = open_post(sample.station.pk, key, _body(sample, entry), now)
        if isinstance(post, StoredAnswer):
            first: dict[str, Any] = json.loads(post.answer)
            return first
        unit = _unit_locked(sample.unit.serial)
        sample = Sample.objects.select_for_update(of=("self",)).select_related("station").get(pk=sample.pk)
        if sample.state != SampleState.TAKEN:
            raise Refusal(errors.SAMPLE_NOT_WAITING, f"{sample.code}: {sample.state}")
        _check_not_built_in(unit, is_destructive=sample.is_destructive)
        answer = _store(sample, unit, entry, post=post, person=person, now=now)
        close_post(post, 201, answer)
    return answer


def _body(sample: Sample, entry: Entry) -> bytes:
    """What was entered, in a form that is the same for the same words."""
    values = [[v.code, v.value, v.unit, v.position] for v in entry.values]
    said = [sample.code, entry.outcome, entry.measured_at.isoformat(), values, list(entry.reasons)]
    return json.dumps(said).encode()


def _store(sample: Sample, unit: Unit, entry: Entry, *, post: int, person: Person, now: datetime) -> dict[str, Any]:
    at = entry.measured_at
    values = [Value(v.code, v.value, v.unit, v.position, at) for v in entry.values]
    product = unit.product.code if unit.product else ""
    plan = judging_plan(product, sample.operation, {v.code for v in values}, now)
    check_values(plan, values)
    judged = judge(plan, values, at)
    verdict = "PASS" if entry.outcome == "PASS" and all_pass(judged) else "FAIL"
    # A sample need not be measured for everything the operation measures, but for something.
    deviations = [MEASUREMENT_MISSING] if not values and missing(plan, values) else []
    record = _record(sample, unit, entry, judged, verdict=verdict, deviations=[d.code for d in deviations], by=person)
    assert sample.station is not None  # noqa: S101 - enter_sample looked
    record_id = store_records(sample.station, post, now, [record])[0]
    sample.record_id, sample.state = record_id, SampleState.PASSED if verdict == "PASS" else SampleState.FAILED
    sample.save(update_fields=["record", "state"])
    if sample.is_destructive:
        unit.state, unit.next_step, unit.updated_at = UnitState.SCRAPPED, None, now
        unit.save(update_fields=["state", "next_step", "updated_at"])
    disposition = "SCRAP" if sample.is_destructive else "CONTINUE"
    if verdict == "FAIL" or deviations:
        failed = [j.code for j in judged if j.judgement > 1]
        codes = tuple(dict.fromkeys([*record.deviation_codes, *entry.reasons, *failed]))
        reason = f"Sample {sample.code}: {sample.operation} {verdict}"
        held = "" if unit.state == UnitState.SCRAPPED else reason
        open_nonconformances([NewNonconformance(unit.pk, record_id, codes, held)], now)
        hold_what_it_is_in(unit.pk, reason=f"{reason}: {unit.serial}", by=f"person:{person.username}", now=now)
        disposition = "HOLD" if held else disposition
    pending.add([record_id], [Consumer.SPC])
    _tell(sample, unit)
    return {
        "record": record_id,
        "serial": unit.serial,
        "operation": sample.operation,
        "attempt": 0,
        "sample": sample.code,
        "verdict": verdict,
        "machine_outcome": entry.outcome,
        "is_conforming": not deviations,
        "deviations": [as_json(deviation) for deviation in deviations],
        "disposition": disposition,
        "next_operation": unit.next_step.operation.code if unit.next_step else None,
        "measurements": [measurement_answer(j) for j in judged],
    }


def _record(
    sample: Sample,
    unit: Unit,
    entry: Entry,
    judged: list[Judged],
    *,
    verdict: str,
    deviations: list[str],
    by: Person,
) -> NewRecord:
    return NewRecord(
        operation=sample.operation,
        serial=unit.serial,
        product=unit.product.code if unit.product else "",
        attempt=0,
        started_at=entry.measured_at,
        source_time=entry.measured_at,
        machine_outcome=entry.outcome,
        verdict=verdict,
        is_conforming=not deviations,
        deviation_codes=tuple(deviations),
        reason_codes=tuple(entry.reasons),
        recipe="",
        operator=by.username,
        tray="",
        slot=None,
        channel="",
        entered_by=by.username,
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
            for j in judged
        ),
    )


def cancel_sample(person: Person, code: str, reason: str) -> Sample:
    """Give a sample up: its unit waits for it no longer. Raises Refusal."""
    _check_may(may_cancel(person), person)
    reason = " ".join(reason.split())
    if not 1 <= len(reason) <= LONGEST_NOTE or not reason.isprintable():
        raise Refusal(errors.REASON_MISSING, f"{len(reason)} characters")
    with refusing_when_locked(code[:32]), acting(f"person:{person.username}"):
        unit = _unit_locked(sample_by_code(code).unit.serial)
        sample = (
            Sample.objects.select_for_update(of=("self",)).select_related("station").get(pk=sample_by_code(code).pk)
        )
        if sample.state != SampleState.TAKEN:
            raise Refusal(errors.SAMPLE_NOT_WAITING, f"{sample.code}: {sample.state}")
        sample.state = SampleState.CANCELLED
        sample.note = f"{person.username}: {reason}"[:LONGEST_NOTE]
        sample.save(update_fields=["state", "note"])
        _tell(sample, unit)
    return sample


def _check_may(is_allowed: bool, person: Person) -> None:
    if not is_allowed:
        raise Refusal(errors.SAMPLE_NOT_YOURS, f"{person.username} is {person.get_role_display()}")


def _check_not_built_in(unit: Unit, *, is_destructive: bool) -> None:
    if is_destructive and unit.state == UnitState.CONSUMED:
        raise Refusal(errors.SAMPLE_BUILT_IN, unit.serial)


def _unit_locked(serial: str) -> Unit:
    """Locked as a station's result locks it: the two wait for each other."""
    unit = (
        Unit.objects.select_for_update(no_key=True, of=("self",))
        .select_related("product", "definition", "next_step__operation")
        .filter(serial=serial)
        .first()
    )
    if unit is None:
        raise Refusal(UNIT_NOT_FOUND, serial[:64])
    return unit


def _tell(sample: Sample, unit: Unit) -> None:
    payload = {"serial": unit.serial, "state": unit.state, "sample": sample.code, "sample_state": sample.state}
    emit_all([Happening(EventKind.UNIT, sample.station.code if sample.station else "", payload)])
