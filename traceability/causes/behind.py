"""What lies behind many units at once: for each its parts, rolls with the metres it was cut from, batches and lots.

The steps are those of rolls/reach.py, with the unit that was begun from carried along.
"""

from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection

from traceability.rolls.reach import PIECE, step_behind

_PIECE_OF_STEP = ", ".join(f"n.{column}" for column in PIECE.split(", "))
_BEHIND = f"""
with recursive way (origin_id, unit_id, lot_id, {PIECE}, is_flipped, level) as (
    select id, id, null::bigint, null::int, '-infinity'::float8, 'infinity'::float8, 0::float8, false, false, 0
    from unnest(%(ids)s::bigint[]) as id
    union
    select w.origin_id, n.unit_id, n.lot_id, {_PIECE_OF_STEP}, n.is_flipped, n.level
    from way w cross join lateral ({step_behind()}) n
)
"""  # noqa: S608 - of constants
# What only the uncertainty of its ends brings to a range has no length there.
_PIECES = f"""{_BEHIND}
select distinct origin_id, unit_id, lane, nullif(from_m, '-infinity'), nullif(to_m, 'infinity'), is_flipped
from way where unit_id is not null and from_m < to_m
"""  # noqa: S608 - of constants
_LOTS = f"""{_BEHIND}
select distinct origin_id, lot_id from way where lot_id is not null
"""  # noqa: S608 - of constants


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
