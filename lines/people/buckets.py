"""Token buckets: how often somebody may ask, with bursts. Pure, and safe among threads."""

from collections.abc import Hashable
from threading import Lock

# More holders than this are looked through for those whose bucket is full again: they are as good as new.
MANY = 4096


class Buckets:
    """One bucket for each holder. A bucket holds at most `burst` and fills by `rate` a second."""

    def __init__(self) -> None:
        self._left: dict[Hashable, tuple[float, float]] = {}  # what was left, and when
        self._lock = Lock()

    def take(self, holder: Hashable, burst: float, rate: float, now: float) -> float:
        """Take one at `now` (seconds of a clock that only runs forward). 0: taken; else seconds until one is there."""
        with self._lock:
            left, at = self._left.get(holder, (burst, now))
            left = min(burst, left + (now - at) * rate)
            if left < 1:
                self._left[holder] = (left, now)
                return (1 - left) / rate
            if len(self._left) >= MANY and holder not in self._left:
                self._left = {h: (n, t) for h, (n, t) in self._left.items() if n + (now - t) * rate < burst}
            self._left[holder] = (left - 1, now)
            return 0.0
