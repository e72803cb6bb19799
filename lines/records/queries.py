"""Reading records: visits of units to operations."""

from collections.abc import Collection

from lines.records.prepared import prepared_cursor
from lines.records.visits import Visits


def visits_by_serial(serials: Collection[str]) -> dict[str, dict[str, Visits]]:
    """For each serial that has records: its operations with their visits. What was measured on samples is none."""
    found: dict[str, dict[str, Visits]] = {}
    with prepared_cursor() as cursor:
        cursor.execute(
            "select serial, operation, count(*), count(*) filter (where verdict = 'FAIL'),"
            " (array_agg(verdict order by id desc))[1], max(id), min(id) filter (where verdict = 'PASS'),"
            " (array_agg(source_time - make_interval(secs => coalesce(clock_offset_s, 0)) order by id desc))[1],"
            " bool_or(is_offline)"
            " from lines_operationrecord r where serial = any(%s) and attempt > 0"
            " and not exists (select 1 from lines_withdrawnrecord w where w.record_id = r.id)"
            " group by serial, operation",
            [list(serials)],
        )
        for serial, operation, *visits in cursor.fetchall():
            found.setdefault(serial, {})[operation] = Visits(*visits)
    return found


def known_reason_codes(codes: Collection[str]) -> set[str]:
    """Those of these codes that the plant data has."""
    if not codes:
        return set()
    with prepared_cursor() as cursor:
        cursor.execute("select code from lines_reasoncode where code = any(%s)", [list(codes)])
        return {row[0] for row in cursor.fetchall()}
