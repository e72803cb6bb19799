"""How old what we know is, and what time it is at the machines. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from statistics import median_low

# Machines and we never agree to the second; below this the plant's clock is ours.
SAME_CLOCK = timedelta(minutes=2)


def is_stale(last_received_at: datetime | None, stale_after_s: int, now: datetime) -> bool:
    """Nothing heard for longer than the station's own patience: then the last value is not shown."""
    return last_received_at is None or now - last_received_at > timedelta(seconds=stale_after_s)


def plant_time(heard: Iterable[tuple[datetime, datetime]], now: datetime) -> datetime:
    """What time it is at the machines: ours, unless most of them speak of another time (a replay, a catch-up).

    `heard` holds (source_time, received_at) of the last message of each station that is not silent. The median
    keeps one wrong clock from moving the line's.
    """
    offsets = [source_time - received_at for source_time, received_at in heard]
    if not offsets:
        return now
    offset = median_low(offsets)
    return now if abs(offset) < SAME_CLOCK else now + offset
