"""What is missing behind a unit, and the deleted links that told where something went.

What was looked at (checking.py) is read; what something happened to since is looked at here. So the answer is of now.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from lines.records.prepared import prepared_cursor
from traceability.completeness.lacking import LACKING, SINCE_LOOKED, TOLD_AGAIN
from traceability.completeness.models import LinkCheck, LostLink
from traceability.rolls.reach import NO_LOTS, NO_SEEDS, ahead, behind

MOST_TOLD = 200


@dataclass(frozen=True, slots=True)
class Missing:
    """A link that nobody recorded. Without a material: no record of the operation, or none that says where. Without
    an operation: nobody knows what the unit is made of."""

    serial: str
    kind: str | None
    operation: str | None
    material: str | None
    needed: int
    found: int
    last_at: datetime
    why: str  # BILL | LOST: a link was deleted | METRES: of the roll, without any of it


@dataclass(frozen=True, slots=True)
class LostMetres:
    """Metres of a roll that a deleted link told. `serial`: of the unit that had taken them."""

    roll_id: int
    serial: str
    lane: int | None
    from_m: float | None
    to_m: float | None


_ALL_BEHIND = behind("select %(unit)s::bigint") + "select unit_id from reach union select %(unit)s::bigint"  # noqa: S608 - ours
_STALE = f"select id from ({SINCE_LOOKED}) as touched (id) where id = any(%(units)s::bigint[])"  # noqa: S608 - a constant of ours
_NAMED = """
select u.serial, d.code, o.code, b.code, m.needed, m.found, m.last_at, m.why
from {of} m join traceability_unit u on u.id = m.unit_id
left join lines_materialdefinition d on d.id = u.definition_id
left join lines_routestep s on s.id = m.step_id left join lines_operation o on o.id = s.operation_id
left join lines_materialdefinition b on b.id = m.material_id {where}
order by m.unit_id desc, s.sequence, b.code
"""
_KEPT = _NAMED.format(of="traceability_missinglink", where="where m.unit_id = any(%(units)s::bigint[])")
_LOOKED_AT = f"with {LACKING.replace('{units}', 'select unnest(%(units)s::bigint[])')} " + _NAMED.format(
    of="lacking", where=""
)
_LOST = f"""
select u.serial, d.code, k.operation, k.material, 1, 0, k.last_at, 'LOST'
from traceability_lostlink k join traceability_unit u on u.id = k.unit_id
left join lines_materialdefinition d on d.id = u.definition_id
where not {TOLD_AGAIN} and (
    k.input_lot_id in (select lot_id from lot) or exists (
        select 1 from way w where w.unit_id = k.input_unit_id
        and (w.lane is null or k.lane is null or w.lane = k.lane)
        and (k.from_m is null or k.to_m is null or (w.from_m < k.to_m and w.to_m > k.from_m))))
order by k.unit_id desc, k.id
"""  # noqa: S608 - constants of ours
_LOST_METRES = f"""
select k.input_unit_id, u.serial, k.lane, k.from_m, k.to_m
from traceability_lostlink k join traceability_unit u on u.id = k.unit_id
where k.input_unit_id = any(%(rolls)s) and not {TOLD_AGAIN} order by k.from_m, k.id
"""  # noqa: S608 - constants of ours


def missing_behind(unit_id: int) -> list[Missing]:
    """Of the unit and of everything that it was made of; the newest unit first."""
    with prepared_cursor() as cursor:
        cursor.execute(_ALL_BEHIND, {"unit": unit_id})
        units = {row[0] for row in cursor.fetchall()}
        state = LinkCheck.objects.filter(pk=1).first()
        fresh = units
        if state is not None:
            looked: dict[str, Any] = {
                "looked_unit": state.unit_id,
                "looked_at": state.checked_at,
                "until": timezone.now(),
            }
            cursor.execute(_STALE, {**looked, "units": list(units)})
            fresh = {row[0] for row in cursor.fetchall()}
        return [*_read(cursor, _LOOKED_AT, fresh), *_read(cursor, _KEPT, units - fresh)]


def lost_ahead(seeds: str = NO_SEEDS, lots: str = NO_LOTS, **values: Any) -> list[Missing]:
    """Deleted links that told where seeds or lots (of rolls.reach.ahead), or what was made of them, went: of the units
    that lost them. What a bill asks for and nobody told may be of anything; recalls count that."""
    if not LostLink.objects.exists():
        return []
    with connection.cursor() as cursor:
        cursor.execute(ahead(seeds, lots) + _LOST, values)
        return [Missing(*row) for row in cursor.fetchall()]


def lost_ahead_of(unit_id: int) -> list[Missing]:
    """Deleted links that told where a unit, or what was made of it, went."""
    return lost_ahead("select %(unit)s::bigint, null::int, null::float8, null::float8", unit=unit_id)


def lost_metres(roll_ids: Iterable[int]) -> list[LostMetres]:
    """What deleted links told of metres of these rolls."""
    with connection.cursor() as cursor:
        cursor.execute(_LOST_METRES, {"rolls": list(roll_ids)})
        return [LostMetres(*row) for row in cursor.fetchall()]


def _read(cursor: Any, sql: str, units: set[int]) -> list[Missing]:
    if not units:
        return []
    cursor.execute(sql, {"units": list(units)})
    return [Missing(*row) for row in cursor.fetchall()]


def n_links(missing: Sequence[Missing]) -> int:
    return sum(row.needed - row.found for row in missing)


def missing_row(row: Missing) -> dict[str, Any]:
    """As files and the API tell it."""
    return {
        "serial": row.serial,
        "definition": row.kind,
        "operation": row.operation,
        "material": row.material,
        "needed": row.needed,
        "found": row.found,
        "why": row.why,
    }


def as_told(missing: Sequence[Missing]) -> dict[str, Any]:
    """How many, and the first of them."""
    return {"n_links": n_links(missing), "links": [missing_row(row) for row in missing[:MOST_TOLD]]}
