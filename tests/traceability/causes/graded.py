"""Wound cells that were graded: some failed, by a rule of the test."""

from collections.abc import Callable
from datetime import timedelta

from django.db import connection

from lines.models import Station
from lines.records.copying import copy_rows
from tests.traceability.wound import Wound

_RECORD = ("id", "post_id", "station_id", "operation", "serial", "product", "attempt", "source_time", "received_at",
           "machine_outcome", "verdict", "is_conforming", "deviation_codes", "reason_codes", "recipe", "operator",
           "tray", "slot", "channel", "grade", "is_offline", "entered_by", "content_sha256")  # fmt: skip


def grade(plant: Wound, fails: Callable[[str], bool], *, minutes: float = 1.0) -> list[str]:
    """A visit of GRADE of every cell, one after the other; the serials that failed."""
    station = Station.objects.filter(operations__code="GRADE").order_by("pk")[0]
    with connection.cursor() as cursor:
        cursor.execute("select max(id) from lines_stationpost")
        post: int = cursor.fetchone()[0]
        cursor.execute("select max(id) from lines_operationrecord")
        record: int = cursor.fetchone()[0]
    posts: list[tuple[object, ...]] = []
    records: list[tuple[object, ...]] = []
    failed: list[str] = []
    at = plant.clock
    for n, serial in enumerate(plant.serials["LFP-CELL"], 1):
        at += timedelta(minutes=minutes)
        verdict = "FAIL" if fails(serial) else "PASS"
        failed += [serial] if verdict == "FAIL" else []
        posts.append((post + n, station.pk, f"G-{n}", "0" * 64, at))
        records.append((record + n, post + n, station.pk, "GRADE", serial, "LFP-314", 1, at, at, verdict, verdict, True,
                        [], ["GRA-LOW"] if verdict == "FAIL" else [], "", "", f"G-{n // 16:04d}", n % 16 + 1,
                        f"GRADE-1-R{n // 16 % 4 + 1:02d}-C{n % 16 + 1:02d}", "", False, "", "0" * 64))  # fmt: skip
    copy_rows("lines_stationpost", ("id", "station_id", "key", "body_sha256", "received_at"), posts)
    copy_rows("lines_operationrecord", _RECORD, records)
    with connection.cursor() as cursor:
        for table in ("lines_stationpost", "lines_operationrecord"):
            cursor.execute(f"select setval(pg_get_serial_sequence('{table}', 'id'), (select max(id) from {table}))")  # noqa: S608 - the test's own
    plant.clock = at
    return failed
