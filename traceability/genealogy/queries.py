"""What a unit was made of and what it went into, as flat links for the API; each link once, however shared."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lines.records.prepared import prepared_cursor
from traceability.genealogy.closures import lot_parts_behind
from traceability.units.models import Lot

# No route is deeper; a wrong loop in the links ends here at the latest.
DEEPEST = 12
MOST_LINKS = 10_000

_NOW = "traceability_currentlink"
# As they were known at a time: those that a correction removed later are there, those that one added later are not;
# parts that were taken out at rework are there until that was told.
_AS_OF = """(
    select k.* from traceability_genealogylink k join lines_operationrecord said on said.id = k.record_id
    left join traceability_correction added on added.added_link_id = k.id
    left join traceability_correction removed on removed.removed_link_id = k.id and removed.at <= %(as_of)s
    left join traceability_linkend e on e.link_id = k.id
    left join lines_operationrecord out on out.id = e.record_id and out.received_at <= %(as_of)s
    where removed.id is null and out.id is null and coalesce(added.at, said.received_at) <= %(as_of)s
)"""
# `union` drops (unit, level) pairs that were seen, and the level is bounded: a loop ends, a shared roll is walked once.
_BEHIND = """
with recursive walk (unit_id, level) as (
    select %(unit)s::bigint, 0
    union
    select l.input_unit_id, w.level + 1 from walk w
    join {links} l on l.output_id = w.unit_id
    where l.input_unit_id is not null and w.level + 1 < %(depth)s
), nearest as (select unit_id, min(level) as level from walk group by unit_id)
select l.id, n.level + 1, l.record_id, r.operation, o.serial, i.serial, t.id, t.supplier, t.number, t.material_code,
       d.code, l.quantity, l.uom, l.position, l.lane, l.from_m, l.to_m, l.basis
from nearest n
join {links} l on l.output_id = n.unit_id
"""
_AHEAD = """
with recursive walk (unit_id, level) as (
    select %(unit)s::bigint, 0
    union
    select l.output_id, w.level + 1 from walk w
    join {links} l on l.input_unit_id = w.unit_id
    where w.level + 1 < %(depth)s
), nearest as (select unit_id, min(level) as level from walk group by unit_id)
select l.id, n.level + 1, l.record_id, r.operation, o.serial, i.serial, t.id, t.supplier, t.number, t.material_code,
       d.code, l.quantity, l.uom, l.position, l.lane, l.from_m, l.to_m, l.basis
from nearest n
join {links} l on l.input_unit_id = n.unit_id
"""
_NAMED = """
join lines_operationrecord r on r.id = l.record_id
join traceability_unit o on o.id = l.output_id
left join traceability_unit i on i.id = l.input_unit_id
left join traceability_lot t on t.id = l.input_lot_id
left join lines_materialdefinition d on d.id = i.definition_id
order by n.level, l.id limit %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Links:
    """Links in order of level, then of storing. `is_truncated`: there are more than MOST_LINKS."""

    links: list[dict[str, Any]]
    is_truncated: bool
    lot_parts: list[dict[str, Any]]  # what the lots among them were split from or merged of


def _walk(sql: str, unit_id: int, depth: int, as_of: datetime | None) -> Links:
    links_then = sql.replace("{links}", _NOW if as_of is None else _AS_OF)
    wanted = {"unit": unit_id, "depth": depth, "limit": MOST_LINKS + 1, "as_of": as_of}
    with prepared_cursor() as cursor:
        cursor.execute(links_then + _NAMED, wanted)
        rows = cursor.fetchall()
    links = [_link(row) for row in rows[:MOST_LINKS]]
    parts = lot_parts_behind({link["lot"]["id"] for link in links if link["lot"]})
    return Links(links, max(len(rows), len(parts)) > MOST_LINKS, _named(parts[:MOST_LINKS]))


def _named(parts: list[tuple[int, int, float]]) -> list[dict[str, Any]]:
    lots = Lot.objects.in_bulk({lot_id for lot, part_of, _ in parts for lot_id in (lot, part_of)}) if parts else {}
    names = {pk: {"id": pk, "supplier": lot.supplier, "number": lot.number} for pk, lot in lots.items()}
    return [{"lot": names[lot], "part_of": names[of], "quantity": quantity} for lot, of, quantity in parts]


def _link(row: tuple[Any, ...]) -> dict[str, Any]:
    link, level, record, operation, output, serial, lot_id, supplier, number, material, definition, *place = row
    quantity, uom, position, lane, from_m, to_m, basis = place
    return {
        "link": link,
        "level": level,
        "output": output,
        "serial": serial,
        "lot": {"id": lot_id, "supplier": supplier, "number": number} if lot_id is not None else None,
        "material": material if lot_id is not None else definition,
        "quantity": quantity,
        "uom": uom,
        "position": position,
        "lane": lane,
        "from_m": from_m,
        "to_m": to_m,
        "basis": basis,
        "operation": operation,
        "record": record,
    }


def made_of(unit_id: int, depth: int = 1, as_of: datetime | None = None) -> Links:
    """Inputs of the unit, and with depth n the inputs of its inputs down to level n; as of now, or as known then."""
    return _walk(_BEHIND, unit_id, depth, as_of)


def used_in(unit_id: int, depth: int = 1, as_of: datetime | None = None) -> Links:
    """Units it went into, and with depth n those that they went into up to level n."""
    return _walk(_AHEAD, unit_id, depth, as_of)
