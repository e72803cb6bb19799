"""From the spool to the database by way of Celery: in order, bounded, again and again until committed."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from lines.gateways.errors import SPOOL_NOT_READABLE
from lines.opcua.spool import Spool

logger = logging.getLogger(__name__)

IN_FLIGHT = 32
POLL_S = 0.25
# While a backlog is being worked off: the next batches should be in the broker before the workers have none.
BUSY_POLL_S = 0.05
RESEND_AFTER_S = 10.0
BROKER_PAUSE_S = 2.0
# So many times sent while others came through, over a minute: no worker comes to an end with it.
MOST_TRIES = 6
READ_AGAIN_AFTER_S = 60.0

Send = Callable[[int, bytes], Awaitable[None]]


@dataclass(slots=True)
class _Sent:
    at: float
    tries: int = 0  # sent again though batches sent later came through


class Delivery:
    """Sends what the spool holds; removes from it what `committed` reports.

    `publish(sequence, content)` hands a batch to the broker, `committed(sequences)` asks the database. Either may
    fail for as long as it likes: the spool keeps everything.

    A batch is sent again after RESEND_AFTER_S if it is the oldest, or if one sent later has been committed. So a
    worker that is down finds one repeat every ten seconds, not the whole window, and a broker that lost all
    messages is refilled as soon as the first repeat is committed. When the database answers again, the whole window is
    sent again: what the workers took meanwhile they could not store.

    A batch that is never committed though others are goes by `set_aside(sequence, content)` to where people see it:
    the workers themselves do so with a batch they can't store, but not with one that kills them.
    """

    def __init__(
        self,
        spool: Spool,
        publish: Send,
        committed: Callable[[list[int]], Awaitable[set[int]]],
        set_aside: Send | None = None,
    ) -> None:
        self._spool = spool
        self._publish = publish
        self._committed = committed
        self._set_aside = set_aside or publish
        self._waiting: deque[int] = deque()
        self._sent: dict[int, _Sent] = {}
        self._unreadable: dict[int, float] = {}  # when to try again
        self._news = asyncio.Event()
        self._progress_at = float("-inf")  # when the batch that was sent last, of those committed, was sent
        self._broker_failed = self._database_failed = self._is_busy = False

    @property
    def backlog(self) -> int:
        """Batches not known to be committed."""
        return len(self._waiting) + len(self._sent) + len(self._unreadable)

    def add(self, sequence: int) -> None:
        """A new file is in the spool."""
        self._waiting.append(sequence)
        self._news.set()

    async def run(self) -> None:
        while True:
            if self._sent:
                await self._look()
            is_up = await self._send()
            self._news.clear()
            if not is_up:
                await asyncio.sleep(BROKER_PAUSE_S)
            elif self._sent:
                await self._wait(POLL_S)
            elif not self._waiting:
                await self._wait(READ_AGAIN_AFTER_S if self._unreadable else None)

    async def _wait(self, timeout_s: float | None) -> None:
        # A full window takes nothing new: then only time brings something.
        if len(self._sent) >= IN_FLIGHT:
            await asyncio.sleep(BUSY_POLL_S if self._is_busy else POLL_S)
            return
        try:
            async with asyncio.timeout(timeout_s):
                await self._news.wait()
        except TimeoutError:
            return

    async def _look(self) -> None:
        try:
            done = await self._committed(list(self._sent))
        except Exception as error:
            if not self._database_failed:
                logger.warning("The database does not say what is committed; keeping all. %s", error)
            self._database_failed = True
            return
        for sequence in done:
            self._progress_at = max(self._progress_at, self._sent.pop(sequence).at)
        self._is_busy = bool(done)
        await asyncio.to_thread(self._remove, sorted(done))
        if self._database_failed:
            logger.info("The database answers again; %d batches to deliver", self.backlog)
            for sent in self._sent.values():
                sent.at, sent.tries = float("-inf"), -1
            self._progress_at = asyncio.get_running_loop().time()
        self._database_failed = False

    def _remove(self, sequences: list[int]) -> None:
        # In order: what a restart finds is then without holes.
        for sequence in sequences:
            self._spool.remove(sequence)

    async def _send(self) -> bool:
        """Send what is due; false if the broker takes nothing."""
        for sequence in self._due():
            if not await self._hand_over(sequence):
                return False
        while self._waiting and len(self._sent) < IN_FLIGHT:
            if not await self._hand_over(self._waiting[0]):
                return False
            self._waiting.popleft()
        return True

    def _due(self) -> list[int]:
        now = asyncio.get_running_loop().time()
        oldest = min(self._sent, default=None)
        due = [
            sequence
            for sequence, sent in sorted(self._sent.items())
            if now - sent.at > RESEND_AFTER_S and (sequence == oldest or self._progress_at > sent.at)
        ]
        return [*(sequence for sequence, at in self._unreadable.items() if now > at), *due]

    async def _hand_over(self, sequence: int) -> bool:
        now = asyncio.get_running_loop().time()
        try:
            content = await asyncio.to_thread(self._spool.read, sequence)
        except OSError as error:
            # It must not hold up those behind it.
            logger.error("%s: batch %d: %s", SPOOL_NOT_READABLE.code, sequence, error)
            self._unreadable[sequence] = now + READ_AGAIN_AFTER_S
            self._sent.pop(sequence, None)
            return True
        sent = self._sent.get(sequence)
        tries = 0 if sent is None else sent.tries + (self._progress_at > sent.at)
        try:
            await (self._publish if tries < MOST_TRIES else self._set_aside)(sequence, content)
        except Exception as error:
            if not self._broker_failed:
                logger.warning("The broker takes no batches; keeping them. %s", error)
            self._broker_failed = True
            return False
        if self._broker_failed:
            logger.info("The broker takes batches again; %d to deliver", self.backlog)
        self._broker_failed = False
        self._unreadable.pop(sequence, None)
        self._sent[sequence] = _Sent(asyncio.get_running_loop().time(), tries)
        return True
