"""Holding the units that a gauge judged while it was out of order, with all that was made of them."""

from dataclasses import dataclass

from django.utils import timezone

from lines.errors import Refusal
from lines.people.actors import acting
from lines.people.auth import may_hold
from lines.people.models import Person
from lines.records.services import refusing_when_locked
from quality.gauges.models import Calibration
from quality.gauges.queries import failed_calibration, suspect_serials
from traceability.holds.asking import AskedHold
from traceability.holds.errors import HOLD_NOT_YOURS
from traceability.holds.models import Hold, HoldUnit
from traceability.holds.placing import cover, place_on_units
from traceability.holds.reach import Preview, Target, preview
from traceability.suspects.errors import NOTHING_JUDGED
from traceability.units.models import Unit


@dataclass(frozen=True, slots=True)
class Judged:
    """What a hold would cover now, and the open one of the same calibration. `n_new`: units not under that one yet."""

    preview: Preview
    earlier: Hold | None
    n_new: int


def judged_by(calibration_id: int) -> Judged:
    """Nothing is written. Raises Refusal where no gauge was found out of order there."""
    unit_ids = tuple(_units(calibration_id))
    earlier = _earlier(calibration_id)
    known = HoldUnit.objects.filter(hold=earlier).values_list("unit_id", flat=True) if earlier else ()
    return Judged(preview(Target(AskedHold("UNITS"), unit_ids=unit_ids)), earlier, len({*unit_ids} - {*known}))


def hold_suspects(calibration_id: int, person: Person) -> Hold:
    """One hold for each calibration: asked again while it is open, it takes in what the gauge judged since.

    Raises Refusal: not allowed, no such calibration, nothing judged; or BUSY.
    """
    if not may_hold(person):
        raise Refusal(HOLD_NOT_YOURS, person.username)
    by = f"person:{person.username}"
    with refusing_when_locked(f"calibration {calibration_id}"), acting(by):
        of = failed_calibration(calibration_id)
        # Of two who press at once the second finds the first one's hold.
        Calibration.objects.select_for_update(no_key=True).get(pk=of.pk)
        earlier = _earlier(calibration_id)
        unit_ids = _units(calibration_id)
        if not unit_ids:
            raise Refusal(NOTHING_JUDGED, of.gauge.code)
        if earlier is not None:
            cover(earlier, Target(AskedHold("UNITS"), unit_ids=tuple(unit_ids)), timezone.now())
            return earlier
        reason = f"{_mark(calibration_id)}: gauge {of.gauge.code} found out of order on {of.at:%Y-%m-%d}"
        return place_on_units(unit_ids, reason=reason, by=by, now=timezone.now()).hold


def _mark(calibration_id: int) -> str:
    return f"Calibration {calibration_id}"


def _earlier(calibration_id: int) -> Hold | None:
    known = Hold.objects.filter(scope="UNITS", released_at=None, reason__startswith=f"{_mark(calibration_id)}: ")
    return known.order_by("pk").first()


def _units(calibration_id: int) -> list[int]:
    serials = suspect_serials(calibration_id)
    return list(Unit.objects.filter(serial__in=serials).order_by("pk").values_list("pk", flat=True))
