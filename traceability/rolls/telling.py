"""A roll's map, and the metres behind a unit, as the API tells them."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from lines.errors import Refusal
from lines.orders.models import Tracking
from lines.orders.serials import canonical
from traceability.errors import UNIT_NOT_FOUND
from traceability.genealogy.errors import NO_ROLL
from traceability.rolls.maps import Span, balance
from traceability.rolls.reach import Reached, pieces_behind
from traceability.units.models import Unit

# Of each kind; a roll has some hundreds, a pack has some thousand ranges behind it.
MOST = 5_000
_SEGMENT = """
select i.serial, o.serial, t.id, t.supplier, t.number, coalesce(t.material_code, d.code), l.lane, l.from_m, l.to_m,
       l.own_from_m, l.own_to_m, l.is_reversed, l.is_flipped, l.is_mirrored, l.delta_m, l.basis, l.record_id
from traceability_currentlink l join traceability_unit o on o.id = l.output_id
left join traceability_unit i on i.id = l.input_unit_id left join traceability_lot t on t.id = l.input_lot_id
left join lines_materialdefinition d on d.id = {definition}
where {which} order by {order}, l.id limit %(limit)s
"""
_MADE_OF = _SEGMENT.format(definition="i.definition_id", which="l.output_id = %(roll)s", order="l.own_from_m")
_WENT_INTO = _SEGMENT.format(definition="o.definition_id", which="l.input_unit_id = %(roll)s", order="l.from_m, l.lane")
_STANDS = "not exists (select 1 from lines_withdrawnrecord gone where gone.record_id = m.record_id)"
_CUTS = f"""
select m.lane, m.from_m, m.to_m, m.code, m.record_id from traceability_rollcut m
where m.roll_id = %(roll)s and {_STANDS} order by m.from_m, m.id limit %(limit)s
"""  # noqa: S608 - constants of this module
_PIECES = "unnest(%(rolls)s::bigint[], %(lanes)s::int[], %(froms)s::float8[], %(tos)s::float8[])"
_MARKS = f"""
select p.n, m.from_m, m.to_m, m.lane, m.side, m.y_mm, m.code, m.size_mm, m.record_id
from {_PIECES} with ordinality as p (roll_id, lane, from_m, to_m, n)
join traceability_rollmark m on m.roll_id = p.roll_id and m.from_m <= p.to_m and m.to_m >= p.from_m
where (p.lane is null or m.lane is null or m.lane = p.lane) and {_STANDS} order by p.n, m.from_m, m.id limit %(limit)s
"""  # noqa: S608 - constants of this module
_SCANS = f"""
select p.n, m.characteristic, m.side, m.at_m, m.gauge, m."values", m.record_id
from {_PIECES} with ordinality as p (roll_id, lane, from_m, to_m, n)
join traceability_rollscan m on m.roll_id = p.roll_id and m.at_m between p.from_m and p.to_m
where {_STANDS} order by p.n, m.characteristic, m.at_m, m.id limit %(limit)s
"""  # noqa: S608 - constants of this module


def roll_map(serial: str) -> dict[str, Any]:
    """Where everything on a roll came from and went. Raises Refusal UNIT_NOT_FOUND, NO_ROLL."""
    roll = _unit(serial)
    if roll.definition is None or roll.definition.tracking != Tracking.ROLL:
        raise Refusal(NO_ROLL, roll.serial)
    asked = {"roll": roll.pk, "limit": MOST + 1}
    made_of, went_into = ([_segment(row) for row in _rows(text, asked)] for text in (_MADE_OF, _WENT_INTO))
    cuts = [
        {"lane": lane, "from_m": start, "to_m": end, "code": code, "record": record}
        for lane, start, end, code, record in _rows(_CUTS, asked)
    ]
    whole = [Reached(roll.pk, None, None, None, 0.0, False)]
    marks, scans = _marks(whole), _scans(whole)
    used = [Span(s["from_m"], s["to_m"], s["lane"]) for s in went_into if s["from_m"] is not None]
    scrapped = [Span(cut["from_m"], cut["to_m"], cut["lane"]) for cut in cuts]
    return {
        **_about(roll),
        "made_of": made_of[:MOST],
        "went_into": went_into[:MOST],
        "cut_outs": cuts[:MOST],
        "marks": [mark for _, mark in marks[:MOST]],
        "scans": [scan for _, scan in scans[:MOST]],
        "balance": _balance(roll, used, scrapped),
        "is_truncated": max(len(made_of), len(went_into), len(cuts), len(marks), len(scans)) > MOST,
    }


def ranges_behind(serial: str) -> dict[str, Any]:
    """The metres of every roll behind a unit, nearest first, and what was seen there. Raises Refusal UNIT_NOT_FOUND."""
    unit = _unit(serial)
    pieces = pieces_behind(unit.pk)
    units = Unit.objects.select_related("definition").in_bulk({piece.unit_id for piece in pieces})
    rolls = {pk: roll for pk, roll in units.items() if roll.definition and roll.definition.tracking == Tracking.ROLL}
    pieces = [piece for piece in pieces if piece.unit_id in rolls]
    shown = pieces[:MOST]
    marks, scans = _marks(shown), _scans(shown)
    found = []
    for n, piece in enumerate(shown, 1):
        found.append(
            {
                **_about(rolls[piece.unit_id]),
                "level": piece.level,
                "lane": piece.lane,
                "from_m": piece.from_m,
                "to_m": piece.to_m,
                "delta_m": piece.delta_m,
                "is_inferred": piece.is_inferred,
                "is_flipped": piece.is_flipped,
                "marks": [mark for at, mark in marks[:MOST] if at == n],
                "scans": [scan for at, scan in scans[:MOST] if at == n],
            }
        )
    return {
        "serial": unit.serial,
        "ranges": found,
        "is_truncated": max(len(pieces), len(marks), len(scans)) > MOST,
    }


def _unit(serial: str) -> Unit:
    name = canonical(serial)
    unit = Unit.objects.select_related("definition").filter(serial=name).first() if name.isprintable() else None
    if unit is None:
        raise Refusal(UNIT_NOT_FOUND, name[:64] if name.isprintable() else "")
    return unit


def _about(roll: Unit) -> dict[str, Any]:
    return {
        "serial": roll.serial,
        "definition": roll.definition.code if roll.definition else None,
        "length_m": roll.length_m,
        "lanes": roll.lanes,
    }


def _rows(text: str, asked: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(text, asked)
        return list(cursor.fetchall())


def _segment(row: tuple[Any, ...]) -> dict[str, Any]:
    (
        part,
        output,
        lot,
        supplier,
        number,
        material,
        lane,
        start,
        end,
        own_start,
        own_end,
        *turned,
        delta,
        basis,
        record,
    ) = row
    is_reversed, is_flipped, is_mirrored = turned
    is_mapped = None not in (start, own_start)
    return {
        "serial": part,
        "output": output,
        "lot": {"id": lot, "supplier": supplier, "number": number} if lot is not None else None,
        "material": material,
        "lane": lane,
        "from_m": start,
        "to_m": end,
        "own_from_m": own_start,
        "own_to_m": own_end,
        "is_reversed": is_reversed,
        "is_flipped": is_flipped,
        "is_mirrored": is_mirrored,
        "stretch": (own_end - own_start) / (end - start) if is_mapped else None,
        "delta_m": delta,
        "basis": basis,
        "record": record,
    }


def _asked(pieces: Sequence[Reached]) -> dict[str, Any]:
    """As wide as they are known to be."""
    return {
        "rolls": [piece.unit_id for piece in pieces],
        "lanes": [piece.lane for piece in pieces],
        "froms": ["-infinity" if piece.from_m is None else piece.from_m - piece.delta_m for piece in pieces],
        "tos": ["infinity" if piece.to_m is None else piece.to_m + piece.delta_m for piece in pieces],
        "limit": MOST + 1,
    }


def _marks(pieces: Sequence[Reached]) -> list[tuple[int, dict[str, Any]]]:
    names = ("from_m", "to_m", "lane", "side", "y_mm", "code", "size_mm", "record")
    return [(n, dict(zip(names, row, strict=True))) for n, *row in _rows(_MARKS, _asked(pieces))]


def _scans(pieces: Sequence[Reached]) -> list[tuple[int, dict[str, Any]]]:
    names = ("characteristic", "side", "at_m", "gauge", "values", "record")
    return [(n, dict(zip(names, row, strict=True))) for n, *row in _rows(_SCANS, _asked(pieces))]


def _balance(roll: Unit, used: list[Span], scrapped: list[Span]) -> dict[str, Any] | None:
    if roll.length_m is None:
        return None
    told = balance(roll.length_m, roll.lanes, used, scrapped)
    return {
        "used_m": told.used_m,
        "scrapped_m": told.scrapped_m,
        "twice_m": told.twice_m,
        "remaining_m": told.remaining_m,
        "is_balanced": told.holds,
    }
