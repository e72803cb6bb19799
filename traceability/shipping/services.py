"""Shipping units to a data centre and taking them back. A shipment is stored whole or not at all."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Min
from django.utils import timezone

from lines.errors import Refusal
from lines.events.models import EventKind
from lines.events.services import emit
from lines.models import DataCentreSite, OperationRecord
from lines.people.actors import acting
from lines.records.refusing import keeping_refused
from lines.records.services import refusing_when_locked
from lines.stations.body import read_json
from traceability.errors import UNIT_NOT_FOUND
from traceability.holds.extending import PLACING_LOCK
from traceability.holds.placing import place_on_units
from traceability.shipping import errors
from traceability.shipping.bodies import AHEAD, AskedReturn, AskedShipment, read_return, read_shipment
from traceability.shipping.models import Shipment, ShippedUnit
from traceability.shipping.queries import SHIPPABLE, held_inside, show_shipment
from traceability.trays.models import TrayLoad
from traceability.units.models import Unit, UnitState

LONGEST_ACTOR = 120


def ship(asked: AskedShipment, actor: str, now: datetime) -> tuple[bool, Shipment]:
    """Whether the shipment is new, and the shipment; the same again changes nothing. In a transaction of its own.

    Raises Refusal: an unknown site or unit; one that is not finished, failed, held, built in or away; another shipment
    of this number; BUSY.
    """
    with refusing_when_locked(asked.number), acting(actor):
        site = DataCentreSite.objects.filter(code=asked.site).first()
        if site is None:
            raise Refusal(errors.SITE_UNKNOWN, asked.site)
        units = _locked(asked.serials)
        known = Shipment.objects.filter(number=asked.number).first()
        if known is not None:
            _check_same(known, asked, site)
            return False, known
        for unit in units:
            _check(unit)
        _check_time(units, asked.shipped_at or now)
        with connection.cursor() as cursor:
            # As posts do: whoever places a hold at this moment looks again when this shipment is stored.
            cursor.execute("select pg_advisory_xact_lock_shared(%s)", [PLACING_LOCK])
        held = held_inside([unit.pk for unit in units])
        if held:
            raise Refusal(errors.UNIT_HELD, ", ".join(held))
        shipment, is_new = Shipment.objects.get_or_create(
            number=asked.number,
            defaults={
                "site": site,
                "shipped_at": asked.shipped_at or now,
                "by": actor[:LONGEST_ACTOR],
                "created_at": now,
            },
        )
        if not is_new:  # another one of this number came first, with other units
            _check_same(shipment, asked, site)
            return False, shipment
        ShippedUnit.objects.bulk_create([ShippedUnit(shipment=shipment, unit=unit) for unit in units])
        _move(units, UnitState.SHIPPED, now)
        loads = TrayLoad.objects.filter(unit__in=units, unloaded_at=None)
        loads.update(unloaded_at=now, unloaded_by=actor[:LONGEST_ACTOR])
    return True, shipment


def _locked(serials: Sequence[str]) -> list[Unit]:
    """Until the transaction ends, in one order for everybody. Raises Refusal UNIT_NOT_FOUND."""
    locked = Unit.objects.select_for_update(no_key=True, of=("self",)).select_related("definition")
    units = list(locked.filter(serial__in=serials).order_by("pk"))
    missing = set(serials) - {unit.serial for unit in units}
    if missing:
        raise Refusal(UNIT_NOT_FOUND, ", ".join(sorted(missing)[:5]))
    return units


def _check_same(known: Shipment, asked: AskedShipment, site: DataCentreSite) -> None:
    serials = set(known.units.values_list("unit__serial", flat=True))
    time_differs = asked.shipped_at is not None and asked.shipped_at != known.shipped_at
    if known.site_id != site.pk or serials != set(asked.serials) or time_differs:
        raise Refusal(errors.SHIPMENT_DIFFERS, f"{known.number}: {known.shipped_at.isoformat()}")


def _check(unit: Unit) -> None:
    where = f"{unit.serial}: {unit.state}"
    if unit.state == UnitState.SHIPPED:
        raise Refusal(errors.SHIPPED_BEFORE, where)
    if unit.state == UnitState.SCRAPPED or unit.last_test_passed is False:
        raise Refusal(errors.UNIT_FAILED, where)
    is_shippable = unit.definition is not None and unit.definition.tracking in SHIPPABLE
    if unit.state == UnitState.CONSUMED or not is_shippable:
        raise Refusal(errors.NOT_SHIPPABLE, where)
    if unit.state != UnitState.COMPLETED:
        raise Refusal(errors.NOT_FINISHED, where)


def _check_time(units: Sequence[Unit], at: datetime) -> None:
    """By what the machines said, as a result may have come late; of what has no record, by when we heard of it."""
    records = OperationRecord.objects.filter(serial__in=[unit.serial for unit in units]).order_by()
    begun = dict(records.values_list("serial").annotate(first=Min("source_time")))
    for unit in units:
        first = begun.get(unit.serial, unit.created_at)
        if at < first - AHEAD:
            raise Refusal(errors.NOT_MADE_YET, f"{unit.serial}: {first.isoformat()}")


def _move(units: Sequence[Unit], state: UnitState, now: datetime) -> None:
    Unit.objects.filter(pk__in=[unit.pk for unit in units]).update(state=state, updated_at=now)
    for unit in units:
        emit(EventKind.UNIT, "", serial=unit.serial, state=state.value)


def take_back(number: str, asked: AskedReturn, actor: str, now: datetime) -> Shipment:
    """These units are here again, on hold until somebody has looked at them. In a transaction of its own.

    Raises Refusal: an unknown shipment or unit, a unit that is not away with it, a time before it was shipped; BUSY.
    """
    with refusing_when_locked(number), acting(actor):
        shipment = Shipment.objects.select_related("site").filter(number=number).first()
        if shipment is None:
            raise Refusal(errors.SHIPMENT_NOT_FOUND, number)
        at = asked.returned_at or now
        if at < shipment.shipped_at:
            raise Refusal(errors.TOO_EARLY_TO_SHIP, f"shipped {shipment.shipped_at.isoformat()}")
        units = _locked(asked.serials)
        ids = [unit.pk for unit in units]
        away = shipment.units.filter(unit__in=ids, returned_at=None)
        there = set(away.values_list("unit__serial", flat=True))
        if there != set(asked.serials):
            raise Refusal(errors.NOT_IN_SHIPMENT, ", ".join(sorted(set(asked.serials) - there)[:5]))
        away.update(returned_at=at, returned_by=actor[:LONGEST_ACTOR], reason=asked.reason)
        _move(units, UnitState.COMPLETED, now)
        place_on_units(ids, reason=f"Returned from {shipment.site.code}: {asked.reason}", by=actor, now=now)
    return shipment


def post_shipment(actor: str, path: str, raw: bytes) -> tuple[bool, dict[str, Any]]:
    """As the API is asked; what is refused is kept."""
    now = timezone.now()
    with keeping_refused(None, path=path, body=raw, received_at=now):
        is_new, shipment = ship(read_shipment(read_json(raw), now), actor, now)
    return is_new, show_shipment(shipment.number)


def post_return(number: str, actor: str, path: str, raw: bytes) -> dict[str, Any]:
    """As the API is asked; what is refused is kept."""
    now = timezone.now()
    with keeping_refused(None, path=path, body=raw, received_at=now):
        take_back(number, read_return(read_json(raw), now), actor, now)
    return show_shipment(number)
