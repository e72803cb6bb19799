"""Fewer points that draw the same picture: the least and the greatest value of equal spans of time. Pure."""

import numpy as np
from numpy.typing import NDArray

from lines.telemetry.cold import Rows

BAD = 0x8000_0000


class Thinner:
    """Takes the rows of one signal in any order and keeps at most `max_points` of those in [since_us, until_us).

    As long as they are no more than that, all of them stay. Otherwise the span is cut into equal parts; of each, the
    least and the greatest value stay, apart for values that may be used and for bad ones, so that no peak is lost and
    no bad value hides one. Memory stays bounded however many rows come.
    """

    def __init__(self, since_us: int, until_us: int, max_points: int) -> None:
        """Raises ValueError where `max_points` is less than 4."""
        if max_points < 4:
            raise ValueError("fewer than 4 points show nothing")
        self._since_us = since_us
        self._max_points = max_points
        # Two points of each part, of two kinds of values where there are bad ones: then parts are twice as long. They
        # begin where the short ones do, so what is thinned to short parts first comes out the same.
        self._part_us = max(1, -(-(until_us - since_us) // (max_points // 4 * 2)))
        self._parts: list[Rows] = []
        self._waiting = 0
        self._seen = 0
        self._has_bad = self._has_good = False

    @property
    def is_thinned(self) -> bool:
        """Whether anything was left out."""
        return self._seen > self._max_points

    def add(self, rows: Rows) -> None:
        """More rows of the signal."""
        self._parts.append(rows)
        self._waiting += len(rows)
        self._seen += len(rows)
        is_bad = (rows.status & BAD) != 0
        self._has_bad |= bool(is_bad.any())
        self._has_good |= not is_bad.all()
        if self._waiting > 1_000_000:
            self._parts = [self._reduced(self._part_us)]
            self._waiting = len(self._parts[0])

    def rows(self) -> Rows:
        """What stays, in order of source time and receipt."""
        if not self.is_thinned:
            rows = Rows.joined(self._parts)
        else:
            rows = self._reduced(self._part_us * (2 if self._has_bad and self._has_good else 1))
        return rows.where(np.lexsort((rows.received_at_us, rows.source_time_us)))

    def _reduced(self, part_us: int) -> Rows:
        rows = Rows.joined(self._parts)
        if not len(rows):
            return rows
        part = (rows.source_time_us - self._since_us) // part_us * 2 + ((rows.status & BAD) != 0)
        order = np.lexsort((rows.source_time_us, rows.value, part))
        is_first = np.ones(len(order), np.bool_)
        is_first[1:] = part[order][1:] != part[order][:-1]
        is_last: NDArray[np.bool_] = np.roll(is_first, -1)
        return rows.where(order[is_first | is_last])
