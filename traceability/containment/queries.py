"""Whose records SPC still has to answer for."""

from collections.abc import Collection

from django.db import connection

from traceability.containment.models import Containment

# Both tables hold only what came in the last second or so, unless the worker stands still.
_UNCONTAINED = """
select serial, count(distinct record_id) from (
    select r.serial, r.id as record_id from lines_operationrecord r join lines_pending w on w.record_id = r.id
    where w.consumer = 'SPC' and r.serial = any(%(serials)s)
    union all
    select r.serial, r.id from quality_uncontained w join quality_signal s on s.id = w.signal_id
    join quality_chartpoint ended on ended.id = s.point_id
    join quality_chartpoint f on f.plan_id = s.plan_id and f.stream = s.stream and f.number = s.window_first
    join quality_chartpoint p on p.plan_id = s.plan_id and p.stream = s.stream
        and (p.source_time, p.number) between (f.source_time, f.number) and (ended.source_time, ended.number)
    cross join unnest(p.records) as member (record_id)
    join lines_operationrecord r on r.id = member.record_id
    where r.serial = any(%(serials)s)
) as open group by serial
"""


def uncontained(serials: Collection[str]) -> dict[str, int]:
    """How many records of each of these units SPC has not looked at, or signalled without a hold yet; one statement.

    A serial that is missing has none.
    """
    with connection.cursor() as cursor:
        cursor.execute(_UNCONTAINED, {"serials": list(serials)})
        return dict(cursor.fetchall())


def hold_of_signal(key: str) -> int | None:
    """The hold that a signal placed or joined; None: there is none, or no such signal."""
    if not (key.isascii() and key.isdecimal() and len(key) < 19):
        return None
    found = Containment.objects.filter(signal=int(key), hold__isnull=False)
    return found.values_list("hold_id", flat=True).first()
