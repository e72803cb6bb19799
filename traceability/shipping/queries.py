"""Shipments for pages and the API, and at which site a unit is, however deep it is built in."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from lines.errors import Refusal
from lines.models import DataCentreSite
from lines.orders.models import Tracking
from lines.orders.serials import canonical
from traceability.holds.models import HoldUnit
from traceability.shipping import errors
from traceability.shipping.models import Shipment, ShippedUnit
from traceability.units.models import Unit, UnitState
from traceability.units.queries import Window, page_of

SHIPPABLE = (Tracking.CELL, Tracking.MODULE, Tracking.PACK, Tracking.CONTAINER)
MOST_READY = 200
_FOREVER = 2**62  # no id is larger

# From each unit up to what is around it. `seeds` (unit_id) comes before. Only what is used whole goes along: the rest
# of a roll stays here when a cell of it leaves.
AROUND = """
around (unit_id, outer_id) as (
    select unit_id, unit_id from seeds
    union
    select a.unit_id, l.output_id from around a join traceability_currentlink l on l.input_unit_id = a.outer_id
    join traceability_unit u on u.id = a.outer_id join lines_materialdefinition d on d.id = u.definition_id
    where d.tracking not in ('SLURRY_BATCH', 'ROLL')
)
"""
# Where each of the seeds is that left the plant: unit_id, outer_id (the unit that was shipped), shipment_id, site_id.
SHIPPED_WITH = """
shipped_with (unit_id, outer_id, shipment_id, site_id, shipped_at) as (
    select a.unit_id, a.outer_id, s.id, s.site_id, s.shipped_at from around a
    join traceability_shippedunit h on h.unit_id = a.outer_id and h.returned_at is null
    join traceability_shipment s on s.id = h.shipment_id
)
"""
_SITES = f"""
with recursive seeds (unit_id) as (select unnest(%s::bigint[])), {AROUND}, {SHIPPED_WITH}
select w.unit_id, o.serial, s.number, w.shipped_at, d.code, d.name_en, d.name_ja from shipped_with w
join traceability_unit o on o.id = w.outer_id join traceability_shipment s on s.id = w.shipment_id
join lines_datacentresite d on d.id = w.site_id
"""  # noqa: S608 - constants of this module
# What went along with a unit: parts built in, parts of those, and so on; not the rolls they were cut from.
_INSIDE = """
with recursive inside (unit_id) as (
    select unnest(%s::bigint[])
    union
    select l.input_unit_id from inside i join traceability_currentlink l on l.output_id = i.unit_id
    join traceability_unit u on u.id = l.input_unit_id join lines_materialdefinition d on d.id = u.definition_id
    where d.tracking not in ('SLURRY_BATCH', 'ROLL')
)
"""
_HELD_INSIDE = f"""{_INSIDE}
select u.serial from inside i join traceability_unit u on u.id = i.unit_id
where exists (select 1 from traceability_holdunit h where h.unit_id = i.unit_id and h.released_at is null)
order by u.serial limit 5
"""  # noqa: S608 - a constant of this module
_COUNTED = f"""{_INSIDE}
select d.code, d.name_en, d.name_ja, count(*) from inside i join traceability_unit u on u.id = i.unit_id
join lines_materialdefinition d on d.id = u.definition_id group by d.id order by count(*), d.code
"""  # noqa: S608 - a constant of this module


@dataclass(frozen=True, slots=True)
class Away:
    """Where a unit is that left the plant; `serial`: of the unit that it is built into, or its own."""

    serial: str
    shipment: str
    shipped_at: Any
    site: str
    name_en: str
    name_ja: str


def site_of(unit_ids: Collection[int]) -> dict[int, Away]:
    """At which site each of these units is now, by itself or inside of another. Those that are here are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_SITES, [list(unit_ids)])
        return {unit_id: Away(*columns) for unit_id, *columns in cursor.fetchall()}


def held_inside(unit_ids: Collection[int]) -> list[str]:
    """Serials of these units and of what is built into them that are on hold; some of them."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD_INSIDE, [list(unit_ids)])
        return [row[0] for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class Contained:
    """How many units of one kind are in a shipment."""

    code: str
    name_en: str
    name_ja: str
    n_units: int


def contents(shipment: Shipment) -> list[Contained]:
    """By kind, fewest first; what came back counts no more."""
    units = list(shipment.units.filter(returned_at=None).values_list("unit_id", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, [units])
        return [Contained(*row) for row in cursor.fetchall()]


def data_centres() -> list[DataCentreSite]:
    return list(DataCentreSite.objects.order_by("code"))


def shipments(site: str = "", serial: str = "", text: str = "") -> QuerySet[Shipment]:
    """Newest first, with how many units each has and how many of them are still there."""
    found = Shipment.objects.select_related("site").order_by("-pk")
    if site:
        found = found.filter(site__code=site)
    if serial:
        found = found.filter(Exists(ShippedUnit.objects.filter(shipment=OuterRef("pk"), unit__serial=serial)))
    if text:
        of_unit = ShippedUnit.objects.filter(shipment=OuterRef("pk"), unit__serial=canonical(text))
        found = found.filter(Q(number__icontains=text) | Exists(of_unit))
    return found.annotate(n_units=Count("units"), n_there=Count("units", filter=Q(units__returned_at=None)))


def one_shipment(number: str) -> Shipment | None:
    return shipments().filter(number=number).first() if number.isprintable() else None


def units_of(shipment: Shipment) -> QuerySet[ShippedUnit]:
    return shipment.units.select_related("unit__definition").order_by("unit__serial")


def ready_to_ship() -> list[Unit]:
    """Containers that have finished their route, stand here and are free, oldest first."""
    held = HoldUnit.objects.filter(unit=OuterRef("pk"), released_at=None)
    ready = Unit.objects.filter(definition__tracking=Tracking.CONTAINER, state=UnitState.COMPLETED)
    return list(ready.exclude(Exists(held)).select_related("definition").order_by("pk")[:MOST_READY])


def shipment_row(shipment: Shipment) -> dict[str, Any]:
    """One of `shipments()`."""
    return {
        "number": shipment.number,
        "site": shipment.site.code,
        "shipped_at": shipment.shipped_at.isoformat(),
        "by": shipment.by,
        "n_units": getattr(shipment, "n_units"),  # noqa: B009 - annotated
        "n_there": getattr(shipment, "n_there"),  # noqa: B009 - annotated
    }


def list_shipments(site: str, serial: str, of: Window) -> dict[str, Any]:
    """A page of the API."""
    serial = canonical(serial)
    if not (site.isprintable() and serial.isprintable()):
        return {"items": [], "next_cursor": None}
    return page_of(shipments(site, serial), of, shipment_row)


def show_shipment(number: str) -> dict[str, Any]:
    """Raises Refusal SHIPMENT_NOT_FOUND."""
    shipment = one_shipment(number)
    if shipment is None:
        raise Refusal(errors.SHIPMENT_NOT_FOUND, number if number.isprintable() else "")
    units = [
        {
            "serial": each.unit.serial,
            "definition": each.unit.definition.code if each.unit.definition else None,
            "returned_at": each.returned_at.isoformat() if each.returned_at else None,
            "returned_by": each.returned_by or None,
            "reason": each.reason or None,
        }
        for each in units_of(shipment)
    ]
    inside = [{"definition": each.code, "n_units": each.n_units} for each in contents(shipment)]
    return {**shipment_row(shipment), "units": units, "contents": inside}


def list_data_centres() -> dict[str, Any]:
    """Sites with how many units are there now."""
    there = Count("shipments__units", filter=Q(shipments__units__returned_at=None))
    rows = DataCentreSite.objects.annotate(n_units=there).order_by("code")
    return {
        "items": [
            {
                "site": row.code,
                "name_en": row.name_en,
                "name_ja": row.name_ja,
                "country": row.country,
                "latitude": row.latitude,
                "longitude": row.longitude,
                "n_units": row.n_units,
            }
            for row in rows
        ]
    }
