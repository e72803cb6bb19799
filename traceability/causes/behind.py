"""What lies behind many units at once: for each its parts, rolls with the metres it was cut from, batches and lots.

Each link of two rolls maps metres linearly from the output's axis to the input's, turned round where it was rewound;
a link over metres that a piece does not touch is not behind it. Where metres were not told, the whole input is.
"""

from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection

# Deeper than any route; a wrong loop in the links ends there at the latest.
_DEEPEST = 24
# What a link covers of its output's axis. A single range without its own metres lies over the whole length.
_OWN = """cross join lateral (select
        coalesce(l.own_from_m, case when o.length_m > 0 and l.from_m is not null then 0 end) as own_from,
        coalesce(l.own_to_m, case when o.length_m > 0 and l.from_m is not null then o.length_m end) as own_to) own"""
_TOUCHES = """(b.from_m is null or own.own_from is null or own.own_to is null
        or (own.own_from < b.to_m and own.own_to > b.from_m))"""
_BEHIND = f"""
with recursive back(origin_id, unit_id, lane, from_m, to_m, is_flipped, depth) as (
    select id, id, null::smallint, null::float8, null::float8, false, 0 from unnest(%(ids)s::bigint[]) as id
    union
    select b.origin_id, l.input_unit_id,
        coalesce(l.lane, case when l.is_mirrored then i.lanes + 1 - b.lane else b.lane end)::smallint,
        case when part.low is null then l.from_m when l.is_reversed then l.to_m - part.high * (l.to_m - l.from_m)
            else l.from_m + part.low * (l.to_m - l.from_m) end,
        case when part.low is null then l.to_m when l.is_reversed then l.to_m - part.low * (l.to_m - l.from_m)
            else l.from_m + part.high * (l.to_m - l.from_m) end,
        b.is_flipped <> l.is_flipped, b.depth + 1
    from back b
    join traceability_currentlink l on l.output_id = b.unit_id and l.input_unit_id is not null
    join traceability_unit o on o.id = l.output_id
    join traceability_unit i on i.id = l.input_unit_id
    {_OWN}
    cross join lateral (select
        case when b.from_m is not null and own.own_to > own.own_from
            then (greatest(b.from_m, own.own_from) - own.own_from) / (own.own_to - own.own_from) end as low,
        case when b.from_m is not null and own.own_to > own.own_from
            then (least(b.to_m, own.own_to) - own.own_from) / (own.own_to - own.own_from) end as high) part
    where b.depth < {_DEEPEST} and {_TOUCHES}
)
"""  # noqa: S608 - of the constants above
_PIECES = f"{_BEHIND} select distinct origin_id, unit_id, lane, from_m, to_m, is_flipped from back"  # noqa: S608 - a constant
_LOTS = f"""{_BEHIND}
select distinct b.origin_id, l.input_lot_id
from back b
join traceability_currentlink l on l.output_id = b.unit_id and l.input_lot_id is not null
cross join lateral (select l.own_from_m as own_from, l.own_to_m as own_to) own
where {_TOUCHES}
"""  # noqa: S608 - of the constants above


class Piece(NamedTuple):
    """Something of this unit is in the origin; of a roll, these metres of one lane (none: not told)."""

    origin_id: int
    unit_id: int
    lane: int | None
    from_m: float | None
    to_m: float | None
    is_flipped: bool


def pieces_behind(unit_ids: Sequence[int]) -> list[Piece]:
    """Of each unit itself and of everything in it."""
    with connection.cursor() as cursor:
        cursor.execute(_PIECES, {"ids": list(unit_ids)})
        return [Piece(*row) for row in cursor.fetchall()]


def lots_behind(unit_ids: Sequence[int]) -> list[tuple[int, int]]:
    """(unit, lot) for every lot that was put into the unit or into something in it."""
    with connection.cursor() as cursor:
        cursor.execute(_LOTS, {"ids": list(unit_ids)})
        return list(cursor.fetchall())
