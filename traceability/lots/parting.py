"""Splitting a lot, and merging several into a new one. What is left of a lot is never less than nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from lines.errors import Refusal
from lines.people.actors import acting
from lines.records.refusing import keeping_refused
from lines.records.services import refusing_when_locked
from lines.stations.body import Fields, read_json
from traceability.lots import errors
from traceability.lots.bodies import Merge, Split, earliest, read_merge, read_split
from traceability.lots.queries import lot_row, rests
from traceability.lots.services import locked_lot, note
from traceability.units.models import Lot, LotEventKind, LotPart, LotState

# From best to worst: what is made of several lots is as good as the worst of them.
_WORSE = (LotState.RELEASED, LotState.UNKNOWN, LotState.QUARANTINE, LotState.BLOCKED)
# Quantities are sums of floats; this share of a lot is weighing noise.
_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Parted:
    """`is_repeat`: it was done before."""

    lots: list[Lot]
    is_repeat: bool


def _known(lots: Sequence[Lot]) -> dict[int, float]:
    """What is left of each lot. Raises Refusal for one that was never received or weighed."""
    for lot in lots:
        if lot.state == LotState.UNKNOWN:
            raise Refusal(errors.LOT_NOT_RECEIVED, str(lot))
        if lot.quantity is None:
            raise Refusal(errors.QUANTITY_UNKNOWN, str(lot))
    return rests([lot.pk for lot in lots])


def _new(supplier: str, number: str, parents: Sequence[Lot], taken: Sequence[float], now: datetime) -> Lot:
    """A lot of these quantities of these lots. Raises Refusal LOT_NUMBER_TAKEN."""
    received = [parent.received_at for parent in parents if parent.received_at is not None]
    lot = Lot(
        supplier=supplier,
        number=number,
        material=parents[0].material,
        material_code=parents[0].material_code,
        state=max((LotState(parent.state) for parent in parents), key=_WORSE.index),
        expires_at=earliest([parent.expires_at for parent in parents]),
        quantity=sum(taken),
        received_at=max(received, default=None),
        created_at=now,
    )
    try:
        with transaction.atomic():
            lot.save(force_insert=True)
    except IntegrityError:
        raise Refusal(errors.LOT_NUMBER_TAKEN, f"{supplier} {number}") from None
    LotPart.objects.bulk_create(
        LotPart(parent=parent, child=lot, quantity=quantity, at=now)
        for parent, quantity in zip(parents, taken, strict=True)
    )
    return lot


def split(lot_id: int, wanted: Split, actor: str, now: datetime) -> Parted:
    """Inside a transaction: new lots with the quantities wanted; what is left stays the old one's."""
    lot = locked_lot(lot_id)
    before = {part.child.number: part for part in lot.children.select_related("child")}
    if all(part.number in before and before[part.number].quantity == part.quantity for part in wanted.parts):
        return Parted([before[part.number].child for part in wanted.parts], True)
    rest = _known([lot])[lot.pk]
    total = sum(part.quantity for part in wanted.parts)
    if total > rest + _SLACK * (lot.quantity or 0):
        raise Refusal(errors.MORE_THAN_REST, f"{total:g} of {max(rest, 0):g}")
    made = []
    for part in wanted.parts:
        child = _new(lot.supplier, part.number, [lot], [part.quantity], now)
        note(child, LotEventKind.SPLIT, wanted.reason, actor, now)
        made.append(child)
    note(lot, LotEventKind.SPLIT, wanted.reason, actor, now)
    return Parted(made, False)


def merge(wanted: Merge, actor: str, now: datetime) -> Parted:
    """Inside a transaction: one new lot; it expires with the earliest of the old ones and is as good as the worst."""
    by_id = {lot.pk: lot for lot in (locked_lot(taken.lot_id) for taken in sorted(wanted.lots, key=lambda t: t.lot_id))}
    lots = [by_id[taken.lot_id] for taken in wanted.lots]
    suppliers = {lot.supplier for lot in lots}
    supplier = wanted.supplier or (suppliers.pop() if len(suppliers) == 1 else "")
    if not supplier:
        raise Refusal(errors.SUPPLIER_NEEDED, ", ".join(sorted(lot.supplier for lot in lots)))
    first = Lot.objects.filter(supplier=supplier, number=wanted.number).first()
    if first is not None and _is_made_of(first, wanted):
        return Parted([first], True)
    if len({lot.material_id for lot in lots}) > 1:
        raise Refusal(errors.OTHER_MATERIAL, ", ".join(f"{lot}: {lot.material_code}" for lot in lots))
    rest = _known(lots)
    taken = []
    for lot, wish in zip(lots, wanted.lots, strict=True):
        amount = rest[lot.pk] if wish.quantity is None else wish.quantity
        noise = _SLACK * (lot.quantity or 0)
        if amount <= noise or amount > rest[lot.pk] + noise:
            raise Refusal(errors.MORE_THAN_REST, f"{lot}: {amount:g} of {max(rest[lot.pk], 0):g}")
        taken.append(amount)
    made = _new(supplier, wanted.number, lots, taken, now)
    for lot in (made, *lots):
        note(lot, LotEventKind.MERGED, wanted.reason, actor, now)
    return Parted([made], False)


def _is_made_of(lot: Lot, wanted: Merge) -> bool:
    parts = {part.parent_id: part.quantity for part in lot.parents.all()}
    return parts.keys() == {taken.lot_id for taken in wanted.lots} and all(
        taken.quantity in (None, parts[taken.lot_id]) for taken in wanted.lots
    )


def split_as(lot_id: int, body: Fields, actor: str, now: datetime) -> Parted:
    """In a transaction of its own."""
    with refusing_when_locked(""), acting(actor):
        return split(lot_id, read_split(body), actor, now)


def merge_as(body: Fields, actor: str, now: datetime) -> Parted:
    """In a transaction of its own."""
    with refusing_when_locked(""), acting(actor):
        return merge(read_merge(body), actor, now)


def split_lot(lot_id: int, *, actor: str, path: str, raw: bytes) -> tuple[bool, dict[str, Any]]:
    """As a request says: whether it is new, and the parts. The same again changes nothing."""
    now = timezone.now()
    with keeping_refused(None, path=path, body=raw, received_at=now):
        parted = split_as(lot_id, read_json(raw), actor, now)
        return not parted.is_repeat, {"items": [lot_row(lot) for lot in parted.lots]}


def merge_lots(*, actor: str, path: str, raw: bytes) -> tuple[bool, dict[str, Any]]:
    now = timezone.now()
    with keeping_refused(None, path=path, body=raw, received_at=now):
        parted = merge_as(read_json(raw), actor, now)
        return not parted.is_repeat, lot_row(parted.lots[0])
