"""A plain client that counts what bench.firehose sends and keeps nothing: `python -m bench.ingest_peers`.

Standard input: a JSON object with make (asyncua or opcua), url, paths and samples. It prints one with the CPU seconds
from the first value to the last, and how long that took.
"""

import asyncio
import json
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import asyncua.client.client
import opcua

from lines.simulator.nodes import NAMESPACE

ua: Any = asyncua.ua
PUBLISHING_MS = 250.0


@dataclass
class Counting:
    """Handler of either library."""

    samples: int
    count: int = 0
    started: tuple[float, float] = (0.0, 0.0)
    ended: tuple[float, float] = (0.0, 0.0)
    done: threading.Event = field(default_factory=threading.Event)

    def datachange_notification(self, *_: Any) -> None:
        if self.count == 0:
            self.started = time.process_time(), time.time()
        self.count += 1
        if self.count == self.samples:
            self.ended = time.process_time(), time.time()
            self.done.set()


async def by_asyncua(url: str, paths: list[str], counting: Counting) -> None:
    async with asyncua.client.client.Client(url) as client:
        index = await client.get_namespace_index(NAMESPACE)
        subscription = await client.create_subscription(PUBLISHING_MS, counting)
        await subscription.subscribe_data_change([client.get_node(ua.NodeId(path, index)) for path in paths])
        while not counting.done.is_set():
            await asyncio.sleep(0.05)


def by_opcua(url: str, paths: list[str], counting: Counting) -> None:
    client = opcua.Client(url)
    client.connect()
    try:
        index = client.get_namespace_index(NAMESPACE)
        subscription = client.create_subscription(PUBLISHING_MS, counting)
        subscription.subscribe_data_change([client.get_node(opcua.ua.NodeId(path, index)) for path in paths])
        counting.done.wait()
    finally:
        client.disconnect()


def main(make: str, url: str, paths: list[str], samples: int) -> None:
    counting = Counting(samples)
    if make == "asyncua":
        asyncio.run(by_asyncua(url, paths, counting))
    else:
        by_opcua(url, paths, counting)
    (cpu, at), (cpu_end, at_end) = counting.started, counting.ended
    print(json.dumps({"cpu_s": cpu_end - cpu, "elapsed_s": at_end - at}), flush=True)


if __name__ == "__main__":
    main(**json.loads(sys.stdin.readline()))
