"""Setting right what a record says wrongly: by new rows, with the person and the reason.

Nothing that was recorded is overwritten, and no unit is moved along its route: where it stands on the error, it is
held, and a person decides.
"""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from lines.errors import Refusal
from lines.events.models import EventKind
from lines.events.services import Happening, emit_all
from lines.models import OperationRecord, Person
from lines.people.actors import acting
from lines.records.services import refusing_when_locked
from quality.plans.queries import judging_plan
from traceability.corrections import errors
from traceability.corrections.asking import LONGEST_REASON, Asked
from traceability.corrections.models import Correction, CorrectionKind
from traceability.corrections.moving import correct_serial
from traceability.corrections.queries import corrections_of, may_correct, record_by_id, stood_values, verdict_now
from traceability.corrections.relinking import correct_link
from traceability.corrections.standing import rejudge
from traceability.genealogy.models import GenealogyLink
from traceability.holds.onward import hold_what_it_is_in
from traceability.holds.services import NewNonconformance, open_nonconformances
from traceability.units.models import Unit


def correct(person: Person, asked: Asked) -> Correction:
    """Store one correction. Raises Refusal."""
    check_may(person)
    if not 1 <= len(asked.reason.strip()) <= LONGEST_REASON:
        raise Refusal(errors.REASON_NEEDED, f"{len(asked.reason.strip())} characters")
    with refusing_when_locked(f"record {asked.record}"), acting(f"person:{person.username}"):
        return _correct(person, asked)


def try_correction(person: Person, asked: Asked) -> Correction:
    """What `correct` would store, without storing it: for the page that asks whether to. Raises Refusal."""
    check_may(person)
    busy = refusing_when_locked(f"record {asked.record}")
    with busy, acting(f"person:{person.username}"), transaction.atomic():
        found = _correct(person, asked)
        transaction.set_rollback(True)
    return found


def check_may(person: Person) -> None:
    """Raises Refusal NOT_YOURS_TO_CORRECT."""
    if not may_correct(person):
        raise Refusal(errors.NOT_YOURS_TO_CORRECT, f"{person.username} is {person.get_role_display()}")


_Correct = Callable[[OperationRecord, Unit, Asked, str, datetime], Correction]


def _correct(person: Person, asked: Asked) -> Correction:
    now = timezone.now()
    record = record_by_id(asked.record)
    # Locked in one order for everybody, as a station's post locks its units.
    right = asked.right.serial if asked.right else asked.serial
    serials = {record.serial, right} | _wrong_inputs(record, asked)
    units = Unit.objects.select_for_update(no_key=True).filter(serial__in=serials).order_by("serial")
    unit = next(unit for unit in units if unit.serial == record.serial)
    for earlier in corrections_of([record.pk]).get(record.pk, []):
        if earlier.kind == CorrectionKind.SERIAL:
            raise Refusal(errors.RECORD_WITHDRAWN, f"record {earlier.new_record_id}")
    by_kind: dict[str, _Correct] = {
        "VALUE": _correct_value,
        "SERIAL": correct_serial,
        "LOT": correct_link,
        "LINK": correct_link,
    }
    correction = by_kind[asked.kind](record, unit, asked, person.username, now)
    emit_all(
        [
            Happening(EventKind.UNIT, record.station.code, {"serial": serial, "correction": correction.pk})
            for serial in dict.fromkeys([record.serial, str(correction.after.get("serial") or record.serial)])
        ]
    )
    return correction


def _wrong_inputs(record: OperationRecord, asked: Asked) -> set[str]:
    if asked.link is None:
        return set()
    links = GenealogyLink.objects.filter(pk=asked.link, record=record, input_unit__isnull=False)
    return set(links.values_list("input_unit__serial", flat=True))


def _correct_value(record: OperationRecord, unit: Unit, asked: Asked, by: str, now: datetime) -> Correction:
    """The value and those derived from it, judged again by the limits of then."""
    assert asked.sequence is not None and asked.value is not None  # noqa: S101 - asking.py
    stood = stood_values(record)
    named = next((each for each in stood if each.sequence == asked.sequence and not each.is_derived), None)
    if named is None:
        raise Refusal(errors.MEASUREMENT_NOT_FOUND, f"record {record.pk}, sequence {asked.sequence}")
    if named.value == asked.value:
        raise Refusal(errors.NOTHING_TO_CORRECT, f"{named.code}: {asked.value:g}")
    formulas = judging_plan(record.product, record.operation, (), record.received_at).derived
    was = verdict_now(record.verdict, corrections_of([record.pk]).get(record.pk, []))
    found = rejudge(stood, asked.sequence, asked.value, formulas=formulas, machine_outcome=record.machine_outcome)
    rows = [
        Correction.objects.create(
            record=record,
            kind=CorrectionKind.VALUE,
            before={
                "sequence": each.sequence,
                "characteristic": each.code,
                "position": each.position,
                "unit": each.unit,
                "value": each.value,
                "judgement": each.judgement,
                "verdict": was,
            },
            after={"value": value, "judgement": judgement},
            verdict=found.verdict,
            reason=asked.reason.strip(),
            by=by,
            at=now,
        )
        for each, value, judgement in found.changed
    ]
    if was == "PASS" and found.verdict == "FAIL":
        reason = f"Corrected: {record.operation} FAIL, {named.code} {named.value:g} → {asked.value:g}"
        codes = (errors.VALUE_FAILS.code, named.code)
        open_nonconformances([NewNonconformance(unit.pk, record.pk, codes, reason[:200])], now)
        hold_what_it_is_in(unit.pk, reason=f"{unit.serial}: {reason}", by=f"person:{by}", now=now)
    return rows[0]
