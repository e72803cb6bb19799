"""Units as the API tells them, and how its lists are cut into pages."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.db.models import Exists, Model, OuterRef, QuerySet

from lines.errors import WRONG_PARAMETER, Refusal, as_json
from lines.ledger.queries import gaps_of
from lines.ledger.rows import gap_row
from lines.models import Measurement, OperationRecord
from lines.orders.models import Tracking
from lines.orders.serials import canonical
from lines.records.models import Judgement
from quality.plans.judging import NO_LIMITS, Limits
from quality.plans.queries import limits_by_version
from traceability import errors
from traceability.codes import described
from traceability.corrections.models import Correction
from traceability.corrections.queries import corrections_and_origins, moved_by, right_values, verdict_now
from traceability.genealogy.queries import DEEPEST, Links, made_of, used_in
from traceability.holds.models import HoldUnit
from traceability.interlock.models import Rejudgement
from traceability.interlock.rejudgements import rejudgements_of
from traceability.samples.models import Sample
from traceability.units.models import Unit, UnitState

MOST_ITEMS = 500
KINDS = [tracking.value.lower() for tracking in Tracking if tracking != Tracking.LOT]
STATES = ["passed", "failed", "held", *(state.value.lower() for state in UnitState)]
Listed = TypeVar("Listed", bound=Model)

_OPEN_HOLD = Exists(HoldUnit.objects.filter(unit=OuterRef("pk"), released_at=None))


@dataclass(frozen=True, slots=True)
class Window:
    """One page of a list: how many, and after which id."""

    limit: int
    before_id: int | None


def window(limit: str, cursor: str) -> Window:
    """Read `limit` and `cursor` of a request. Raises Refusal WRONG_PARAMETER."""
    return Window(number("limit", limit or "100", most=MOST_ITEMS), _read_cursor(cursor) if cursor else None)


def number(name: str, text: str, *, most: int) -> int:
    """A whole number from 1. Raises Refusal WRONG_PARAMETER."""
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most):
        raise Refusal(WRONG_PARAMETER, f"{name}: 1 to {most}")
    return int(text)


def _read_cursor(cursor: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor.encode()).decode()
    except (ValueError, binascii.Error):
        text = ""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Refusal(WRONG_PARAMETER, "cursor: take it from next_cursor of the page before")
    return int(text)


def page_of(rows: QuerySet[Listed], of: Window, as_row: Callable[[Listed], dict[str, Any]]) -> dict[str, Any]:
    """Newest first. The cursor is the last id, so that rows which come meanwhile shift nothing."""
    if of.before_id is not None:
        rows = rows.filter(pk__lt=of.before_id)
    found = list(rows.order_by("-pk")[: of.limit + 1])
    more = len(found) > of.limit
    items = [as_row(row) for row in found[: of.limit]]
    return {"items": items, "next_cursor": cursor_after(found[of.limit - 1].pk) if more else None}


def cursor_after(last: int) -> str:
    """Of the page behind this row; `window` reads it."""
    return base64.urlsafe_b64encode(str(last).encode()).decode()


def with_names(units: QuerySet[Unit]) -> QuerySet[Unit]:
    named = units.select_related("definition", "product", "next_step__operation", "work_order")
    return named.annotate(is_held=_OPEN_HOLD)


# What a row tells: of the tables joined for it, a code each.
_IN_ROW = (
    "serial", "state", "last_test_passed", "grade", "length_m", "mass_kg", "created_at", "updated_at",
    "definition__code", "definition__tracking", "product__code", "next_step__operation__code", "work_order__number",
)  # fmt: skip


def unit_row(unit: Unit) -> dict[str, Any]:
    """A unit of `with_names` in a list."""
    definition = unit.definition
    return {
        "serial": unit.serial,
        "kind": definition.tracking.lower() if definition else None,
        "definition": definition.code if definition else None,
        "product": unit.product.code if unit.product else None,
        "state": unit.state,
        "is_held": getattr(unit, "is_held"),  # noqa: B009 - annotated
        "last_test_passed": unit.last_test_passed,
        "next_operation": unit.next_step.operation.code if unit.next_step else None,
        "work_order": unit.work_order.number if unit.work_order else None,
        "grade": unit.grade,
        "length_m": unit.length_m,
        "mass_kg": unit.mass_kg,
        "created_at": unit.created_at.isoformat(),
        "updated_at": unit.updated_at.isoformat(),
    }


def list_units(kind: str, product: str, state: str, of: Window) -> dict[str, Any]:
    """Units, newest first; empty filters take all. Raises Refusal WRONG_PARAMETER for a kind or state that is none."""
    units = with_names(Unit.objects.all())
    if kind:
        if kind not in KINDS:
            raise Refusal(WRONG_PARAMETER, f"kind: one of {', '.join(KINDS)}")
        units = units.filter(definition__tracking=kind.upper())
    if product:
        units = units.filter(product__code=product)
    if state in ("passed", "failed"):
        units = units.filter(last_test_passed=state == "passed")
    elif state == "held":
        units = units.filter(_OPEN_HOLD)
    elif state:
        if state not in STATES:
            raise Refusal(WRONG_PARAMETER, f"state: one of {', '.join(STATES)}")
        units = units.filter(state=state.upper())
    return page_of(units, of, unit_row)


def moment(name: str, text: str) -> datetime | None:
    """A time with its offset; None for nothing said. Raises Refusal WRONG_PARAMETER."""
    if not text:
        return None
    try:
        # A plus sign that was not escaped in an address comes as a blank.
        time = datetime.fromisoformat(text.replace(" ", "+"))
        if time.tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Refusal(WRONG_PARAMETER, f"{name}: a time like 2027-04-01T09:30:00Z")


def show_unit(serial: str, depth: str, as_of: str = "") -> dict[str, Any]:
    """Everything about one unit; with `as_of` its records, values, links and holds as they were known then.

    Raises Refusal UNIT_NOT_FOUND or WRONG_PARAMETER.
    """
    then = moment("as_of", as_of)
    levels = number("depth", depth or "1", most=DEEPEST)
    wanted = canonical(serial)
    found = with_names(Unit.objects.filter(serial=wanted)).only(*_IN_ROW)
    unit = found.first() if wanted.isprintable() else None
    if unit is None:
        raise Refusal(errors.UNIT_NOT_FOUND, wanted if wanted.isprintable() else "")
    behind, ahead = made_of(unit.pk, levels, then), used_in(unit.pk, levels, then)
    holds = unit.held_by.select_related("hold").order_by("pk")
    return {
        **unit_row(unit),
        "as_of": then.isoformat() if then else None,
        "holds": [_hold(hold, then) for hold in (holds.filter(added_at__lte=then) if then else holds)],
        "records": _records(unit.serial, then),
        "made_of": _links(behind),
        "used_in": _links(ahead),
    }


def _links(found: Links) -> dict[str, Any]:
    return {"links": found.links, "lot_parts": found.lot_parts, "is_truncated": found.is_truncated}


def _hold(hold: HoldUnit, as_of: datetime | None) -> dict[str, Any]:
    is_released = hold.released_at is not None and (as_of is None or hold.released_at <= as_of)
    return {
        "reason": hold.hold.reason,
        "placed_at": hold.added_at.isoformat(),
        "placed_by": hold.hold.placed_by,
        "released_at": hold.released_at.isoformat() if is_released and hold.released_at else None,
        "released_by": hold.released_by if is_released else None,
    }


def _records(serial: str, as_of: datetime | None) -> list[dict[str, Any]]:
    of_unit = OperationRecord.objects.filter(serial=serial).select_related("station", "sample")
    known = of_unit if as_of is None else of_unit.filter(received_at__lte=as_of)
    records = list(known.prefetch_related("counts").order_by("pk"))
    # The records' own times name the partitions to look into.
    measurements = Measurement.objects.filter(
        record__in=[record.pk for record in records], received_at__in={record.received_at for record in records}
    ).order_by("record_id", "sequence")
    by_record: dict[int, list[Measurement]] = {}
    for measurement in measurements:
        by_record.setdefault(measurement.record_id, []).append(measurement)
    versions = {m.limits_version for found in by_record.values() for m in found if m.limits_version is not None}
    limits = limits_by_version(versions)
    ids = [record.pk for record in records]
    (corrections, origins), rejudged = corrections_and_origins(ids, as_of), rejudgements_of(ids, as_of)
    told, gaps = [], gaps_of(records)
    for record in records:
        found = corrections.get(record.pk, [])
        right = right_values(found)
        measured = [
            _measurement(m, limits.get(m.limits_version or 0, NO_LIMITS), right.get(m.sequence))
            for m in by_record.get(record.pk, [])
        ]
        more = {
            "rejudged": _rejudged(rejudged.get(record.pk)),
            "telemetry_gaps": [gap_row(gap) for gap in gaps.get(record.pk, [])],
            "measurements": measured,
        }
        told.append(_record(record, found, origins.get(record.pk)) | more)
    return told


def _rejudged(found: Rejudgement | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "at": found.at.isoformat(),
        "because_of": found.because_of_id,
        "deviations": [as_json(described(code)) for code in found.codes_after],
    }


def _record(record: OperationRecord, corrections: list[Correction], origin: Correction | None) -> dict[str, Any]:
    moved = moved_by(corrections)
    sample: Sample | None = getattr(record, "sample", None)
    return {
        "record": record.pk,
        "station": record.station.code,
        "operation": record.operation,
        "attempt": record.attempt,
        "started_at": record.started_at.isoformat() if record.started_at else None,
        "source_time": record.source_time.isoformat(),
        "received_at": record.received_at.isoformat(),
        "machine_outcome": record.machine_outcome,
        "verdict": verdict_now(record.verdict, corrections),
        "recorded_verdict": record.verdict,
        "is_conforming": record.is_conforming,
        "deviations": [as_json(described(code)) for code in record.deviation_codes],
        "reason_codes": record.reason_codes,
        "recipe": record.recipe,
        "operator": record.operator,
        "tray": record.tray,
        "slot": record.slot,
        "channel": record.channel,
        "grade": record.grade,
        "clock_offset_s": record.clock_offset_s,
        "is_offline": record.is_offline,
        "entered_by": record.entered_by,
        "content_sha256": record.content_sha256,
        "sample": sample.code if sample else None,
        "moved_to": {"serial": moved.after["serial"], "record": moved.new_record_id} if moved else None,
        "moved_from": {"serial": origin.before["serial"], "record": origin.record_id} if origin else None,
        "corrections": [correction.pk for correction in corrections],
        "counts": [
            {"code": c.code, "count": c.count, "inspected": c.inspected, "position": c.position}
            for c in sorted(record.counts.all(), key=lambda count: count.pk)
        ],
    }


def _measurement(measurement: Measurement, limits: Limits, right: Correction | None) -> dict[str, Any]:
    return {
        "sequence": measurement.sequence,
        "code": measurement.characteristic,
        "value": right.after["value"] if right else measurement.value,
        "recorded_value": measurement.value,
        "unit": measurement.unit,
        "position": measurement.position,
        "source_time": measurement.source_time.isoformat(),
        "lsl": limits.lsl,
        "target": limits.target,
        "usl": limits.usl,
        "limits_version": measurement.limits_version,
        "judgement": Judgement(right.after["judgement"] if right else measurement.judgement).name,
        "is_derived": measurement.is_derived,
    }
