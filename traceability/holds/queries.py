"""Which units are held, and by what."""

from collections.abc import Collection

from lines.records.prepared import prepared_cursor
from traceability.holds.facts import HoldFacts

# A hold from a future operation on needs that operation's place in the unit's own route.
_OPEN = """
select m.unit_id, h.id, h.reason, m.added_at, h.at_operation,
       case when h.at_operation <> '' then
           (select s.sequence from traceability_unit u join lines_routestep s on s.route_id = u.route_id
            join lines_operation o on o.id = s.operation_id
            where u.id = m.unit_id and o.code = h.at_operation order by s.sequence limit 1)
       end
from traceability_holdunit m join traceability_hold h on h.id = m.hold_id
where m.released_at is null and m.unit_id = any(%s) order by m.id
"""


def open_holds(unit_ids: Collection[int]) -> dict[int, list[HoldFacts]]:
    """Every open hold of each of these units, oldest first; those from a future operation on as well."""
    found: dict[int, list[HoldFacts]] = {}
    with prepared_cursor() as cursor:
        cursor.execute(_OPEN, [list(unit_ids)])
        for unit_id, *hold in cursor.fetchall():
            found.setdefault(unit_id, []).append(HoldFacts(*hold))
    return found
