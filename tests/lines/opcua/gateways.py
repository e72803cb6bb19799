"""The gateway's session with one server in this process, so that it can be ended at an exact point."""

import asyncio
import threading
from pathlib import Path
from typing import Any

from lines.opcua.handshake import Poster
from lines.opcua.queries import Server
from lines.opcua.sessions import Session


class Gateway:
    """Follows the handshake of one station while it runs, in a loop of its own; `kill` leaves everything as it is."""

    def __init__(self, endpoint: str, station: str, api_url: str, tokens: Path) -> None:
        self._server = Server("SERVER", endpoint, True, (), (station,))
        self._api_url, self._tokens = api_url, tokens
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._session: asyncio.Task[Any] | None = None

    def start(self) -> None:
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)

    def kill(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)

    def stop(self) -> None:
        self.kill()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _start(self) -> None:
        self._session = asyncio.create_task(self._run())

    async def _run(self) -> None:
        async def load(_code: str) -> Server:
            return self._server

        poster = Poster(self._api_url, self._tokens)
        try:
            await Session("SERVER", load, None, poster).run()
        finally:
            await poster.close()

    async def _end(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.cancel()
            await asyncio.gather(session, return_exceptions=True)
