"""The values of one server, across all its connections: what is subscribed, how far they are safe, what broke."""

import asyncio
import logging
import secrets
from contextlib import suppress
from functools import partial
from typing import Any

from asyncua import ua
from asyncua.ua.uaerrors import UaError

from lines.opcua import nodes, presence, recovering, subscribing
from lines.opcua.collector import Collector
from lines.opcua.connecting import Link, now_us
from lines.opcua.following import ValueStream
from lines.opcua.handles import Handles, Numbers
from lines.opcua.nodes import Fault, Found
from lines.opcua.publishing import Publishing
from lines.opcua.queries import Server
from lines.opcua.remembering import Last, Memory, Position, Subscribed

logger = logging.getLogger(__name__)

# A first value and one on its way belong to the break, not to what follows.
SETTLE_S = 2.0
AT_LEAST_EVERY_S = 5.0
MOST_TRIES = 5
LOOK_EVERY_S = 10.0


class Values:
    """Belongs to one Session. Between `begin` and `lost` there is a connection."""

    def __init__(self, code: str, collector: Collector, memory: Memory) -> None:
        self._code = code
        self._collector = collector
        self._memory = memory
        self.subscribed = self._subscribed_before = memory.subscribed(code)
        self._stream: ValueStream | None = None
        self._since: Last | None = None  # from where history is still to be read
        self._is_hole_new = asyncio.Event()
        self._break: dict[str, Any] | None = None
        self._closing: tuple[int, dict[str, Any]] | None = None  # its end is told, by this ticket
        self._link: Link | None = None
        self._found = Found()
        self._faults: dict[int, Fault] = {}
        self._found_for: tuple[str, int] | None = None  # plan and start of the server
        self._numbers: list[Numbers] = []
        self._historises = False
        self._queue_sizes: dict[int, int] = {}
        self._tries = 0  # to read the history of one hole
        if self.subscribed is not None:
            self._restore(self.subscribed)

    def _restore(self, subscribed: Subscribed) -> None:
        position = self._memory.position(self._code)
        numbers = [Numbers(handle, tuple(ids), is_scalar) for handle, ids, is_scalar in subscribed.items]
        signal_ids = [signal for each in numbers for signal in each.signal_ids]
        last = position.last.carried_over(signal_ids) if position else Last.none(signal_ids)
        # Killed between the two files: the subscription is new, and nothing of it was acknowledged.
        is_right = position is not None and position.key == subscribed.key
        expected = position.sequence if position and is_right else 1
        if not is_right or (position and position.has_hole):
            self._since = last.copy()
        self._stream = self._new_stream(subscribed.subscription_id, numbers, last, expected)
        self._numbers = numbers
        self._break = position.open_break if position else None
        if self._break is None:
            self._open_break("GATEWAY_RESTART", position.at_us if position else now_us())

    def _new_stream(self, subscription_id: int, numbers: list[Numbers], last: Last, expected: int) -> ValueStream:
        return ValueStream(
            subscription_id,
            Handles(numbers),
            self._collector,
            last,
            expected,
            missed=self._missed,
            stale=self._stale,
            overflowed=self._overflowed,
        )

    # A connection

    async def begin(self, link: Link, way: str | None, server: Server, publishing: Publishing) -> None:
        """Go on where it ended. `way`: how the session came to hold the old subscription, or nothing."""
        self._link, self._historises = link, server.historises
        plan = subscribing.plan_digest(server)
        if self._found_for != (plan, link.started_at_us):
            self._found = await nodes.find(link.client, server.variables)
            self._found_for = plan, link.started_at_us
            self._faults = dict(self._found.faults)
        old = self._stream
        self._queue_sizes = {each.signal_id: each.queue_size for each in server.variables if each.queue_size > 1}
        if old is not None:
            old.set_queues(self._queue_sizes)
            old.fetch = partial(recovering.republish, link, old.subscription_id, readers=self._found.readers)
        if old is not None and self.subscribed is not None and way is not None:
            found = await old.catch_up(None)
            logger.info("%s: %s, %d notifications again", self._code, way, found)
            if self.subscribed.plan == plan:
                logger.info("%s: following %d variables", self._code, len(self._found.nodes))
                publishing.follow(old, self._found.readers)
                await self._remember(link, old, plan, self.subscribed.key)
                if self._since is None:
                    self._close_break(link, way)
                else:
                    self._is_hole_new.set()
                return
        await self._subscribe_anew(link, way, server, publishing, plan)

    async def _subscribe_anew(
        self, link: Link, way: str | None, server: Server, publishing: Publishing, plan: str
    ) -> None:
        subscription_id = await subscribing.create_subscription(link, server.publishing_ms, server.lifetime_s)
        asked = subscribing.items(server.variables, self._found)
        statuses = await subscribing.create_items(link, subscription_id, asked)
        self._report(server, {each.handle: status for each, status in zip(asked, statuses, strict=True)})
        numbers = subscribing.numbers(server.variables)
        old, is_held = self._stream, False
        signal_ids = [signal for each in numbers for signal in each.signal_ids]
        if old is None:
            stream = self._new_stream(subscription_id, numbers, Last.none(signal_ids), 1)
        else:
            is_held = way is not None
            # What both tell is taken once.
            old.compare(old.seen_last)
            if way is None and await self._salvage(link, old, server):
                way = recovering.TRANSFERRED
            if way is None:
                self._since = (self._since or old.seen_last.copy()).carried_over(signal_ids)
            stream = self._new_stream(subscription_id, numbers, old.safe_last.carried_over(signal_ids), 1)
            stream.compare(self._since or old.seen_last)
            stream.go_on_from(old, old.seen_last.carried_over(signal_ids))
        self._stream, self._numbers = stream, numbers
        stream.fetch = partial(recovering.republish, link, subscription_id, readers=self._found.readers)
        stream.set_queues(self._queue_sizes)
        if old is not None and is_held:
            # What is still in the old one's queues comes first; then it ends.
            publishing.follow(old, self._found.readers)
            publishing.retire(old, 2 * server.publishing_ms / 1000 + SETTLE_S)
        publishing.follow(stream, self._found.readers)
        await self._remember(link, stream, plan)
        self._is_hole_new.set()
        if self._since is None:
            self._close_break(link, way or recovering.NONE)

    async def _salvage(self, link: Link, old: ValueStream, server: Server) -> bool:
        """Whether the old subscription lived until the new one did; what it held is taken."""
        if not await old.catch_up(None):
            return False
        await asyncio.sleep(2 * server.publishing_ms / 1000)
        await old.catch_up(None)
        return await subscribing.delete_subscription(link, old.subscription_id)

    async def _remember(self, link: Link, stream: ValueStream, plan: str, key: str | None = None) -> None:
        opening = link.key
        found = Subscribed(
            token=opening.token,
            nonce=opening.nonce,
            policies=list(opening.policies),
            subscription_id=stream.subscription_id,
            plan=plan,
            items=[[each.handle, list(each.signal_ids), each.is_scalar] for each in self._numbers],
            started_at_us=link.started_at_us,
        )
        if key is not None:
            found.key = key
        self._subscribed_before, self.subscribed = self.subscribed, found
        try:
            await self._memory.subscribe(self._code, found)
            await self._save()
        except OSError as error:
            logger.error("%s: session not noted on the disk: %s", self._code, error)

    def _report(self, server: Server, statuses: dict[int, ua.StatusCode]) -> None:
        faults = self._found.faults | nodes.refusals(server.variables, statuses)
        nodes.report(self._code, server.variables, faults)
        self._tell_faults(faults)
        followed = sum(status.is_good() for status in statuses.values())
        logger.info("%s: following %d variables", self._code, followed)

    def _tell_faults(self, faults: dict[int, Fault]) -> None:
        self._faults = faults
        self._collector.note(nodes.note(self._code, faults))

    async def look(self, link: Link, server: Server) -> None:
        """For ever: variables that went or came while the subscription runs."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            stream = self._stream
            if stream is not None:
                faults = await presence.look(link, server, self._found, self._faults, stream.subscription_id)
                if faults != self._faults:
                    nodes.report(self._code, server.variables, faults)
                    self._tell_faults(faults)

    def lost(self) -> None:
        """The connection ended."""
        link, self._link = self._link, None
        self._collector.report(self._code, connected=False)
        if link is not None and self._break is None:
            self._open_break("SPOOL_FULL" if self._collector.is_full else "CUT", link.heard_at_us)

    def pulse(self) -> None:
        """The server answered."""
        if self._link is not None:
            self._collector.report(self._code, connected=True, offset_ms=self._link.offset_ms)

    # Beside the publish loop

    async def keep(self) -> None:
        """For ever: what is safe is noted on the disk, then may be acknowledged."""
        while True:
            stream = self._stream
            if stream is None:
                await asyncio.sleep(1)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(AT_LEAST_EVERY_S):
                    await stream.wait_durable()
            stream = self._stream or stream
            numbers = stream.settle(is_frozen=self._since is not None)
            try:
                await self._save()
            except OSError as error:
                # Not acknowledged then: the server keeps them.
                logger.error("%s: position not noted on the disk: %s", self._code, error)
                stream.settle_later(numbers)
                await asyncio.sleep(1)
            else:
                stream.may_acknowledge(numbers)

    async def _save(self) -> None:
        stream, subscribed = self._stream, self.subscribed
        if stream is None or subscribed is None:
            return
        previous = self._memory.position(self._code)
        at_us = now_us() if self._link is not None or previous is None else previous.at_us
        is_told = self._closing is None or self._closing[0] <= self._collector.durable
        open_break = self._break or (None if is_told or self._closing is None else self._closing[1])
        position = Position(
            subscribed.key, stream.safe_next, at_us, self._since is not None, open_break, stream.safe_last
        )
        self._memory.move(self._code, position)
        await self._memory.save()

    async def fill(self, link: Link, server: Server) -> None:
        """For ever: read from the server's history what the subscription could not tell."""
        while True:
            await self._is_hole_new.wait()
            self._is_hole_new.clear()
            await asyncio.sleep(2 * server.publishing_ms / 1000 + SETTLE_S)
            stream, since = self._stream, self._since
            if stream is None:
                continue
            recovered = recovering.NONE
            if since is not None and server.historises and self._tries < MOST_TRIES:
                # Some servers close the connection on a question that they can't answer.
                self._tries += 1
                try:
                    count = await self._read_history(link, stream, since)
                    recovered = recovering.HISTORY
                    logger.info("%s: %d values from the history", self._code, count)
                except UaError as error:
                    logger.error("%s: no history: %s", self._code, error)
            if not self._is_hole_new.is_set():
                stream.compare(None)
            self._tries = 0
            if since is not None:
                await self._unfreeze(stream)
                self._close_break(link, recovered)

    async def _unfreeze(self, stream: ValueStream) -> None:
        """The hole is behind us, also for a gateway that is killed now."""
        newest, ticket = stream.seen_last.copy(), stream.newest_ticket
        await self._collector.wait_durable(ticket)
        self._since = None
        stream.safe_last = newest
        with suppress(OSError):
            await self._save()

    async def _read_history(self, link: Link, stream: ValueStream, since: Last) -> int:
        offset_us = round((link.offset_ms or 0) * 1000)
        began_us = (self._break["at_us"] if self._break else now_us()) + offset_us
        starts, until = recovering.hole(since.source_time_us.tolist(), began_us, now_us() + offset_us)
        times = dict(zip(since.signal_id.tolist(), starts, strict=True))
        signals = {each.handle: each.signal_ids for each in self._numbers}
        wanted = [
            (handle, node, min(times.get(signal, began_us - recovering.UNKNOWN_US) for signal in signals[handle]))
            for handle, node in self._found.nodes.items()
        ]
        count, ticket = 0, 0
        async for message in recovering.history(link, wanted, until, self._found.readers):
            while self._collector.is_full:
                await asyncio.sleep(0.2)
            added, rows = stream.add(message, is_history=True)
            ticket, count = max(ticket, added), count + (0 if rows is None else len(rows))
        await self._collector.wait_durable(ticket)
        return count

    # What broke

    def _open_break(self, cause: str, at_us: int) -> None:
        self._break = {
            **{"kind": "break", "id": secrets.token_hex(8), "server": self._code, "state": "OPEN"},
            **{"cause": cause, "at_us": at_us, "recovered": None},
        }
        self._collector.note(self._break)

    def _close_break(self, link: Link, recovered: str) -> int:
        """The ticket of the note; 0 where nothing was broken."""
        if self._break is None:
            return 0
        note = {**self._break, "state": "CLOSED", "at_us": now_us(), "recovered": recovered}
        if self._subscribed_before is not None and recovering.is_another_start(link, self._subscribed_before):
            note["cause"] = "SERVER_RESTART"
        ticket = self._collector.note(note)
        self._closing, self._break = (ticket, self._break), None
        return ticket

    async def _missed(self, first: int, last: int) -> None:
        logger.error("%s: notifications %d to %d are missing", self._code, first, last)
        self._collector.note({"kind": "missing", "server": self._code, "sequence": [first, last], "at_us": now_us()})
        self._hole("SEQUENCE")

    def _stale(self, number: int, expected: int) -> None:
        logger.error("%s: notification %d where %d was due", self._code, number, expected)
        self._hole("SEQUENCE")

    def _overflowed(self, signal_ids: list[int]) -> None:
        for signal_id in signal_ids:
            self._collector.note({"kind": "overflow", "server": self._code, "signal_id": signal_id, "at_us": now_us()})
        self._hole("OVERFLOW")

    def _hole(self, cause: str) -> None:
        """Values are missing though the connection stands."""
        stream, link = self._stream, self._link
        if stream is None or link is None:
            return
        if self._break is None:
            self._open_break(cause, now_us())
        if not self._historises and self._since is None:
            self._close_break(link, recovering.NONE)
        elif self._since is None:
            self._since = stream.seen_last.copy()
            stream.compare(self._since)
            self._is_hole_new.set()
