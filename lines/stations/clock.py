"""How far a station's clock is from ours. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

# A clock is written down when it moved by more than this, or was measured longer ago than that: not by every post.
MOVED_S = 0.2
FRESH_FOR = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class ClockReading:
    """How far a station's clock was ahead of ours, and when that was measured."""

    offset_s: float
    measured_at: datetime

    def tells(self, offset_s: float, now: datetime) -> bool:
        """Whether a new measurement says nothing new."""
        return abs(self.offset_s - offset_s) <= MOVED_S and now - self.measured_at <= FRESH_FOR
