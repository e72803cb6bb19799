"""One OPC UA session for each server: connect, follow the values, run the handshakes, begin again when it is lost."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from asyncua.ua.uaerrors import UaError
from django.conf import settings

from lines.opcua import recovering
from lines.opcua.collector import Collector
from lines.opcua.connecting import Link
from lines.opcua.ending import end
from lines.opcua.following import SequenceLostError
from lines.opcua.handshake import Poster, handshakes_of
from lines.opcua.posts import NAMESPACE_URI
from lines.opcua.publishing import Publishing
from lines.opcua.queries import Server
from lines.opcua.remembering import Memory
from lines.opcua.security import explained
from lines.opcua.subscribing import FlagStream, subscribe_flags
from lines.opcua.values import Values

logger = logging.getLogger(__name__)

BACK_OFF_S = (0.2, 0.5, 1.0, 2.0)


class Session:
    """Follows one server until cancelled; without a collector only the handshakes of its stations."""

    def __init__(
        self,
        code: str,
        load: Callable[[str], Awaitable[Server]],
        collector: Collector | None,
        poster: Poster,
        memory: Memory | None = None,
    ) -> None:
        """A collector needs a memory."""
        self._code = code
        self._load = load
        self._collector = collector
        self._poster = poster
        self._values = Values(code, collector, memory) if collector is not None and memory is not None else None
        self._server: Server | None = None
        self._failures = 0
        self._told = ""  # the code of security that was logged last

    async def run(self) -> None:
        keeper = asyncio.create_task(self._values.keep()) if self._values is not None else None
        try:
            while True:
                try:
                    await self._read_plan()
                    await self._follow()
                except Exception as error:
                    self._log(error)
                await asyncio.sleep(BACK_OFF_S[min(self._failures, len(BACK_OFF_S) - 1)])
                self._failures += 1
        finally:
            if keeper is not None:
                keeper.cancel()

    async def _read_plan(self) -> None:
        """Addresses may have changed; without the database the last known ones serve."""
        try:
            self._server = await self._load(self._code)
        except Exception:
            if self._server is None:
                raise

    def _log(self, error: Exception) -> None:
        insecure = explained(error, self._server) if self._server is not None else None
        known = isinstance(error, OSError | TimeoutError | UaError | SequenceLostError)
        if insecure is not None:
            # Often a server is first away, then back with another certificate.
            if self._failures == 0 or insecure.code.code != self._told:
                logger.error("%s", insecure)
            self._told = insecure.code.code
        elif not known:
            logger.error("%s: session failed", self._code, exc_info=error)
        elif self._failures == 0:
            logger.warning("%s: no session, trying again: %s", self._code, error or type(error).__name__)

    async def _follow(self) -> None:
        server = self._server
        if server is None:
            return
        values = self._values if server.variables else None
        link, way = await recovering.reach(server, values.subscribed if values is not None else None)
        tasks: list[asyncio.Task[Any]] = []
        try:
            await link.look()
            silence_s = server.lifetime_s / 2
            publishing = Publishing(link, self._may_ask, settings.DENCHI_FAST_DECODING, silence_s)
            if values is not None:
                await values.begin(link, way, server, publishing)
                tasks.append(asyncio.create_task(values.fill(link, server)))
                tasks.append(asyncio.create_task(values.look(link, server)))
            tasks += await self._handshakes(link, server, publishing)
            if publishing.has_streams:
                tasks.append(asyncio.create_task(publishing.run()))
            tasks.append(asyncio.create_task(link.watch(values.pulse if values is not None else lambda: None)))
            if values is not None:
                values.pulse()
            self._failures = 0
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await end(tasks)
            # The server keeps what was subscribed until the time-out, for the next session to go on with.
            await link.close(is_kept=values is not None)
            if values is not None:
                values.lost()

    def _may_ask(self) -> bool:
        return self._collector is None or not self._collector.is_full

    async def _handshakes(self, link: Link, server: Server, publishing: Publishing) -> list[asyncio.Task[Any]]:
        if not server.handshakes:
            return []
        namespace = await link.client.get_namespace_index(NAMESPACE_URI)
        handshakes = handshakes_of(link.client, server.handshakes, namespace, self._poster)
        flags = await subscribe_flags(link, self._code, handshakes, namespace, server.lifetime_s)
        publishing.follow(FlagStream(flags, handshakes))
        return [asyncio.create_task(handshake.run()) for handshake in handshakes]
