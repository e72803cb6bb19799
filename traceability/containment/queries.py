"""Which units a signal is about, and whose records SPC still has to answer for."""

from collections.abc import Collection

from django.db import connection

# The units of every point in the window that a signal ends.
_UNITS = """
select s.id, array_agg(distinct u.id order by u.id)
from quality_signal s join quality_chartpoint ended on ended.id = s.point_id
join quality_chartpoint p on p.plan_id = s.plan_id and p.number between s.window_first and ended.number
cross join unnest(p.records) as member (record_id)
join lines_operationrecord r on r.id = member.record_id
join traceability_unit u on u.serial = r.serial
where s.id = any(%s) group by s.id
"""
# Both tables hold only what came in the last second or so, unless the worker stands still.
_UNCONTAINED = """
select serial, count(distinct record_id) from (
    select r.serial, r.id as record_id from lines_operationrecord r join lines_pending w on w.record_id = r.id
    where w.consumer = 'SPC' and r.serial = any(%(serials)s)
    union all
    select r.serial, r.id from quality_uncontained w join quality_signal s on s.id = w.signal_id
    join quality_chartpoint ended on ended.id = s.point_id
    join quality_chartpoint p on p.plan_id = s.plan_id and p.number between s.window_first and ended.number
    cross join unnest(p.records) as member (record_id)
    join lines_operationrecord r on r.id = member.record_id
    where r.serial = any(%(serials)s)
) as open group by serial
"""


def units_behind(signal_ids: Collection[int]) -> dict[int, list[int]]:
    """Ids of the units behind each of these signals; none for one whose records name no unit we know."""
    with connection.cursor() as cursor:
        cursor.execute(_UNITS, [list(signal_ids)])
        return dict(cursor.fetchall())


def uncontained(serials: Collection[str]) -> dict[str, int]:
    """How many records of each of these units SPC has not looked at, or signalled without a hold yet; one statement.

    A serial that is missing has none.
    """
    with connection.cursor() as cursor:
        cursor.execute(_UNCONTAINED, {"serials": list(serials)})
        return dict(cursor.fetchall())
