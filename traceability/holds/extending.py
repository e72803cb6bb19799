"""Holds reach what is made of what they cover: one call for a post, inside its transaction."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from lines.records.prepared import prepared_cursor
from traceability.holds.covering import Cover, Seen, Taken, covered
from traceability.holds.facts import HoldFacts

# Whoever places a hold waits for the posts that are being stored, and those that come meanwhile wait for the hold
# (placing.py): what is made while somebody places a hold is under it. A station never waits longer than one pass over
# what the hold covers.
PLACING_LOCK = 0x64656E_686C64

# Of units that were let go because the window of a signal ended before they were made: should the hold reach them in
# another way, it takes them again. What a person let go stays free.
MADE_LATER = "Made after the station was verified"
TAKEN_AGAIN = """
on conflict (hold_id, unit_id) do update set released_at = null, released_by = '', release_reason = ''
where traceability_holdunit.release_reason = %(made_later)s
"""

# Holds of a unit's own nonconformance pass nothing on: what a held unit is built into deviates by that itself.
_COVERS = """
with recursive lot (id, origin) as (
    select id, id from unnest(%(lots)s::bigint[]) as given (id)
    union select p.parent_id, lot.origin from traceability_lotpart p join lot on lot.id = p.child_id
)
select h.id, h.scope, h.unit_id, lot.origin, h.channel, h.lane, h.from_m, h.to_m, h.window_from, h.window_to,
       h.product, h.recipe, h.characteristic, h.position, h.by_overlap, null::bigint as member
from traceability_hold h left join lot on lot.id = h.lot_id
where h.released_at is null and h.nonconformance_id is null and (
    (h.scope = 'LOT' and lot.id is not null)
    or (h.scope = 'ROLL_RANGE' and h.unit_id = any(%(units)s))
    or (h.scope in ('STATION', 'SIGNAL') and h.station_id = %(station)s)
    or (h.scope = 'CHANNEL' and h.channel = any(%(channels)s))
    or (h.scope = 'TRAY' and h.tray = %(tray)s))
union all
select h.id, '', null, null, '', null, null, null, null, null, '', '', '', '', false, m.unit_id
from traceability_holdunit m join traceability_hold h on h.id = m.hold_id
where m.unit_id = any(%(units)s) and m.released_at is null and h.nonconformance_id is null
"""
# With what was made of them before: a visit may be told after the one that used its unit.
_ADD = f"""
with recursive ahead (hold_id, unit_id) as (
    select * from unnest(%(holds)s::bigint[], %(units)s::bigint[])
    union
    select ahead.hold_id, l.output_id from traceability_currentlink l join ahead on ahead.unit_id = l.input_unit_id
), added as (
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
"""  # noqa: S608 - a constant of this module


def extend_holds(
    visits: Sequence[Seen], inputs: Sequence[Taken], *, station_id: int | None, tray: str, now: datetime
) -> dict[int, list[HoldFacts]]:
    """Put these units under every open hold that covers them; returns what is new, by unit.

    To be called after the links are stored, and after every lock on rows that others may wait for: it shares a lock
    with whoever places a hold until the transaction ends.
    """
    by_output: dict[int, list[int]] = {}
    for taken in inputs:
        if taken.input_unit_id is not None:
            by_output.setdefault(taken.input_unit_id, []).append(taken.output_id)
    found: set[tuple[int, int]] = set()
    with prepared_cursor() as cursor:
        # A statement of its own: the next one must see what was committed until the lock was had.
        cursor.execute("select pg_advisory_xact_lock_shared(%s)", [PLACING_LOCK])
        cursor.execute(
            _COVERS,
            {
                "lots": list({taken.input_lot_id for taken in inputs if taken.input_lot_id is not None}),
                "units": list(by_output),
                "station": station_id,
                "channels": list({seen.channel for seen in visits if seen.channel}),
                "tray": tray or None,
            },
        )
        covers = []
        for *columns, member in cursor.fetchall():
            if member is None:
                covers.append(Cover(*columns))
            else:
                found.update((columns[0], output) for output in by_output[member])
    found.update(covered(covers, visits, inputs))
    return add_members(found, now)


def add_members(pairs: Collection[tuple[int, int]], now: datetime) -> dict[int, list[HoldFacts]]:
    """Put units under holds, (hold, unit), with all that was made of them; returns what is new, by unit."""
    new: dict[int, list[HoldFacts]] = {}
    if not pairs:
        return new
    holds, units = zip(*sorted(pairs), strict=True)
    rows: list[tuple[Any, ...]]
    with prepared_cursor() as cursor:
        cursor.execute(_ADD, {"holds": list(holds), "units": list(units), "now": now, "made_later": MADE_LATER})
        rows = cursor.fetchall()
    for unit_id, *hold in rows:
        new.setdefault(unit_id, []).append(HoldFacts(*hold))
    return new
