"""Recording calibrations and studies, and what a gauge measures: each in one transaction, in a person's name."""

from collections.abc import Collection
from datetime import timedelta

from django.utils import timezone

from lines.errors import Refusal
from lines.people.actors import acting
from lines.people.auth import may_calibrate
from lines.people.models import Person
from quality.charts import process_changes
from quality.charts.models import ChangeKind
from quality.gauges import errors
from quality.gauges.asked import AskedCalibration, read_moment
from quality.gauges.models import Calibration, Gauge, GaugeRrStudy
from quality.gauges.standing import Standing, standing
from quality.gauges.studied import readings_of, study_of
from quality.plans.models import Characteristic
from quality.spc.tables import Table, parse

LONGEST_NOTE = 200


def require_calibrator(person: Person) -> None:
    """Raises Refusal."""
    if not may_calibrate(person):
        raise Refusal(errors.GAUGE_NOT_YOURS, f"{person.username} is {person.get_role_display()}")


def record_calibration(code: str, asked: AskedCalibration, person: Person) -> Calibration:
    """Store it and move the gauge's dates: from a failure on the interlock denies, from a good calibration it allows.

    Marked on the charts of the station. Raises Refusal: not allowed, unknown, recorded before.
    """
    require_calibrator(person)
    by = f"person:{person.username}"
    with acting(by):
        gauge = _locked(code)
        if gauge.calibrations.filter(at=asked.at, kind=asked.kind).exists():
            raise Refusal(errors.CALIBRATION_TWICE, asked.at.isoformat())
        is_calibrated = asked.kind == "CALIBRATION" and asked.as_left_passed
        calibration = Calibration.objects.create(
            gauge=gauge, kind=asked.kind, at=asked.at, as_found=asked.as_found, as_left=asked.as_left,
            allowed=asked.allowed, unit=asked.unit, as_found_passed=asked.as_found_passed,
            as_left_passed=asked.as_left_passed, performed_by=asked.performed_by, certificate=asked.certificate,
            next_due=(asked.next_due or asked.at + timedelta(days=gauge.interval_days)) if is_calibrated else None,
            note=asked.note, recorded_at=timezone.now(), recorded_by=by,
        )  # fmt: skip
        rows = list(gauge.calibrations.order_by("at", "pk"))
        now = standing(Standing(gauge.calibrated_at, gauge.valid_until), rows)
        gauge.calibrated_at, gauge.valid_until = now.calibrated_at, now.valid_until
        gauge.save(update_fields=["calibrated_at", "valid_until"])
        if is_calibrated or not asked.as_found_passed:
            english, japanese = ("calibrated", "校正") if is_calibrated else ("found out of order", "異常を検出")
            process_changes.note(
                gauge.station, ChangeKind.MACHINE, asked.at, f"Gauge {gauge.code} {english}",
                f"測定器 {gauge.code}：{japanese}", by=by, subject=f"gauge {gauge.code}"[:48],
            )  # fmt: skip
    return calibration


def link_characteristics(code: str, characteristics: Collection[str], person: Person) -> None:
    """What the gauge measures, from now on; none: whatever its station measures. Raises Refusal."""
    require_calibrator(person)
    wanted = set(characteristics)
    with acting(f"person:{person.username}"):
        gauge = _locked(code)
        found = list(Characteristic.objects.filter(code__in=wanted))
        unknown = wanted - {characteristic.code for characteristic in found}
        if unknown:
            raise Refusal(errors.LINK_UNKNOWN, ", ".join(sorted(unknown))[:100])
        gauge.characteristics.set(found)


def record_study(
    code: str,
    characteristic_code: str,
    table: Table,
    person: Person,
    *,
    at: str = "",
    tolerance: str = "",
    note: str = "",
) -> GaugeRrStudy:
    """Calculate and store a study. `at` empty: now; `tolerance` empty: percent of the study variation.

    Raises Refusal (RefusedRows for bad rows): not allowed, unknown, no result, recorded before.
    """
    require_calibrator(person)
    now = timezone.now()
    measured_at = read_moment(at, errors.STUDY_FIELD, "at") or now
    width, wrong = parse(tolerance)
    if wrong or (width is not None and width <= 0):
        raise Refusal(errors.STUDY_FIELD, f"tolerance: {tolerance[:40]}")
    note = " ".join(note.split())
    if measured_at > now or len(note) > LONGEST_NOTE or not note.isprintable():
        raise Refusal(errors.STUDY_FIELD, "at" if measured_at > now else "note")
    by = f"person:{person.username}"
    with acting(by):
        gauge = _locked(code)
        characteristic = _measured(gauge, characteristic_code)
        if gauge.studies.filter(characteristic=characteristic, at=measured_at).exists():
            raise Refusal(errors.STUDY_TWICE, measured_at.isoformat())
        readings = readings_of(table, characteristic.unit)
        found = study_of(readings, width)
        return GaugeRrStudy.objects.create(
            gauge=gauge, characteristic=characteristic, at=measured_at, tolerance=width, readings=readings, note=note,
            recorded_at=now, recorded_by=by, **vars(found),
        )  # fmt: skip


def _measured(gauge: Gauge, code: str) -> Characteristic:
    characteristic = Characteristic.objects.filter(code=code).first() if code.isprintable() else None
    linked = gauge.characteristics.all()
    if characteristic is None or (linked.exists() and not linked.filter(pk=characteristic.pk).exists()):
        raise Refusal(errors.STUDY_CHARACTERISTIC, code[:40] if code.isprintable() else "")
    return characteristic


def _locked(code: str) -> Gauge:
    """Held to the end, so that of two calibrations the dates follow from both."""
    known = Gauge.objects.select_for_update(of=("self",)).select_related("station")
    gauge = known.filter(code=code).first() if code.isprintable() else None
    if gauge is None:
        raise Refusal(errors.GAUGE_UNKNOWN, code if code.isprintable() else "")
    return gauge
