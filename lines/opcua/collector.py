"""Values between two flushes, and their way into the spool. A ticket says from when on a value is safe."""

import asyncio
import json
import logging
import time
import uuid
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from lines.errors import SPOOL_NOT_WRITABLE, VALUES_LOST
from lines.opcua.delivery import Delivery
from lines.opcua.spool import Spool
from lines.telemetry import batches
from lines.telemetry.batches import Batch, Note

logger = logging.getLogger(__name__)

FLUSH_S = 0.1
# While the database is away or slow, fewer and larger batches: they are stored in a fraction of the time. By how many
# batches are to be delivered.
BEHIND_FLUSH_S = {128: 2.0, 32: 1.0, 16: 0.5, 8: 0.25}
HEARTBEAT_S = 2.0
FULL_ROWS = 5_000
BATCH_ROWS = 20_000
# About 50 MB; from half of it on nobody should ask the servers for more (`is_full`).
KEPT_ROWS = 1_000_000
KEPT_NOTES = 10_000
# A full spool is used again when so much of it is free: not batch by batch at the edge.
ROOM_SHARE = 0.95

Column = Sequence[float] | np.ndarray[Any, Any]
Rows = tuple[Column, Column, Column, Column]


class Collector:
    """Takes values from all sessions of a line; every FLUSH_S or FULL_ROWS a batch goes to the spool, later while the
    database is behind.

    `add` never refuses and never waits. A session that finds `is_full` stops asking its server for more until it is
    not; what its server's queues can't hold is then the server's to report. Only a session that goes on asking loses
    values here: the oldest ones, and a break says so.

    To be used in one event loop.
    """

    def __init__(self, spool: Spool, delivery: Delivery, next_sequence: int, servers: Sequence[str] = ()) -> None:
        """`servers` are the codes of the line's servers, for the break that a full memory means to all of them."""
        self._spool = spool
        self._delivery = delivery
        self._next = next_sequence
        self._servers: dict[str, Note] = {code: {"connected": False, "offset_ms": None} for code in servers}
        self._rows: list[Rows] = []
        self._count = 0
        self._notes: list[Note] = []
        self._unwritten: deque[tuple[Batch, int]] = deque()  # each with the ticket that it settles
        self._unwritten_rows = 0
        self._ticket = self._durable = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._wake = asyncio.Event()
        self._full_rows = FULL_ROWS
        self._failed = self._is_over = False
        self._break_id: str | None = None
        self._heartbeat_at = float("-inf")
        # One thread: the last flush of a gateway that stops waits for one that was cancelled midway.
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="spool")

    @property
    def durable(self) -> int:
        """All up to this ticket are on the disk to stay (or lost, and a break says so)."""
        return self._durable

    @property
    def is_full(self) -> bool:
        """True while nobody should ask a server for values."""
        return self._failed or self._is_over or self._count + self._unwritten_rows > KEPT_ROWS // 2

    def add(self, signal_id: Column, source_time_us: Column, value: Column, status: Column) -> int:
        """Take rows, in the order of their arrival; `value` is NaN where the machine sent no number.

        Sequences or arrays (n,), not to be changed afterwards. Returns their ticket. Raises ValueError where their
        lengths differ.
        """
        if not len(signal_id) == len(source_time_us) == len(value) == len(status):
            raise ValueError("columns of unequal length")
        self._rows.append((signal_id, source_time_us, value, status))
        self._count += len(signal_id)
        if self._count >= self._full_rows:
            self._wake.set()
        self._ticket += 1
        return self._ticket

    def note(self, note: Note) -> int:
        """Add a note to the next batch, after the values added so far; a JSON object with a "kind". Returns its ticket.

        Raises TypeError or ValueError for what is no JSON.
        """
        json.dumps(note, allow_nan=False)
        if len(self._notes) < KEPT_NOTES:
            self._notes.append(note)
        self._ticket += 1
        return self._ticket

    def report(self, server: str, *, connected: bool, offset_ms: float | None = None) -> None:
        """What the next heartbeats say of this server; the offset of its clock where it is known."""
        self._servers[server] = {"connected": connected, "offset_ms": offset_ms}

    async def wait_durable(self, ticket: int) -> None:
        """Returns when `durable` has reached `ticket`."""
        if ticket <= self._durable:
            return
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((ticket, done))
        await done

    async def run(self) -> None:
        """Flush for ever; on cancellation the caller flushes once more, with `is_last`."""
        while True:
            backlog = self._delivery.backlog
            flush_s = next((seconds for least, seconds in BEHIND_FLUSH_S.items() if backlog > least), FLUSH_S)
            self._full_rows = FULL_ROWS if flush_s == FLUSH_S else BATCH_ROWS
            # Not wait_for: before Python 3.12 it forgets a cancellation that comes together with what it waits for.
            with suppress(TimeoutError):
                async with asyncio.timeout(flush_s):
                    await self._wake.wait()
            self._beat()
            await self.flush()

    async def flush(self, *, is_last: bool = False) -> None:
        """Write what there is; the last one before the end does so beyond the spool's limit."""
        self._wake.clear()
        self._take()
        while self._unwritten and (is_last or self._has_room()):
            part = list(self._unwritten)
            written = await asyncio.get_running_loop().run_in_executor(self._disk, self._write, self._next, part)
            for _ in range(written):
                batch, ticket = self._unwritten.popleft()
                self._unwritten_rows -= len(batch)
                self._delivery.add(self._next)
                self._next += 1
                self._settle(ticket)
            if written < len(part):
                break
        self._bound()

    def _beat(self) -> None:
        now = time.monotonic()
        if now - self._heartbeat_at < HEARTBEAT_S:
            return
        self._heartbeat_at = now
        # One is enough, however long they have waited for the disk.
        self._notes = [note for note in self._notes if note["kind"] != "heartbeat"]
        self._notes.append(
            {
                "kind": "heartbeat",
                "backlog": self._delivery.backlog,
                "spool_bytes": self._spool.size_bytes,
                "spool_share": round(self._spool.share, 4),
                "servers": dict(self._servers),
            }
        )

    def _take(self) -> None:
        """Make batches of what was added. The last of them settles the ticket."""
        if not self._rows and not self._notes:
            return
        # Heartbeats alone make no batch while earlier ones wait for the disk.
        if self._unwritten and not self._rows and all(note["kind"] == "heartbeat" for note in self._notes):
            return
        whole = _batch(time.time_ns() // 1000, self._rows)
        notes, self._rows, self._notes, self._count = tuple(self._notes), [], [], 0
        starts = range(0, max(len(whole), 1), BATCH_ROWS)
        for start in starts:
            is_end = start == starts[-1]
            part = whole if len(starts) == 1 else whole.where(np.arange(start, min(start + BATCH_ROWS, len(whole))))
            self._unwritten.append((replace(part, notes=notes if is_end else ()), self._ticket if is_end else 0))
        self._unwritten_rows += len(whole)

    def _has_room(self) -> bool:
        self._is_over = self._spool.share >= (ROOM_SHARE if self._is_over else 1.0)
        return not self._is_over

    def _write(self, sequence: int, part: list[tuple[Batch, int]]) -> int:
        """How many of them are written, and sure to stay."""
        written = 0
        try:
            for batch, _ in part:
                self._spool.write(sequence + written, batches.encode(batch))
                written += 1
        except OSError as error:
            self._fail(error)
        else:
            self._failed = False
        if written:
            try:
                self._spool.flush()
            except OSError as error:
                self._fail(error)
                return 0
        return written

    def _fail(self, error: OSError) -> None:
        if not self._failed:
            logger.error("%s: %s %s", SPOOL_NOT_WRITABLE.code, SPOOL_NOT_WRITABLE.what_en, error)
        self._failed = True

    def _settle(self, ticket: int) -> None:
        self._durable = max(self._durable, ticket)
        if self._break_id is not None and ticket and not self.is_full:
            self._tell_break("CLOSED")
            self._break_id = None
        # Tickets are waited for in the order they were given, nearly; one that is not only waits a little longer.
        while self._waiting and self._waiting[0][0] <= self._durable:
            done = self._waiting.popleft()[1]
            if not done.done():
                done.set_result(None)

    def _bound(self) -> None:
        while self._unwritten_rows > KEPT_ROWS:
            lost, ticket = self._unwritten.popleft()
            self._unwritten_rows -= len(lost)
            logger.error("%s: %d values received at %d us are lost", VALUES_LOST.code, len(lost), lost.received_at_us)
            self._notes.extend(note for note in lost.notes if note["kind"] != "heartbeat")
            if self._break_id is None:
                self._break_id = uuid.uuid4().hex
                self._tell_break("OPEN")
            self._settle(ticket)

    def _tell_break(self, state: str) -> None:
        for server in self._servers:
            self.note(
                {
                    **{"kind": "break", "id": f"{self._break_id}-{server}", "server": server, "state": state},
                    **{"cause": "SPOOL_FULL", "at_us": time.time_ns() // 1000, "recovered": None},
                }
            )


def _batch(received_at_us: int, rows: list[Rows]) -> Batch:
    types = (np.int32, np.int64, np.float64, np.uint32)
    columns: list[Any] = [np.empty(0, dtype) for dtype in types]
    if rows:
        columns = [
            np.concatenate([np.asarray(part, dtype) for part in column])
            for column, dtype in zip(zip(*rows, strict=True), types, strict=True)
        ]
    return Batch(received_at_us, *columns)
