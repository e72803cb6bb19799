"""One reader of the event table for all streams of a process. Pure asyncio: where rows come from is handed in."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from lines.events.queries import Position, StoredEvent

logger = logging.getLogger(__name__)

POLL_S = 0.1
# Less than a queue holds: reading the next batch gives every stream time to send this one.
BATCH = 500
# About 50 s of a line of 20 stations; a screen that falls further behind reconnects and reads the table.
QUEUE = 1000
RETRY_S = 2.0

Read = Callable[[Position, int], Awaitable[list[StoredEvent]]]


@dataclass(eq=False)
class Subscription:
    """What one stream gets. `is_dropped` once it fell behind: it must end, the browser comes back by itself."""

    wants: Callable[[StoredEvent], bool]
    queue: asyncio.Queue[StoredEvent] = field(default_factory=lambda: asyncio.Queue(QUEUE))
    is_dropped: bool = False


class Broadcaster:
    """Polls while anybody listens. `position` is what every subscription has been handed."""

    def __init__(self, read: Read, start: Callable[[], Awaitable[Position]], poll_s: float = POLL_S) -> None:
        self._read = read
        self._start = start
        self._poll_s = poll_s
        self._subscriptions: set[Subscription] = set()
        self._task: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()
        self.position: Position | None = None

    async def subscribe(self, wants: Callable[[StoredEvent], bool]) -> tuple[Subscription, Position]:
        """A new subscription and the position after which its queue begins."""
        async with self._lock:
            if self._task is None or self._task.done():
                # Nobody listened, so the remembered position may be hours old.
                self.position = await self._start()
                self._task = asyncio.create_task(self._poll(), name="event broadcaster")
            assert self.position is not None  # noqa: S101 - set above, never unset
            subscription = Subscription(wants)
            self._subscriptions.add(subscription)
            return subscription, self.position

    def unsubscribe(self, subscription: Subscription) -> None:
        self._subscriptions.discard(subscription)
        if not self._subscriptions and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _poll(self) -> None:
        while True:
            try:
                assert self.position is not None  # noqa: S101 - set by subscribe
                events = await self._read(self.position, BATCH)
            except Exception:
                # The database is away: screens show their age meanwhile, and nothing is skipped.
                logger.exception("events could not be read; trying again in %s s", RETRY_S)
                await asyncio.sleep(RETRY_S)
                continue
            for event in events:
                self._hand_out(event)
            await asyncio.sleep(0 if len(events) == BATCH else self._poll_s)

    def _hand_out(self, event: StoredEvent) -> None:
        self.position = event.position
        for subscription in self._subscriptions:
            if subscription.is_dropped or not subscription.wants(event):
                continue
            try:
                subscription.queue.put_nowait(event)
            except asyncio.QueueFull:
                subscription.is_dropped = True
