"""The gateway: one process for each line, from the stations' OPC UA servers to spool, broker and API."""

import asyncio
import base64
import logging
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import close_old_connections

from lines.opcua import queries
from lines.opcua.collector import Collector
from lines.opcua.delivery import Delivery
from lines.opcua.handshake import Poster
from lines.opcua.sessions import Session
from lines.opcua.spool import Spool
from lines.telemetry.tasks import store_batch

logger = logging.getLogger(__name__)

RETRY_S = 2.0

P = ParamSpec("P")
T = TypeVar("T")


class Gateway:
    """`run` ends when cancelled; what was received by then is in the spool."""

    def __init__(self, line_code: str, spool_folder: Path) -> None:
        self._line_code = line_code
        self._spool = Spool(spool_folder, line_code)
        # One thread each, so that the loop never waits for the database or the broker.
        self._database = ThreadPoolExecutor(1, thread_name_prefix="database")
        self._broker = ThreadPoolExecutor(1, thread_name_prefix="broker")

    async def run(self) -> None:
        delivery = Delivery(self._spool, self._publish, self._committed)
        spooled = self._spool.sequences()
        highest = await self._ask_until_answered(queries.highest_sequence, self._spool.source)
        codes = await self._ask_until_answered(queries.server_codes, self._line_code)
        collector = Collector(self._spool, delivery, max([highest, *spooled]) + 1, codes)
        for sequence in spooled:
            delivery.add(sequence)
        poster = Poster(settings.DENCHI_API_URL, Path(settings.DENCHI_STATION_TOKENS))
        sessions = [Session(code, self._load, collector, poster) for code in codes]
        logger.info("Gateway %s: %d servers, %d batches in the spool", self._spool.source, len(sessions), len(spooled))
        runs = [delivery.run(), collector.run(), *[session.run() for session in sessions]]
        tasks = [asyncio.create_task(run) for run in runs]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await collector.flush(is_last=True)
            await poster.close()

    async def _ask(self, query: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        def ask() -> T:
            # No request ends here, so nothing else throws a broken connection away.
            close_old_connections()
            return query(*args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._database, ask)

    async def _ask_until_answered(self, query: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        while True:
            try:
                return await self._ask(query, *args, **kwargs)
            except Exception as error:
                logger.warning("The database does not answer yet: %s", error)
            await asyncio.sleep(RETRY_S)

    async def _load(self, code: str) -> queries.Server:
        return await self._ask(queries.server, code)

    async def _committed(self, sequences: list[int]) -> set[int]:
        return await self._ask(queries.committed, self._spool.source, sequences)

    async def _publish(self, sequence: int, content: bytes) -> None:
        def publish() -> None:
            text = base64.b64encode(content).decode()
            store_batch.apply_async((self._spool.source, sequence, text), retry=False)

        await asyncio.get_running_loop().run_in_executor(self._broker, publish)


async def run_until_stopped(line_code: str) -> None:
    """Run until SIGTERM or SIGINT."""
    gateway = asyncio.create_task(Gateway(line_code, settings.DENCHI_VAR / "spool" / line_code).run())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, gateway.cancel)
    try:
        await gateway
    except asyncio.CancelledError:
        logger.info("Gateway of %s stopped", line_code)
