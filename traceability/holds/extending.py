"""Holds reach what is made of what they cover: one call for a post, inside its transaction."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Protocol

from lines.records.prepared import prepared_cursor
from traceability.holds.covering import WHOLE, Cover, Seen, Taken, covered_pieces
from traceability.holds.facts import HoldFacts
from traceability.rolls.maps import Piece
from traceability.rolls.reach import PIECE, covered_whole, step_ahead

# Whoever places a hold waits for the posts that are being stored, and those that come meanwhile wait for the hold
# (placing.py): what is made while somebody places a hold is under it. A station never waits longer than one pass over
# what the hold covers.
PLACING_LOCK = 0x64656E_686C64

# With little memory for the rest of the post: a recursion takes at its start what it is guessed to need in the end, and
# the guess is thousands of rows (measured: 2 to 3 ms in a plant of some hundred units, 16 in an empty one; else 0.3).
_LOCK = "select pg_advisory_xact_lock_shared(%s), set_config('work_mem', '256kB', true)"

# Of units that were let go because the window of a signal ended before they were made: should the hold reach them in
# another way, it takes them again. What a person let go stays free.
MADE_LATER = "Made after the station was verified"
TAKEN_AGAIN = """
on conflict (hold_id, unit_id) do update set released_at = null, released_by = '', release_reason = ''
where traceability_holdunit.release_reason = %(made_later)s
"""

# Holds of a unit's own nonconformance pass nothing on: what a held unit is built into deviates by that itself.
# `up`: rolls and batches whose metres lie in the inputs; what is made whole of something held is held itself. `way`:
# the metres of them that a hold covers, carried down to the inputs (rolls/reach.py).
_COVERS = f"""
with recursive up (unit_id) as (
    select unnest(%(units)s::bigint[])
    union
    select n.input_unit_id from up cross join lateral (
        select l.input_unit_id from traceability_currentlink l
        where l.output_id = up.unit_id and l.own_from_m is not null and l.input_unit_id is not null offset 0) n
), told (lot_id, unit_id, from_m, to_m, delta_m) as (
    select n.* from up cross join lateral (
        select l.input_lot_id, l.output_id, l.own_from_m, l.own_to_m, coalesce(l.delta_m, 0)
        from traceability_currentlink l
        where l.output_id = up.unit_id and l.own_from_m is not null and l.input_lot_id is not null offset 0) n
), lot (id, origin) as (
    select id, id from (select unnest(%(lots)s::bigint[]) union select lot_id from told) as given (id)
    union select p.parent_id, lot.origin from traceability_lotpart p join lot on lot.id = p.child_id
), way (hold_id, unit_id, {PIECE}, level) as (
    (select m.hold_id, m.unit_id, null::int, '-infinity'::float8, 'infinity'::float8, 0::float8, false, 0
     from up join traceability_holdunit m on m.unit_id = up.unit_id and m.released_at is null
     join traceability_hold h on h.id = m.hold_id and h.nonconformance_id is null
     union all
     select h.id, h.unit_id, h.lane, coalesce(h.from_m, '-infinity'), coalesce(h.to_m, 'infinity'), 0, false, 0
     from traceability_hold h join up on up.unit_id = h.unit_id
     where h.released_at is null and h.scope = 'ROLL_RANGE' and h.nonconformance_id is null
     union all
     select h.id, told.unit_id, null, told.from_m, told.to_m, told.delta_m, false, 0
     from told join lot on lot.origin = told.lot_id join traceability_hold h on h.lot_id = lot.id
     where h.released_at is null and h.scope = 'LOT' and h.nonconformance_id is null)
    union
    select w.hold_id, n.* from way w cross join lateral ({step_ahead()}) n where n.unit_id in (select unit_id from up)
)
select h.id, h.scope, h.unit_id, lot.origin, h.channel, h.lane, h.from_m, h.to_m, h.window_from, h.window_to,
       h.product, h.recipe, h.characteristic, h.position, h.by_overlap, 0::float8, null::int
from traceability_hold h left join lot on lot.id = h.lot_id
where h.released_at is null and h.nonconformance_id is null and (
    (h.scope = 'LOT' and lot.origin = any(%(lots)s))
    or (h.scope in ('STATION', 'SIGNAL') and h.station_id = %(station)s)
    or (h.scope = 'CHANNEL' and h.channel = any(%(channels)s))
    or (h.scope = 'TRAY' and h.tray = %(tray)s))
union all
select w.hold_id, 'ROLL_RANGE', w.unit_id, null, '', w.lane, nullif(w.from_m, '-infinity'), nullif(w.to_m, 'infinity'),
       null, null, '', '', '', '', false, w.delta_m, u.lanes
from way w join traceability_unit u on u.id = w.unit_id where w.unit_id = any(%(units)s)
"""  # noqa: S608 - constants of ours
# With what was made of them before: a visit may be told after the one that used its unit.
_ADD = f"""
with recursive way (hold_id, unit_id, {PIECE}, level) as (
    select s.*, false, 0
    from unnest(%(holds)s::bigint[], %(units)s::bigint[], %(lanes)s::int[], %(froms)s::float8[], %(tos)s::float8[],
        %(deltas)s::float8[]) as s (hold_id, unit_id, lane, from_m, to_m, delta_m)
    union
    select w.hold_id, n.* from way w cross join lateral ({step_ahead()}) n
), ahead as ({covered_whole("hold_id")}), added as (
    insert into traceability_holdunit (hold_id, unit_id, added_at, released_by)
    select hold_id, unit_id, %(now)s, '' from ahead order by hold_id, unit_id
    {TAKEN_AGAIN} returning hold_id, unit_id
)
select a.unit_id, h.id, h.reason, %(now)s::timestamptz, h.at_operation,
       case when h.at_operation <> '' then
           (select s.sequence from traceability_unit u join lines_routestep s on s.route_id = u.route_id
            join lines_operation o on o.id = s.operation_id
            where u.id = a.unit_id and o.code = h.at_operation order by s.sequence limit 1)
       end
from added a join traceability_hold h on h.id = a.hold_id order by h.id
"""  # noqa: S608 - constants of ours


class _Input(Protocol):
    """A link, stored or about to be."""

    @property
    def output_id(self) -> int: ...
    @property
    def input_unit_id(self) -> int | None: ...
    @property
    def input_lot_id(self) -> int | None: ...
    @property
    def lane(self) -> int | None: ...
    @property
    def from_m(self) -> float | None: ...
    @property
    def to_m(self) -> float | None: ...
    @property
    def own_from_m(self) -> float | None: ...
    @property
    def own_to_m(self) -> float | None: ...
    @property
    def is_reversed(self) -> bool: ...
    @property
    def is_mirrored(self) -> bool: ...
    @property
    def delta_m(self) -> float | None: ...


def taken_by(link: _Input) -> Taken:
    """What a link says for the holds."""
    return Taken(
        link.output_id, link.input_unit_id, link.input_lot_id, link.lane, link.from_m, link.to_m,
        link.own_from_m, link.own_to_m, link.is_reversed, link.is_mirrored, link.delta_m,
    )  # fmt: skip


def extend_holds(
    visits: Sequence[Seen], inputs: Sequence[Taken], *, station_id: int | None, tray: str, now: datetime
) -> dict[int, list[HoldFacts]]:
    """Put these units under every open hold that covers them; returns what is new, by unit.

    To be called after the links are stored, and after every lock on rows that others may wait for: it shares a lock
    with whoever places a hold until the transaction ends.
    """
    with prepared_cursor() as cursor:
        # A statement of its own: the next one must see what was committed until the lock was had.
        cursor.execute(_LOCK, [PLACING_LOCK])
        cursor.execute(
            _COVERS,
            {
                "lots": list({taken.input_lot_id for taken in inputs if taken.input_lot_id is not None}),
                "units": list({taken.input_unit_id for taken in inputs if taken.input_unit_id is not None}),
                "station": station_id,
                "channels": list({seen.channel for seen in visits if seen.channel}),
                "tray": tray or None,
            },
        )
        covers = [Cover(*columns) for columns in cursor.fetchall()]
    return _add(set(covered_pieces(covers, visits, inputs)), now)


def add_members(pairs: Collection[tuple[int, int]], now: datetime) -> dict[int, list[HoldFacts]]:
    """Put units under holds, (hold, unit), with all that was made of them; returns what is new, by unit."""
    return _add({(hold_id, unit_id, WHOLE) for hold_id, unit_id in pairs}, now)


def _add(found: Collection[tuple[int, int, Piece]], now: datetime) -> dict[int, list[HoldFacts]]:
    new: dict[int, list[HoldFacts]] = {}
    if not found:
        return new
    holds, units, pieces = zip(*sorted(found, key=lambda each: each[:2]), strict=True)
    rows: list[tuple[Any, ...]]
    with prepared_cursor() as cursor:
        cursor.execute(
            _ADD,
            {
                "holds": list(holds),
                "units": list(units),
                "lanes": [piece.lane for piece in pieces],
                "froms": [piece.from_m for piece in pieces],
                "tos": [piece.to_m for piece in pieces],
                "deltas": [piece.delta_m for piece in pieces],
                "now": now,
                "made_later": MADE_LATER,
            },
        )
        rows = cursor.fetchall()
    for unit_id, *hold in rows:
        new.setdefault(unit_id, []).append(HoldFacts(*hold))
    return new
