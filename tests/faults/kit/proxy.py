"""A TCP proxy on the loopback interface that cuts, half-opens and delays what goes through it."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from mes.embedded import free_port

T = TypeVar("T")

_CHUNK = 65536


class _Way:
    """One connection through the proxy."""

    def __init__(self, inner: asyncio.StreamWriter, outer: asyncio.StreamWriter) -> None:
        self.writers = (inner, outer)
        self.is_dead = False  # nothing passes any more, and nobody is told
        self.passing: asyncio.Future[Any] | None = None

    def abort(self) -> None:
        for writer in self.writers:
            # With a reset instead of a farewell, as when a switch forgets the connection.
            sock = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            writer.transport.abort()
        if self.passing is not None:
            self.passing.cancel()


class Proxy:
    """Listens on `port` and passes everything on to `target`; its loop runs in a thread of its own."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self._target = target
        self._delay_s = 0.0
        self._is_silent = False
        self._ways: set[_Way] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="proxy")
        self._thread.start()
        self._server: asyncio.Server | None = None
        self._run(self._listen())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def _do(self, work: Callable[[], None]) -> None:
        async def do() -> None:
            work()

        self._run(do())

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    async def _unlisten(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    # Faults. Each holds until `heal`.

    def cut(self) -> None:
        """Every connection is reset on both sides, and new ones are refused."""
        self._run(self._cut())

    async def _cut(self) -> None:
        await self._unlisten()
        for way in list(self._ways):
            way.abort()

    def half_open(self) -> None:
        """What is connected stays so and hears nothing for ever; new connections are taken and hear nothing."""
        self._do(self._half_open)

    def _half_open(self) -> None:
        self._is_silent = True
        for way in self._ways:
            way.is_dead = True

    def delay(self, seconds: float) -> None:
        """Everything arrives later by this much, in order."""

        def delay() -> None:
            self._delay_s = seconds

        self._do(delay)

    def heal(self) -> None:
        """New connections pass. Those that were half-open stay dead, as those behind a switch that was exchanged."""
        self._run(self._heal())

    async def _heal(self) -> None:
        self._is_silent, self._delay_s = False, 0.0
        if self._server is None:
            await self._listen()

    def close(self) -> None:
        self.cut()
        self._run(asyncio.sleep(0.05))  # what was cut comes to its end
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    @property
    def connections(self) -> int:
        return sum(not way.is_dead for way in self._ways)

    async def _accept(self, outer_in: asyncio.StreamReader, outer_out: asyncio.StreamWriter) -> None:
        try:
            inner_in, inner_out = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            outer_out.transport.abort()
            return
        way = _Way(inner_out, outer_out)
        way.is_dead = self._is_silent
        self._ways.add(way)
        passing = asyncio.gather(self._pass(way, outer_in, inner_out), self._pass(way, inner_in, outer_out))
        way.passing = passing
        with contextlib.suppress(asyncio.CancelledError):  # cut
            await passing
        self._ways.discard(way)
        way.abort()

    async def _pass(self, way: _Way, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """One direction; a queue in between keeps what is delayed, and its time."""
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(1000)

        async def take() -> None:
            with contextlib.suppress(OSError):
                while chunk := await source.read(_CHUNK):
                    if not way.is_dead:
                        await waiting.put((self._loop.time() + self._delay_s, chunk))
            if way.is_dead:
                # Nobody is told that the other side has gone.
                await asyncio.Event().wait()
            await waiting.put((self._loop.time() + self._delay_s, b""))

        taking = asyncio.create_task(take())
        try:
            with contextlib.suppress(OSError):
                while True:
                    due, chunk = await waiting.get()
                    await asyncio.sleep(max(0.0, due - self._loop.time()))
                    if way.is_dead:
                        await asyncio.Event().wait()
                    if not chunk:
                        break
                    sink.write(chunk)
                    await sink.drain()
                sink.close()
        finally:
            taking.cancel()
