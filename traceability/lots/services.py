"""Lots: goods receipt with its certificate, and what people decide about them. Every change leaves a LotEvent."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from lines.errors import Refusal
from lines.models import MaterialDefinition, Station
from lines.orders.models import Tracking
from lines.people.actors import acting
from lines.records.refusing import keeping_refused
from lines.records.services import refusing_when_locked
from lines.stations.body import Fields, read_json
from traceability.errors import LOT_DIFFERS, LOT_NOT_FOUND, NOT_A_LOT_MATERIAL
from traceability.lots import errors
from traceability.lots.bodies import Certified, Expiry, Receipt, read_decision, read_expiry, read_receipt
from traceability.lots.queries import lot_row
from traceability.units.models import CertificateValue, Lot, LotEvent, LotEventKind, LotState

LONGEST_REASON = 500
LONGEST_ACTOR = 120


def receive_lot(actor: str, station: Station | None, path: str, raw: bytes) -> tuple[bool, dict[str, Any]]:
    """Goods receipt of a bought lot: whether it is new, and the lot as stored. The same receipt again changes nothing.

    Raises Refusal, after putting the body into quarantine: not understood, an unknown material, or a lot that was
    received differently before.
    """
    now = timezone.now()
    with keeping_refused(station, path=path, body=raw, received_at=now), acting(actor):
        is_new, lot = receive(read_receipt(read_json(raw)), actor, now)
        return is_new, lot_row(lot)


def receive(receipt: Receipt, actor: str, now: datetime) -> tuple[bool, Lot]:
    """Inside a transaction. Whether the lot is new, and the lot; raises Refusal for what does not fit."""
    material = MaterialDefinition.objects.filter(code=receipt.material, tracking=Tracking.LOT).first()
    if material is None:
        raise Refusal(NOT_A_LOT_MATERIAL, receipt.material)
    lot, is_new = Lot.objects.select_for_update().get_or_create(
        supplier=receipt.supplier,
        number=receipt.number,
        defaults={"material": material, "material_code": receipt.material, "created_at": now},
    )
    if is_new or lot.received_at is None:
        _store(lot, receipt, material, actor, now)
        return True, lot
    _complete(lot, receipt, actor, now)
    return False, lot


def _store(lot: Lot, receipt: Receipt, material: MaterialDefinition, actor: str, now: datetime) -> None:
    """A lot first seen in a result is received late: what was consumed of it keeps its deviation, and a block stays."""
    lot.material, lot.material_code = material, receipt.material
    lot.expires_at, lot.quantity, lot.received_at = receipt.expires_at, receipt.quantity, now
    state, reason = LotState.RELEASED, ""
    if receipt.outside:
        state, reason = LotState.QUARANTINE, _outside(receipt)
    elif not material.release_on_receipt:
        state, reason = LotState.QUARANTINE, errors.WAITS_FOR_RELEASE.code
    lot.state = lot.state if lot.state == LotState.BLOCKED else state
    lot.save(update_fields=["material", "material_code", "state", "expires_at", "quantity", "received_at"])
    _certify(lot, receipt.certificate)
    note(lot, LotEventKind.RECEIVED, reason, actor, now)


def _outside(receipt: Receipt) -> str:
    """The code in front, so that a screen can say it in the reader's language."""
    lines = "; ".join(line.in_words for line in receipt.outside)
    return f"{errors.CERTIFICATE_OUTSIDE.code} {lines}"[:LONGEST_REASON]


def _certify(lot: Lot, certificate: Sequence[Certified]) -> None:
    CertificateValue.objects.bulk_create(
        CertificateValue(
            lot=lot, property=line.name, value=line.value, unit=line.unit, lower=line.lower, upper=line.upper
        )
        for line in certificate
    )


def _complete(lot: Lot, receipt: Receipt, actor: str, now: datetime) -> None:
    """A receipt of a known lot: nothing where it says the same, and what the first one left open is filled in."""
    known = tuple(
        Certified(value.property, value.value, value.unit, value.lower, value.upper)
        for value in lot.certificate_values.all()
    )
    receipts = list(lot.events.filter(kind=LotEventKind.RECEIVED)[:1])
    as_received = receipts[0].expires_at if receipts else lot.expires_at  # people may have changed it since
    differs = (
        (lot.material_code, as_received) != (receipt.material, receipt.expires_at)
        or (None not in (lot.quantity, receipt.quantity) and lot.quantity != receipt.quantity)
        or (known and receipt.certificate and set(known) != set(receipt.certificate))
    )
    if differs:
        raise Refusal(LOT_DIFFERS, f"{lot.material_code}, expires {as_received}, {lot.quantity}")
    has_more = False
    if lot.quantity is None and receipt.quantity is not None:
        lot.quantity, has_more = receipt.quantity, True
    reason = ""
    if receipt.certificate and not known:
        _certify(lot, receipt.certificate)
        has_more = True
        if receipt.outside:
            reason = _outside(receipt)
            lot.state = LotState.QUARANTINE if lot.state == LotState.RELEASED else lot.state
    if has_more:
        lot.save(update_fields=["quantity", "state"])
        note(lot, LotEventKind.RECEIVED, reason, actor, now)


def note(lot: Lot, kind: LotEventKind, reason: str, actor: str, now: datetime) -> None:
    """Write down what somebody did with the lot, with the lot as it is after it."""
    LotEvent.objects.create(
        lot=lot, kind=kind, state=lot.state, expires_at=lot.expires_at, reason=reason, by=actor[:LONGEST_ACTOR], at=now
    )


def locked_lot(lot_id: int) -> Lot:
    """Until the transaction ends. Raises Refusal LOT_NOT_FOUND."""
    lot = Lot.objects.select_for_update(of=("self",)).select_related("material").filter(pk=lot_id).first()
    if lot is None:
        raise Refusal(LOT_NOT_FOUND, str(lot_id))
    return lot


# `union` drops what was seen; parts are made of older lots only, so there is no loop, and none would hang it.
_PARTS_OF = """
with recursive part(lot_id) as (
    select child_id from traceability_lotpart where parent_id = %s
    union
    select p.child_id from traceability_lotpart p join part on p.parent_id = part.lot_id
) select lot_id from part
"""


def _locked_parts(lot: Lot) -> list[Lot]:
    """Every lot with something of this one in it, in one order for everybody. Asked for until none is new: while we
    waited for a part, somebody may have split it."""
    parts: dict[int, Lot] = {}
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_PARTS_OF, [lot.pk])
            new = {row[0] for row in cursor.fetchall()} - parts.keys()
        if not new:
            return list(parts.values())
        parts |= {part.pk: part for part in Lot.objects.select_for_update().filter(pk__in=new).order_by("pk")}


def release(lot_id: int, reason: str, actor: str, now: datetime) -> Lot:
    """Inside a transaction. Parts of the lot are judged on their own: they may have gone another way."""
    lot = locked_lot(lot_id)
    if lot.state == LotState.UNKNOWN:
        raise Refusal(errors.LOT_NOT_RECEIVED, str(lot))
    if lot.state != LotState.RELEASED:
        lot.state = LotState.RELEASED
        lot.save(update_fields=["state"])
        note(lot, LotEventKind.RELEASED, reason, actor, now)
    return lot


def block(lot_id: int, reason: str, actor: str, now: datetime) -> Lot:
    """Inside a transaction. What is the matter with a lot is the matter with every part of it."""
    lot = locked_lot(lot_id)
    for each in (lot, *_locked_parts(lot)):
        if each.state != LotState.BLOCKED:
            each.state = LotState.BLOCKED
            each.save(update_fields=["state"])
            why = reason if each.pk == lot.pk else f"{reason} ({lot})"[:LONGEST_REASON]
            note(each, LotEventKind.BLOCKED, why, actor, now)
    return lot


def change_expiry(lot_id: int, expiry: Expiry, actor: str, now: datetime) -> Lot:
    """Inside a transaction. A part may expire earlier than its lot, never later because of it."""
    lot = locked_lot(lot_id)
    if lot.state == LotState.UNKNOWN:
        raise Refusal(errors.LOT_NOT_RECEIVED, str(lot))
    until = expiry.expires_at
    changed = [lot] if lot.expires_at != until else []
    if changed and until is not None:
        changed += [part for part in _locked_parts(lot) if part.expires_at is None or part.expires_at > until]
    for each in changed:
        each.expires_at = until
        each.save(update_fields=["expires_at"])
        why = expiry.reason if each.pk == lot.pk else f"{expiry.reason} ({lot})"[:LONGEST_REASON]
        note(each, LotEventKind.EXPIRY, why, actor, now)
    return lot


def decide(verb: str, lot_id: int, *, actor: str, path: str, raw: bytes) -> dict[str, Any]:
    """`release`, `block` or `expiry` as a request says, and the lot as it is then. The same again changes nothing."""
    now = timezone.now()
    with keeping_refused(None, path=path, body=raw, received_at=now):
        return lot_row(decide_on(verb, lot_id, read_json(raw), actor, now))


def decide_on(verb: str, lot_id: int, body: Fields, actor: str, now: datetime) -> Lot:
    """In a transaction of its own."""
    with refusing_when_locked(""), acting(actor):
        if verb == "expiry":
            return change_expiry(lot_id, read_expiry(body), actor, now)
        act = release if verb == "release" else block
        return act(lot_id, read_decision(body), actor, now)
