"""Which shift a moment falls into. Pure."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo


class ShiftSpan(NamedTuple):
    code: str
    starts_at: datetime
    ends_at: datetime


def shift_at(shifts: Iterable[tuple[str, time, time]], moment: datetime, zone: ZoneInfo) -> ShiftSpan | None:
    """The shift (code, wall-clock start and end) around an aware `moment`, as times in `zone`.

    A shift that ends at or before its start ends on the next day. None where no shift covers the moment.
    """
    local = moment.astimezone(zone)
    for code, starts_at, ends_at in shifts:
        for day in (local.date(), local.date() - timedelta(days=1)):
            start = datetime.combine(day, starts_at, zone)
            end = datetime.combine(day if ends_at > starts_at else day + timedelta(days=1), ends_at, zone)
            if start <= local < end:
                return ShiftSpan(code, start, end)
    return None
