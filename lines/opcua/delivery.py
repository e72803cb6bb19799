"""From the spool to the database by way of Celery: in order, bounded, again and again until committed."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

from lines.errors import BATCH_UNREADABLE
from lines.opcua.spool import Spool

logger = logging.getLogger(__name__)

IN_FLIGHT = 32
POLL_S = 0.25
RESEND_AFTER_S = 10.0
BROKER_PAUSE_S = 2.0


class Delivery:
    """Sends what the spool holds; removes from it what `committed` reports.

    `publish(sequence, content)` hands a batch to the broker, `committed(sequences)` asks the database. Either may
    fail for as long as it likes: the spool keeps everything.

    A batch is sent again after RESEND_AFTER_S if it is the oldest, or if one sent later has been committed. So a
    worker that is down finds one repeat every ten seconds, not the whole window, and a broker that lost all
    messages is refilled as soon as the first repeat is committed.
    """

    def __init__(
        self,
        spool: Spool,
        publish: Callable[[int, bytes], Awaitable[None]],
        committed: Callable[[list[int]], Awaitable[set[int]]],
    ) -> None:
        self._spool = spool
        self._publish = publish
        self._committed = committed
        self._waiting: deque[int] = deque()
        self._sent: dict[int, float] = {}  # when it was last handed over, by sequence
        self._news = asyncio.Event()
        self._progress_at = float("-inf")  # when the batch that was sent last, of those committed, was sent
        self._broker_failed = self._database_failed = False

    @property
    def backlog(self) -> int:
        """Batches not known to be committed."""
        return len(self._waiting) + len(self._sent)

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
                await self._wait(None)

    async def _wait(self, timeout_s: float | None) -> None:
        # A full window takes nothing new: then only time brings something.
        if len(self._sent) >= IN_FLIGHT:
            await asyncio.sleep(POLL_S)
            return
        try:
            await asyncio.wait_for(self._news.wait(), timeout_s)
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
        if self._database_failed:
            logger.info("The database answers again; %d batches to deliver", self.backlog)
        self._database_failed = False
        for sequence in done:
            self._progress_at = max(self._progress_at, self._sent.pop(sequence))
            await asyncio.to_thread(self._spool.remove, sequence)

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
        return [
            sequence
            for sequence, sent_at in sorted(self._sent.items())
            if now - sent_at > RESEND_AFTER_S and (sequence == oldest or self._progress_at > sent_at)
        ]

    async def _hand_over(self, sequence: int) -> bool:
        try:
            content = await asyncio.to_thread(self._spool.read, sequence)
        except OSError as error:
            # The file stays for a person to look at; it must not hold up those behind it.
            logger.error("%s: batch %d cannot be read back: %s", BATCH_UNREADABLE.code, sequence, error)
            return True
        try:
            await self._publish(sequence, content)
        except Exception as error:
            if not self._broker_failed:
                logger.warning("The broker takes no batches; keeping them. %s", error)
            self._broker_failed = True
            return False
        if self._broker_failed:
            logger.info("The broker takes batches again; %d to deliver", self.backlog)
        self._broker_failed = False
        self._sent[sequence] = asyncio.get_running_loop().time()
        return True
