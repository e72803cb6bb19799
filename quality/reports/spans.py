"""Spans of time that people ask for and schedules follow, in the plant's time zone. Pure.

A day begins at the schedule's hour, a week on Monday, a month on its first, a shift when the plant says.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta, tzinfo

SHIFT, DAY, WEEK, MONTH = "SHIFT", "DAY", "WEEK", "MONTH"
PRESETS = {"day": timedelta(days=1), "week": timedelta(days=7), "days30": timedelta(days=30)}


def boundaries(every: str, hour: int, at: datetime, zone: tzinfo, shifts: Sequence[time] = ()) -> list[datetime]:
    """Where spans of this kind begin and end, around `at`, in order: at least one not after it and one after it.

    A plant without shifts has one a day.
    """
    today = at.astimezone(zone).date()
    clock = [time(hour)] if every != SHIFT or not shifts else list(shifts)
    return sorted({datetime.combine(day, at_time, zone) for day in _days(every, today) for at_time in clock})


def span_at(
    every: str, hour: int, at: datetime, zone: tzinfo, shifts: Sequence[time] = ()
) -> tuple[datetime, datetime]:
    """The span that `at` lies in: its beginning, and the end, which is after `at`."""
    found = boundaries(every, hour, at, zone, shifts)
    return max(each for each in found if each <= at), min(each for each in found if each > at)


def _days(every: str, today: date) -> Iterator[date]:
    if every == MONTH:
        first = today.replace(day=1)
        before = (first - timedelta(days=1)).replace(day=1)
        after = (first + timedelta(days=32)).replace(day=1)
        yield from (before, first, after, (after + timedelta(days=32)).replace(day=1))
    elif every == WEEK:
        monday = today - timedelta(days=today.weekday())
        yield from (monday + timedelta(weeks=n) for n in (-1, 0, 1))
    else:
        yield from (today + timedelta(days=n) for n in (-1, 0, 1, 2))
