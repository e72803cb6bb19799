"""What is mounted where."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Prefetch

from lines.errors import UNKNOWN_STATION, Refusal, as_json
from lines.models import Station
from lines.orders.models import Tracking
from lines.records.prepared import prepared_cursor
from traceability.codes import described
from traceability.feeding import errors
from traceability.feeding.facts import FedLot, FedMaterial, MountedFacts, Scan, read_label
from traceability.feeding.models import FeedPoint, Mounting
from traceability.units.models import Lot

_MOUNTED = """
select f.code, l.material_id, m.material_code, l.id, l.supplier, l.number, l.state, l.expires_at
from traceability_feedpoint f
join traceability_mounting m on m.feed_point_id = f.id and m.unmounted_at is null
join traceability_lot l on l.id = m.lot_id
where f.station_id = %s order by f.code
"""


def mounted(station_id: int) -> list[MountedFacts]:
    """What is at this station's feed points now; one statement."""
    with prepared_cursor() as cursor:
        cursor.execute(_MOUNTED, [station_id])
        return [MountedFacts(*row) for row in cursor.fetchall()]


def feed_points(station: Station) -> list[FeedPoint]:
    """With what may be mounted, and as `open_mountings` what is; a fixed number of statements."""
    is_open = Mounting.objects.filter(unmounted_at=None).select_related("lot__material")
    found = FeedPoint.objects.filter(station=station).order_by("code")
    return list(found.prefetch_related("materials", Prefetch("mountings", is_open, to_attr="open_mountings")))


def mounting_of(point: FeedPoint) -> Mounting | None:
    """Of a feed point that `feed_points` read."""
    open_mountings: list[Mounting] = point.open_mountings  # type: ignore[attr-defined]  # the Prefetch above
    return open_mountings[0] if open_mountings else None


def feed_point_row(point: FeedPoint) -> dict[str, Any]:
    """As the API tells it."""
    mounting = mounting_of(point)
    return {
        "feed_point": point.code,
        "name": {"en": point.name_en, "ja": point.name_ja},
        "materials": sorted(material.code for material in point.materials.all()),
        "mounted": mounting_row(mounting) if mounting else None,
    }


def mounting_row(mounting: Mounting) -> dict[str, Any]:
    lot = mounting.lot
    return {
        "material": mounting.material_code,
        "supplier": lot.supplier,
        "lot": lot.number,
        "state": lot.state,
        "expires_at": lot.expires_at.isoformat() if lot.expires_at else None,
        "mounted_at": mounting.mounted_at.isoformat(),
        "received_at": mounting.received_at.isoformat(),
        "mounted_by": mounting.mounted_by,
        "deviations": [as_json(described(code)) for code in mounting.deviation_codes],
    }


def list_feed_points(station_code: str) -> dict[str, Any]:
    """Raises Refusal UNKNOWN_STATION."""
    return {"items": [feed_point_row(point) for point in feed_points(station_by_code(station_code))]}


def station_by_code(code: str) -> Station:
    """Raises Refusal UNKNOWN_STATION."""
    station = Station.objects.filter(code=code).first() if code.isprintable() else None
    if station is None:
        raise Refusal(UNKNOWN_STATION, code if code.isprintable() else "")
    return station


def lot_on_label(text: str) -> Scan:
    """The lot that a label names: material, supplier and lot, or the number of the one lot that has it.

    Raises Refusal SCAN_UNREADABLE.
    """
    parts = read_label(text)
    if len(parts) == 3:
        return Scan(*parts)
    found = list(Lot.objects.filter(number=parts[0])[:2]) if parts else []
    if len(found) != 1:
        detail = f"{len(found)} lots of this number" if parts else ""
        raise Refusal(errors.SCAN_UNREADABLE, detail)
    return Scan(found[0].material_code, found[0].supplier, found[0].number)


def point_for(station: Station, material: str) -> str:
    """Code of the only feed point of the station that takes a material. Raises Refusal FEED_POINT_UNCLEAR."""
    of_material = FeedPoint.objects.filter(station=station, materials__code=material, materials__tracking=Tracking.LOT)
    codes = list(of_material.order_by("code").values_list("code", flat=True))
    if len(codes) != 1:
        raise Refusal(errors.FEED_POINT_UNCLEAR, f"{material}: {', '.join(codes) or 'none'}")
    return codes[0]


# What was mounted while the visit lasted; where nothing was by these clocks, what is mounted now. A lot that was
# scanned as something the feed point is not for counts for every material of the point: it is what went in.
_FED = """
with point as (
    select f.id, array_agg(x.materialdefinition_id) as takes
    from traceability_feedpoint f join traceability_feedpoint_materials x on x.feedpoint_id = f.id
    where f.station_id = %(station)s and f.id in (
        select feedpoint_id from traceability_feedpoint_materials where materialdefinition_id = any(%(materials)s))
    group by f.id
), there as (
    select p.takes, m.id, m.lot_id, m.material_code, t.id as told_id, coalesce(t.uom, '') as uom,
           m.mounted_at <= %(until)s and coalesce(m.unmounted_at > %(since)s, true) as is_of_visit
    from point p join traceability_mounting m on m.feed_point_id = p.id
        and (m.unmounted_at is null or (m.mounted_at <= %(until)s and m.unmounted_at > %(since)s))
    left join lines_materialdefinition t on t.code = m.material_code and t.tracking = 'LOT'
), fed as (
    select w.material_id, t.*, bool_or(t.is_of_visit) over (partition by w.material_id) as is_known
    from unnest(%(materials)s::bigint[]) as w (material_id)
    join there t on w.material_id = any(t.takes)
        and (t.told_id = w.material_id or not coalesce(t.told_id = any(t.takes), false))
)
select b.step_id, b.material_id, d.code, d.uom, b.quantity,
       f.material_code, f.told_id, f.uom, l.id, l.supplier, l.number, l.material_id, l.state, l.expires_at
from lines_billitem b
join lines_materialdefinition d on d.id = b.material_id
left join fed f on f.material_id = b.material_id and (f.is_of_visit or not f.is_known)
left join traceability_lot l on l.id = f.lot_id
where b.step_id = any(%(steps)s) and b.material_id = any(%(materials)s) and d.tracking = 'LOT' and b.positions = 0
order by b.id, f.id
"""


def fed_between(
    station_id: int, step_ids: Collection[int], material_ids: Collection[int], since: datetime, until: datetime
) -> list[FedMaterial]:
    """What of these steps' bills was fed at the station during a visit; one statement."""
    asked: dict[str, Any] = {
        "station": station_id,
        "steps": list(step_ids),
        "materials": list(material_ids),
        "since": since,
        "until": until,
    }
    found: dict[tuple[int, int], FedMaterial] = {}
    with prepared_cursor() as cursor:
        cursor.execute(_FED, asked)
        for row in cursor.fetchall():
            before = found.get(row[:2])
            lots = (*(before.lots if before else ()), *([FedLot(*row[5:])] if row[8] is not None else ()))
            found[row[:2]] = FedMaterial(row[0], row[1], row[2], row[3], row[4], lots)
    return list(found.values())
