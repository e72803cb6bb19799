"""Keeping what a station's posts say about its clock."""

from datetime import datetime

from lines.records.prepared import prepared_cursor
from lines.stations.clock import ClockReading


def keep_clock(station_id: int, known: ClockReading | None, offset_s: float, now: datetime) -> None:
    """Write down a measured offset where `known`, the last one, does not tell it."""
    if known and known.tells(offset_s, now):
        return
    with prepared_cursor() as cursor:
        cursor.execute(
            "insert into lines_stationclock (station_id, offset_s, measured_at) values (%s, %s, %s)"
            " on conflict (station_id) do update set offset_s = excluded.offset_s, measured_at = excluded.measured_at",
            [station_id, offset_s, now],
        )
