"""The gateway: one process for each line, from the stations' OPC UA servers to spool, broker and API."""

import asyncio
import base64
import logging
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, ParamSpec, TypeVar

from django.conf import settings
from django.db import close_old_connections

from lines.gateways.errors import SPOOL_FILLING
from lines.gateways.services import ALARM_SHARE, CLEAR_SHARE, tell_spool
from lines.opcua import queries
from lines.opcua.collector import Collector
from lines.opcua.delivery import Delivery
from lines.opcua.ending import end
from lines.opcua.handshake import Poster
from lines.opcua.plans import Plans
from lines.opcua.remembering import Memory
from lines.opcua.sessions import Session
from lines.opcua.spool import Spool, claim
from lines.telemetry.tasks import set_batch_aside, store_batch

logger = logging.getLogger(__name__)

RETRY_S = 2.0
WATCH_S = 2.0

P = ParamSpec("P")
T = TypeVar("T")


class Gateway:
    """`run` ends when cancelled; what was received by then is in the spool."""

    def __init__(self, line_code: str, spool_folder: Path) -> None:
        self._line_code = line_code
        self._folder = spool_folder
        self._plans = Plans(spool_folder / "plans.json")
        self._codes: list[str] = []
        # One thread each, so that the loop never waits for the database or the broker.
        self._database = ThreadPoolExecutor(1, thread_name_prefix="database")
        self._broker = ThreadPoolExecutor(1, thread_name_prefix="broker")

    async def run(self) -> None:
        claimed = await self._claim()
        self._spool = Spool(self._folder, self._line_code, settings.DENCHI_SPOOL_MB * 2**20)
        self._codes = await self._ask_for_codes()
        delivery, collector = await self._open_spool()
        poster = Poster(settings.DENCHI_API_URL, Path(settings.DENCHI_STATION_TOKENS))
        memory = Memory(self._folder / "sessions")
        sessions = [Session(code, self._load, collector, poster, memory) for code in self._codes]
        logger.info(
            "Gateway %s: %d servers, %d batches in the spool", self._spool.source, len(sessions), delivery.backlog
        )
        runs = [delivery.run(), collector.run(), self._watch(collector), *[session.run() for session in sessions]]
        tasks = [asyncio.create_task(run) for run in runs]
        try:
            await asyncio.gather(*tasks)
        finally:
            await end(tasks)
            await collector.flush(is_last=True)
            await poster.close()
            claimed.close()

    async def _claim(self) -> IO[str]:
        """Two gateways on one spool would give one number to two batches; the one before may still be stopping."""
        is_first = True
        while (claimed := claim(self._folder)) is None:
            if is_first:
                logger.warning("Another gateway of %s runs on %s; waiting for its end", self._line_code, self._folder)
            is_first = False
            await asyncio.sleep(RETRY_S / 4)
        return claimed

    async def _open_spool(self) -> tuple[Delivery, Collector]:
        """Go on where the last gateway on this folder stopped, with what it left first."""
        delivery = Delivery(self._spool, self._publish, self._committed, self._set_aside)
        highest = self._spool.highest
        if not highest:
            # Nobody has written here yet, or somebody emptied the folder.
            highest = await self._ask_until_answered(queries.highest_sequence, self._spool.source)
        for sequence in self._spool.sequences():
            delivery.add(sequence)
        return delivery, Collector(self._spool, delivery, highest + 1, self._codes)

    async def _ask_for_codes(self) -> list[str]:
        """Of the line's servers; without the database the last known ones."""
        while True:
            try:
                codes = await self._ask(queries.server_codes, self._line_code)
            except Exception as error:
                logger.warning("The database does not answer yet: %s", error)
                known = self._plans.codes()
                if known is not None:
                    return known
            else:
                self._keep_plan(codes, {})
                return codes
            await asyncio.sleep(RETRY_S)

    async def _watch(self, collector: Collector) -> None:
        """Say how full the spool is: in the log at each tenth from a half on, by an alarm when one can be raised."""
        tenth = 0
        told: tuple[bool, bool, bool] | None = None
        while True:
            share, is_full = self._spool.share, collector.is_full
            if int(share * 10) != tenth:
                tenth = int(share * 10)
                if share >= ALARM_SHARE:
                    logger.error("%s: %d %% of the spool are taken", SPOOL_FILLING.code, share * 100)
            news = (share >= ALARM_SHARE, share < CLEAR_SHARE, is_full)
            if news != told:
                try:
                    await self._ask(tell_spool, self._line_code, share, is_full=is_full)
                    told = news
                except Exception as error:
                    logger.debug("No alarm can be raised: %s", error)
            await asyncio.sleep(WATCH_S)

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
        """What to follow; without the database what it was last."""
        try:
            server = await self._ask(queries.server, code)
        except Exception:
            known = self._plans.server(code)
            if known is None:
                raise
            return known
        self._keep_plan(self._codes, {code: server})
        return server

    def _keep_plan(self, codes: list[str], servers: dict[str, queries.Server]) -> None:
        try:
            self._plans.keep(codes, servers)
        except OSError as error:
            logger.warning("The plan can't be kept for a start without the database: %s", error)

    async def _committed(self, sequences: list[int]) -> set[int]:
        return await self._ask(queries.committed, self._spool.source, sequences)

    async def _publish(self, sequence: int, content: bytes) -> None:
        await self._hand_over(store_batch, sequence, content)

    async def _set_aside(self, sequence: int, content: bytes) -> None:
        await self._hand_over(set_batch_aside, sequence, content, "no worker came to an end with it")

    async def _hand_over(self, task: Any, sequence: int, content: bytes, *more: str) -> None:
        def publish() -> None:
            text = base64.b64encode(content).decode()
            task.apply_async((self._spool.source, sequence, text, *more), retry=False)

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
