"""The values of one subscription: in their order, each message once, safe before it is acknowledged."""

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lines.opcua.arrivals import Arrived
from lines.opcua.collector import Collector
from lines.opcua.connecting import now_us
from lines.opcua.handles import Handles, Rows
from lines.opcua.presence import NODE_STATUSES
from lines.opcua.remembering import Last
from lines.telemetry.batches import AHEAD_TOLERANCE_US

logger = logging.getLogger(__name__)

# OPC UA counts notifications from 1 to this, and then from 1 again.
HIGHEST = 2**32 - 1
# A number that is further ahead or behind than this is another count, not a gap.
FARTHEST = 10_000
REFUSED_S = 1.0
# Rows by which those that came twice are known, while history is read beside the subscription.
_MOST_SEEN = 500_000
# The rows of so many messages at most are looked at together: nobody waits long for it.
_MOST_ROWS_APART = 500
_COLUMNS = ("signal_id", "source_time_us", "value", "status")

Row = tuple[int, int, float, int]


class SequenceLostError(Exception):
    """The server ended the subscription, or counts it otherwise."""


def after(number: int) -> int:
    return 1 if number >= HIGHEST else number + 1


def ahead(number: int, expected: int) -> int:
    """By how much; negative: behind. Round the end of the count."""
    return (number - expected + HIGHEST // 2) % HIGHEST - HIGHEST // 2


@dataclass
class _Pending:
    number: int  # 0: not to be acknowledged
    ticket: int
    rows: Rows | None


class ValueStream:
    """Follows the sequence numbers of one subscription, over all connections that carry it.

    `fetch(number)` republishes by the connection there is, `missed(first, last)` is told what could not be,
    `stale(number, expected)` of a count that went back or jumped, `overflowed(signals)` of queues that ran over.
    """

    def __init__(
        self,
        subscription_id: int,
        handles: Handles,
        collector: Collector,
        last: Last,
        expected: int,
        *,
        missed: Callable[[int, int], Awaitable[None]],
        stale: Callable[[int, int], None],
        overflowed: Callable[[list[int]], None],
    ) -> None:
        self.subscription_id = subscription_id
        self._handles = handles
        self._collector = collector
        self._missed, self._stale, self._overflowed = missed, stale, overflowed
        self.fetch: Callable[[int], Awaitable[Arrived | None]] = _nothing
        self.expected = expected
        self._seen_last = last.copy()
        self._not_in_seen_last: list[Rows] = []
        self.safe_last = last
        self.safe_next = expected
        self._pending: deque[_Pending] = deque()
        self._news = asyncio.Event()
        self._to_acknowledge: deque[int] = deque()
        self._seen: set[Row] | None = None
        self._queue_sizes: Mapping[int, int] = {}
        self._smallest_queue = HIGHEST
        self._refused: Counter[tuple[int, str]] = Counter()
        self._refused_at = float("-inf")

    def set_queues(self, sizes: Mapping[int, int]) -> None:
        """How many values the server keeps of each variable, by client handle."""
        self._queue_sizes, self._smallest_queue = sizes, min(sizes.values(), default=HIGHEST)

    @property
    def seen_last(self) -> Last:
        """The newest row of each signal that came and can be stored, safe or not."""
        self._see()
        return self._seen_last

    def _see(self) -> None:
        parts, self._not_in_seen_last = self._not_in_seen_last, []
        _move(self._seen_last, parts)

    # In order

    async def take(self, message: Arrived) -> None:
        number, expected = message.sequence_number, self.expected
        is_empty = not len(message) and not message.refused and message.status_change is None
        distance = ahead(number, expected)
        if 0 < distance <= FARTHEST:
            await self.catch_up(number)
        elif distance and not (is_empty and distance == -1):
            self._stale(number, expected)
            self.expected = number
        if not is_empty:
            self._accept(message)
            self.expected = after(number)
        # python-opcua's server says of the whole subscription what is true of one of its variables.
        if message.status_change is not None and message.status_change not in NODE_STATUSES:
            raise SequenceLostError(f"subscription ended by the server, status 0x{message.status_change:08X}")

    async def catch_up(self, until: int | None) -> int:
        """Republish what is missing before `until`, or as long as there is something; returns how many were."""
        found, first_missing = 0, 0
        while until is None or self.expected != until:
            number = self.expected
            message = await self.fetch(number)
            if message is None and until is None:
                break
            self.expected = after(number)
            if message is not None:
                found += 1
                if first_missing:
                    await self._missed(first_missing, number - 1)
                    first_missing = 0
                self._accept(message)
            else:
                first_missing = first_missing or number
        if first_missing:
            await self._missed(first_missing, self.expected - 1)
        return found

    # Rows

    def _accept(self, message: Arrived) -> None:
        self._look_for_full_queues(message)
        ticket, rows = self.add(message)
        self._pending.append(_Pending(message.sequence_number, ticket, rows))
        self._news.set()

    def add(self, message: Arrived, *, is_history: bool = False) -> tuple[int, Rows | None]:
        """To the collector, without what was had before. Returns the ticket and what it stands for."""
        rows = self._handles.rows(message)
        self._refused.update(rows.refused)
        self._tell_refused()
        if message.is_overflow.any():
            ran_over = _part(message, message.is_overflow)
            self._overflowed(sorted(set(self._handles.rows(ran_over).signal_id.tolist())))
        if self._seen is not None and len(rows):
            rows = _where(rows, self._is_new(rows))
        if not len(rows):
            return 0, None
        ticket = self._collector.add(rows.signal_id, rows.source_time_us, rows.value, rows.status)
        rows = _taken(rows)
        if not is_history:
            self._not_in_seen_last.append(rows)
            if len(self._not_in_seen_last) > _MOST_ROWS_APART:
                self._see()
        return ticket, rows

    def _look_for_full_queues(self, message: Arrived) -> None:
        """A variable that brings as many values as its queue holds may have lost some before: not every make says so
        (asyncua and python-opcua drop the oldest without a word)."""
        if len(message) < self._smallest_queue:
            return
        handles, counts = np.unique(message.handle[message.element <= 0], return_counts=True)
        full = [
            handle
            for handle, count in zip(handles.tolist(), counts.tolist(), strict=True)
            if count >= self._queue_sizes.get(handle, HIGHEST)
        ]
        if full and not message.is_overflow.any():
            self._overflowed(full)

    def _tell_refused(self) -> None:
        """Once a second at most, whatever a server sends."""
        now = time.monotonic()
        if self._refused and now - self._refused_at > REFUSED_S:
            self._refused_at = now
            for (signal_id, code), count in self._refused.items():
                self._collector.note({"kind": "refused", "signal_id": signal_id, "code": code, "count": count})
            self._refused.clear()

    def compare(self, since: Last | None) -> None:
        """From now on drop rows that came before: first values of a new subscription, and what history and
        subscription both tell. `since`: the newest rows before; None ends it."""
        if since is None:
            self._seen = None
            return
        columns: tuple[NDArray[Any], ...] = (
            since.signal_id,
            since.source_time_us,
            np.nan_to_num(since.value),
            since.status,
        )
        self._seen = {row for row in zip(*(column.tolist() for column in columns), strict=True) if row[1]}

    def go_on_from(self, other: "ValueStream", seen_last: Last) -> None:
        """Take over what the stream before it saw, and what of it is not safe yet."""
        self._seen_last, self._not_in_seen_last = seen_last, []
        if self._seen is not None and other._seen is not None:
            # One set for both, as long as both bring values.
            other._seen |= self._seen
            self._seen = other._seen
        self._pending = deque(replace(each, number=0) for each in other._pending)
        other._pending.clear()
        other._news.set()

    def _is_new(self, rows: Rows) -> NDArray[np.bool_]:
        last, seen = self.seen_last, self._seen
        at = np.searchsorted(last.signal_id, rows.signal_id)
        same_value = (last.value[at] == rows.value) | (np.isnan(last.value[at]) & np.isnan(rows.value))
        same_time = (rows.source_time_us != 0) & (last.source_time_us[at] == rows.source_time_us)
        keep: NDArray[np.bool_] = ~(same_time & same_value & (last.status[at] == rows.status))
        if seen is not None and len(seen) < _MOST_SEEN:
            columns = (rows.signal_id, rows.source_time_us, np.nan_to_num(rows.value), rows.status)
            for n, row in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
                if row in seen and row[1]:
                    keep[n] = False
                seen.add(row)
        return keep

    # Safety

    async def wait_durable(self) -> None:
        """Returns when the oldest of what is not safe yet has become so, or another stream went on from this one."""
        if not self._pending:
            self._news.clear()
            await self._news.wait()
        if self._pending:
            await self._collector.wait_durable(self._pending[0].ticket)

    @property
    def newest_ticket(self) -> int:
        return max((each.ticket for each in self._pending), default=0)

    def settle(self, *, is_frozen: bool) -> list[int]:
        """Move on over all that is durable. Returns the numbers to be acknowledged once that is noted; frozen, the
        newest rows stay as they are."""
        numbers, parts = [], []
        durable = self._collector.durable
        while self._pending and self._pending[0].ticket <= durable:
            done = self._pending.popleft()
            if done.rows is not None and not is_frozen:
                parts.append(done.rows)
            if done.number:
                self.safe_next = after(done.number)
                numbers.append(done.number)
        _move(self.safe_last, parts)
        return numbers

    def may_acknowledge(self, numbers: list[int]) -> None:
        self._to_acknowledge += numbers

    def settle_later(self, numbers: list[int]) -> None:
        self._pending.extendleft(_Pending(number, 0, None) for number in reversed(numbers))

    def acknowledgements(self, most: int) -> list[int]:
        return [self._to_acknowledge.popleft() for _ in range(min(most, len(self._to_acknowledge)))]

    def not_acknowledged(self, numbers: list[int]) -> None:
        self._to_acknowledge.extendleft(reversed(numbers))


async def _nothing(_number: int) -> Arrived | None:
    return None


def _move(last: Last, parts: list[Rows]) -> None:
    """The newest of each signal; of equally new ones the last counts."""
    if not parts or not len(last.signal_id):
        return
    signal_id, time_us, value, status = (np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS)
    at = np.minimum(np.searchsorted(last.signal_id, signal_id), len(last.signal_id) - 1)
    newer = np.flatnonzero((last.signal_id[at] == signal_id) & (time_us >= last.source_time_us[at]))
    # What is assigned last stays.
    newer = newer[np.argsort(time_us[newer], kind="stable")]
    at = at[newer]
    last.source_time_us[at] = time_us[newer]
    last.value[at], last.status[at] = value[newer], status[newer]


def _taken(rows: Rows) -> Rows:
    """Without those from so far ahead that the database refuses them. They are no newest values: by them the history
    would be read again up to their time, and what was refused would be taken when that is no longer so far ahead."""
    limit_us = now_us() + AHEAD_TOLERANCE_US
    return rows if rows.source_time_us.max() <= limit_us else _where(rows, rows.source_time_us <= limit_us)


def _where(rows: Rows, keep: NDArray[np.bool_]) -> Rows:
    return replace(rows, **{name: getattr(rows, name)[keep] for name in _COLUMNS})


def _part(message: Arrived, keep: NDArray[np.bool_]) -> Arrived:
    names = ("handle", "element", "source_time_us", "value", "status", "is_overflow")
    return replace(message, **{name: getattr(message, name)[keep] for name in names})
