"""Values between two flushes, and their way into the spool."""

import asyncio
import logging
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from lines.errors import SPOOL_NOT_WRITABLE, VALUES_LOST
from lines.opcua.delivery import Delivery
from lines.opcua.spool import Spool
from lines.telemetry import batches
from lines.telemetry.batches import Batch

logger = logging.getLogger(__name__)

FLUSH_S = 0.25
FULL_ROWS = 5_000
# About 100 MB; only a spool that cannot be written lets it come to that.
KEPT_ROWS = 1_000_000


class Collector:
    """Takes values from all sessions of a line; every FLUSH_S or FULL_ROWS a batch goes to the spool."""

    def __init__(self, spool: Spool, delivery: Delivery, next_sequence: int) -> None:
        self._spool = spool
        self._delivery = delivery
        self._next = next_sequence
        self._rows: tuple[list[int], list[int], list[float], list[int]] = ([], [], [], [])
        self._unwritten: deque[Batch] = deque()
        self._is_full = asyncio.Event()
        self._failed = False
        # One thread: the last flush of a gateway that stops waits for one that was cancelled midway.
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="spool")

    def add(self, signal_id: int, source_time_us: int, value: float, status: int) -> None:
        """`value` is NaN where the machine sent no number."""
        ids, times, values, statuses = self._rows
        ids.append(signal_id)
        times.append(source_time_us)
        values.append(value)
        statuses.append(status)
        if len(ids) >= FULL_ROWS:
            self._is_full.set()

    async def run(self) -> None:
        """Flush for ever; on cancellation the caller flushes once more."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._is_full.wait(), FLUSH_S)
            await self.flush()

    async def flush(self) -> None:
        self._is_full.clear()
        if self._rows[0]:
            rows, self._rows = self._rows, ([], [], [], [])
            self._unwritten.append(batches.make(time.time_ns() // 1000, *rows))
        while self._unwritten:
            try:
                await asyncio.get_running_loop().run_in_executor(
                    self._disk, self._write, self._next, self._unwritten[0]
                )
            except OSError as error:
                if not self._failed:
                    logger.error("%s: %s %s", SPOOL_NOT_WRITABLE.code, SPOOL_NOT_WRITABLE.what_en, error)
                self._failed = True
                self._bound()
                return
            self._failed = False
            self._delivery.add(self._next)
            self._next += 1
            self._unwritten.popleft()

    def _write(self, sequence: int, batch: Batch) -> None:
        self._spool.write(sequence, batches.encode(batch))

    def _bound(self) -> None:
        while sum(len(batch) for batch in self._unwritten) > KEPT_ROWS:
            lost = self._unwritten.popleft()
            logger.error("%s: %d values received at %d us are lost", VALUES_LOST.code, len(lost), lost.received_at_us)
