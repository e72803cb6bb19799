"""A wrong lot or component set right: one link is removed, another takes its place."""

from datetime import datetime
from typing import Any

from django.db.models import Q

from lines.errors import Refusal
from lines.models import OperationRecord
from lines.orders.models import Tracking
from traceability.corrections import errors
from traceability.corrections.asking import Asked, RightInput
from traceability.corrections.models import Correction, CorrectionKind
from traceability.corrections.queries import link_json, links_of
from traceability.errors import (
    COMPONENT_HELD,
    COMPONENT_SCRAPPED,
    COMPONENT_TAKEN,
    LOT_EXPIRED,
    LOT_NOT_FOUND,
    LOT_NOT_RELEASED,
    LOT_OTHER_MATERIAL,
    UNIT_NOT_FOUND,
)
from traceability.genealogy.models import GenealogyLink, LinkBasis
from traceability.genealogy.substituting import stand_again
from traceability.holds.extending import taken_by
from traceability.holds.models import HoldUnit
from traceability.holds.onward import hold_what_it_is_in
from traceability.holds.services import NewNonconformance, extend_holds, open_nonconformances
from traceability.interlock.facts import DISCRETE
from traceability.rolls.errors import LINK_CIRCLE
from traceability.rolls.reach import Seed, units_ahead
from traceability.units.models import Lot, LotState, Unit, UnitState
from traceability.units.services import consume


def correct_link(record: OperationRecord, unit: Unit, asked: Asked, by: str, now: datetime) -> Correction:
    """LOT: the lot is another one. LINK: the unit, its position or its metres are. Nothing right: it is removed."""
    wrong = _link(record, asked)
    added = _added(record, unit, wrong, asked.right, asked.kind) if asked.right is not None else None
    if wrong is not None and added is not None and link_json(wrong) == link_json(added):
        raise Refusal(errors.NOTHING_TO_CORRECT, f"link {wrong.pk}")
    if wrong is None and added is not None and link_json(added) in [link_json(link) for link in links_of(record)]:
        raise Refusal(errors.NOTHING_TO_CORRECT, _name(added))
    if added is not None:
        added.save()
    correction = Correction.objects.create(
        record=record,
        kind=asked.kind,
        before=link_json(wrong) if wrong else {},
        after=link_json(added) if added else {},
        removed_link=wrong,
        added_link=added,
        reason=asked.reason.strip(),
        by=by,
        at=now,
    )
    found = []
    if added is not None:
        codes = _concerns(added, wrong, record)
        if added.input_unit is not None and _is_discrete(added.input_unit):
            consume([added.input_unit.pk], now)
        extend_holds([], [taken_by(added)], station_id=None, tray="", now=now)
        if codes:
            words = f"Corrected: {_name(added)} is in it: {', '.join(codes)}"[:200]
            codes = [errors.INPUT_CORRECTED.code, *codes]
            found.append(NewNonconformance(unit.pk, record.pk, tuple(codes), words))
            hold_what_it_is_in(unit.pk, reason=f"{unit.serial}: {words}", by=f"person:{by}", now=now)
    open_nonconformances(found, now)
    if wrong is not None and wrong.input_unit is not None:
        same = added is not None and added.input_unit_id == wrong.input_unit_id
        if not same and _is_discrete(wrong.input_unit):
            _free(wrong.input_unit, record, now)
    return correction


def _link(record: OperationRecord, asked: Asked) -> GenealogyLink | None:
    if asked.link is None:
        return None
    links = GenealogyLink.objects.filter(pk=asked.link, record=record, removed_by=None)
    of_kind = Q(input_lot__isnull=False) if asked.kind == CorrectionKind.LOT else Q()
    found = links.filter(of_kind).select_related("input_unit__definition", "input_lot").first()
    if found is None:
        raise Refusal(errors.LINK_NOT_FOUND, f"record {record.pk}, link {asked.link}")
    return found


def _added(
    record: OperationRecord, unit: Unit, wrong: GenealogyLink | None, right: RightInput, kind: str
) -> GenealogyLink:
    """Not saved yet. What is not said stays as the wrong link has it."""
    lot, part = (wrong.input_lot, wrong.input_unit) if wrong else (None, None)
    if right.lot:
        lot, part = Lot.objects.filter(supplier=right.supplier, number=right.lot).first(), None
        if lot is None:
            raise Refusal(LOT_NOT_FOUND, f"{right.supplier} {right.lot}")
    elif right.serial and kind == CorrectionKind.LINK:
        found = Unit.objects.select_for_update(no_key=True, of=("self",)).select_related("definition")
        lot, part = None, found.filter(serial=right.serial).first()
        if part is None:
            raise Refusal(UNIT_NOT_FOUND, right.serial)
    if part is not None and part.pk == unit.pk:
        raise Refusal(errors.LINK_IMPOSSIBLE, part.serial)
    if part is not None and part.pk in units_ahead([Seed(unit.pk)]):
        raise Refusal(LINK_CIRCLE, part.serial)
    added = GenealogyLink(
        output=unit,
        record=record,
        input_unit=part,
        input_lot=lot,
        quantity=right.quantity if right.quantity is not None else wrong.quantity if wrong else None,
        uom=wrong.uom if wrong else _uom(part, lot),
        position=right.position if right.position is not None else wrong.position if wrong else None,
        lane=right.lane if right.lane is not None else wrong.lane if wrong else None,
        from_m=right.from_m if right.from_m is not None else wrong.from_m if wrong else None,
        to_m=right.to_m if right.to_m is not None else wrong.to_m if wrong else None,
        basis=LinkBasis.CORRECTED,
        **_own(unit, wrong, part),
    )
    ends = (added.from_m, added.to_m)
    if (ends[0] is None) != (ends[1] is None) or (ends[0] is not None and ends[1] is not None and ends[0] >= ends[1]):
        raise Refusal(errors.LINK_IMPOSSIBLE, f"{added.from_m} to {added.to_m} m")
    if added.from_m is not None and added.to_m is not None:
        added.quantity = added.to_m - added.from_m
    return added


def _own(unit: Unit, wrong: GenealogyLink | None, part: Unit | None) -> dict[str, Any]:
    """Where it lies on the unit's own axis: where the wrong one was said to, or over all of a roll made of one."""
    if wrong is not None:
        columns = ("own_from_m", "own_to_m", "is_reversed", "is_flipped", "is_mirrored", "delta_m")
        return {column: getattr(wrong, column) for column in columns}
    others = GenealogyLink.objects.filter(output=unit, input_unit__isnull=False, removed_by=None, end=None)
    if part is None or unit.length_m is None or not (_is_roll(unit) and _is_roll(part)) or others.exists():
        return {}
    return {"own_from_m": 0.0, "own_to_m": unit.length_m}


def _is_roll(unit: Unit) -> bool:
    return unit.definition is not None and unit.definition.tracking == Tracking.ROLL


def _uom(part: Unit | None, lot: Lot | None) -> str:
    material = part.definition if part else lot.material if lot else None
    return material.uom if material else ""


def _name(link: GenealogyLink) -> str:
    return link.input_unit.serial if link.input_unit else str(link.input_lot)


def _is_discrete(unit: Unit) -> bool:
    return unit.definition is not None and unit.definition.tracking in DISCRETE


def _concerns(link: GenealogyLink, wrong: GenealogyLink | None, record: OperationRecord) -> list[str]:
    """Codes of what speaks against the right input, as the interlock would have said."""
    if link.input_lot is not None:
        lot = link.input_lot
        materials = {wrong.input_lot.material_code} if wrong is not None and wrong.input_lot else set()
        found = [LOT_NOT_RELEASED.code] if lot.state != LotState.RELEASED else []
        found += [LOT_EXPIRED.code] if lot.expires_at is not None and lot.expires_at < record.source_time else []
        return found + ([LOT_OTHER_MATERIAL.code] if materials and lot.material_code not in materials else [])
    part = link.input_unit
    assert part is not None  # noqa: S101 - a link has one input
    found = [COMPONENT_SCRAPPED.code] if part.state == UnitState.SCRAPPED else []
    found += [COMPONENT_HELD.code] if HoldUnit.objects.filter(unit=part, released_at=None).exists() else []
    others = GenealogyLink.objects.filter(input_unit=part, removed_by=None, end=None).exclude(output=link.output_id)
    return found + ([COMPONENT_TAKEN.code] if _is_discrete(part) and others.exists() else [])


def _is_in_something(part: Unit) -> bool:
    return GenealogyLink.objects.filter(input_unit=part, removed_by=None, end=None).exists()


def _free(part: Unit, record: OperationRecord, now: datetime) -> None:
    """A component that was not built in after all: it stands where its own records leave it, and is held."""
    if part.state != UnitState.CONSUMED or _is_in_something(part):
        return
    stand_again(part, now)
    words = f"Corrected: it was not built in at record {record.pk}"
    open_nonconformances([NewNonconformance(part.pk, record.pk, (errors.INPUT_CORRECTED.code,), words)], now)
