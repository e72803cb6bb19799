"""A gateway that is told to stop stops, whatever arrives at the same moment."""

import asyncio
from pathlib import Path
from typing import Any

from lines.opcua.collector import Collector
from lines.opcua.delivery import Delivery
from lines.opcua.ending import end
from lines.opcua.spool import Spool


def test_a_cancellation_that_comes_with_an_event_is_not_forgotten(tmp_path: Path) -> None:
    async def nothing(*_: Any) -> None: ...

    async def none(*_: Any) -> set[int]:
        return set()

    async def scenario() -> None:
        spool = Spool(tmp_path, "L1")
        delivery = Delivery(spool, nothing, none)
        collector = Collector(spool, delivery, 1)
        for turns in range(5):
            for run, happen in ((collector.run(), collector._wake.set), (delivery.run(), delivery._news.set)):
                task = asyncio.create_task(run)
                await asyncio.sleep(0.02)
                happen()
                for _ in range(turns):
                    await asyncio.sleep(0)
                task.cancel()
                assert (await asyncio.wait([task], timeout=2))[0], f"{run} goes on after {turns} turns"

    asyncio.run(scenario())


def test_a_task_that_forgets_a_cancellation_is_ended() -> None:
    async def forgetful() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(60)

    async def scenario() -> None:
        tasks = [asyncio.create_task(forgetful()) for _ in range(2)]
        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            await end(tasks)
        assert all(task.cancelled() for task in tasks)

    asyncio.run(scenario())
