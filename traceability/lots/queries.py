"""Lots as the API tells them, and what is left of them."""

from collections.abc import Collection
from typing import Any

from django.db import connection
from django.db.models import Q

from lines.errors import WRONG_PARAMETER, Refusal
from traceability.errors import LOT_NOT_FOUND
from traceability.genealogy.closures import units_ahead_of_lot
from traceability.units.models import CertificateValue, Lot, LotEvent, LotPart, Unit
from traceability.units.queries import KINDS, Window, page_of, unit_row, with_names

# What a record's link was replaced by a correction for was never consumed.
_RESTS = """
select l.id, l.quantity
    - coalesce((select sum(p.quantity) from traceability_lotpart p where p.parent_id = l.id), 0)
    - coalesce((select sum(g.quantity) from traceability_currentlink g where g.input_lot_id = l.id
                and not exists (select 1 from traceability_correction c where c.removed_link_id = g.id)), 0)
from traceability_lot l where l.id = any(%s) and l.quantity is not null
"""


def rests(lot_ids: Collection[int]) -> dict[int, float]:
    """What is left of each lot whose quantity is known: less its parts, less what stations consumed. Below zero where
    they consumed more than was received."""
    with connection.cursor() as cursor:
        cursor.execute(_RESTS, [list(lot_ids)])
        return dict(cursor.fetchall())


def lot_row(lot: Lot) -> dict[str, Any]:
    return {
        "id": lot.pk,
        "supplier": lot.supplier,
        "number": lot.number,
        "material": lot.material_code,
        "state": lot.state,
        "expires_at": lot.expires_at.isoformat() if lot.expires_at else None,
        "quantity": lot.quantity,
        "received_at": lot.received_at.isoformat() if lot.received_at else None,
        "created_at": lot.created_at.isoformat(),
    }


def list_lots(supplier: str, lot_number: str, of: Window) -> dict[str, Any]:
    """Lots, newest first, of one supplier, one number or both."""
    lots = Lot.objects.all()
    if supplier:
        lots = lots.filter(supplier=supplier)
    if lot_number:
        lots = lots.filter(number=lot_number)
    return page_of(lots, of, lot_row)


def show_lot(lot_id: int, kind: str, of: Window) -> dict[str, Any]:
    """A lot with every unit that has something of it, directly or through parts and other units. Raises Refusal
    LOT_NOT_FOUND."""
    lot = Lot.objects.filter(pk=lot_id).first()
    if lot is None:
        raise Refusal(LOT_NOT_FOUND, str(lot_id))
    reached = Q(pk__in=units_ahead_of_lot(lot))
    if kind:
        if kind not in KINDS:
            raise Refusal(WRONG_PARAMETER, f"kind: one of {', '.join(KINDS)}")
        reached &= Q(definition__tracking=kind.upper())
    return {
        **lot_row(lot),
        "rest": rests([lot.pk]).get(lot.pk),
        "certificate": [_certified(value) for value in lot.certificate_values.all()],
        "events": [_event(event) for event in lot.events.all()],
        "made_of": [_part(part, part.parent) for part in lot.parents.select_related("parent").order_by("pk")],
        "parts": [_part(part, part.child) for part in lot.children.select_related("child").order_by("pk")],
        "n_units": Unit.objects.filter(reached).count(),
        "units": page_of(with_names(Unit.objects.filter(reached)), of, unit_row),
    }


def _certified(value: CertificateValue) -> dict[str, Any]:
    return {
        "property": value.property,
        "value": value.value,
        "unit": value.unit,
        "lower": value.lower,
        "upper": value.upper,
    }


def _event(event: LotEvent) -> dict[str, Any]:
    return {
        "kind": event.kind,
        "state": event.state,
        "expires_at": event.expires_at.isoformat() if event.expires_at else None,
        "reason": event.reason,
        "by": event.by,
        "at": event.at.isoformat(),
    }


def _part(part: LotPart, other: Lot) -> dict[str, Any]:
    return {
        "lot": {"id": other.pk, "supplier": other.supplier, "number": other.number},
        "quantity": part.quantity,
        "at": part.at.isoformat(),
    }
