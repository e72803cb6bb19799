"""A gateway's spool and delivery that die at any line of theirs, over and over, until everything is delivered.

`python -m tests.lines.opcua.mortal FOLDER SEED VALUES` prints how often it died. The server, the workers and the
database are files in FOLDER that only whole renames change; they outlive each death. After a death the disk may have
lost power too: then of the spool only that remains which was flushed, and what was removed since may be there or not.
"""

import asyncio
import json
import os
import random
import secrets
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from lines.opcua import collector as collecting
from lines.opcua import delivery as delivering
from lines.opcua import spool as spooling
from lines.telemetry import batches

TRACED = {module.__file__ for module in (collecting, delivering, spooling)}
# About how many lines it takes to write and deliver some batches; a death comes after any of them.
MOST_LINES = 4000


def put(path: Path, content: bytes) -> None:
    beside = path.with_suffix(".beside")
    beside.write_bytes(content)
    beside.replace(path)


class Disk:
    """Keeps beside the spool what a power cut would leave of it."""

    def __init__(self, folder: Path) -> None:
        self.spool, self._flushed = folder / "spool", folder / "flushed"
        self._flushed.mkdir(exist_ok=True)

    def _newest(self) -> Path:
        pointer = self._flushed / "newest"
        return self._flushed / (pointer.read_text() if pointer.exists() else "none")

    def watch(self) -> None:
        fsync = os.fsync

        def watched(fd: Any) -> None:
            fsync(fd)
            if os.path.samestat(os.fstat(fd), self.spool.stat()):
                self._keep()
            else:
                os.fchmod(fd, 0o700)  # its content is safe; a mark that outlives this process

        os.fsync = watched

    def _keep(self) -> None:
        before = self._newest()
        new = self._flushed / secrets.token_hex(4)
        new.mkdir()
        for path in self.spool.iterdir():
            if path.stat().st_mode & 0o100:
                os.link(path, new / path.name)
            else:
                (new / path.name).touch()  # its name is there, its content is not
        put(self._flushed / "newest", new.name.encode())
        shutil.rmtree(before, ignore_errors=True)

    def lose_power(self, chance: random.Random) -> None:
        """Flushed files remain, but for some of those whose removal had reached the disk all the same."""
        if not self.spool.exists():
            return
        there = {path.name for path in self.spool.iterdir()}
        shutil.rmtree(self.spool)
        self.spool.mkdir()
        for path in sorted(self._newest().iterdir()) if self._newest().exists() else ():
            if path.name in there or chance.random() < 0.5:
                shutil.copy(path, self.spool / path.name)


class Outside:
    """The server's values, and the workers' database."""

    def __init__(self, folder: Path) -> None:
        self._acknowledged, self.database = folder / "acknowledged", folder / "database"
        self.database.mkdir(exist_ok=True)

    def acknowledged(self) -> int:
        return int(self._acknowledged.read_bytes()) if self._acknowledged.exists() else 0

    def acknowledge(self, value: int) -> None:
        put(self._acknowledged, str(value).encode())

    async def publish(self, sequence: int, content: bytes) -> None:
        values = batches.decode(content).value.tolist()
        path = self.database / f"{sequence}.json"
        if path.exists() and json.loads(path.read_bytes()) != values:
            (self.database / "conflict").touch()
        put(path, json.dumps(values).encode())

    async def committed(self, sequences: list[int]) -> set[int]:
        return {sequence for sequence in sequences if (self.database / f"{sequence}.json").exists()}


async def live(folder: Path, values: int) -> None:
    """Take what the server has not been acknowledged, until all of it is in the database."""
    outside = Outside(folder)
    spool = spooling.Spool(folder / "spool", "L1")
    delivery = delivering.Delivery(spool, outside.publish, outside.committed)
    for sequence in spool.sequences():
        delivery.add(sequence)
    collector = collecting.Collector(spool, delivery, spool.highest + 1)
    tasks = [asyncio.create_task(each) for each in (collector.run(), delivery.run())]
    waiting: list[asyncio.Task[None]] = []

    async def acknowledge(value: int, ticket: int) -> None:
        await collector.wait_durable(ticket)
        outside.acknowledge(value)

    for value in range(outside.acknowledged() + 1, values + 1):
        ticket = collector.add([1], [value], [float(value)], [0])
        waiting.append(asyncio.create_task(acknowledge(value, ticket)))
        await asyncio.sleep(0.0005)
    await asyncio.gather(*waiting)
    while delivery.backlog:
        await asyncio.sleep(0.005)
    for task in tasks:
        task.cancel()


def die_after(lines: int) -> None:
    left = lines

    def local(_frame: FrameType, event: str, _argument: Any) -> Callable[..., Any]:
        nonlocal left
        left -= event == "line"
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return local

    def trace(frame: FrameType, _event: str, _argument: Any) -> Callable[..., Any] | None:
        return local if frame.f_code.co_filename in TRACED else None

    threading.settrace(trace)
    sys.settrace(trace)


def main(folder: Path, seed: int, values: int) -> None:
    chance = random.Random(seed)
    collecting.FLUSH_S, collecting.BEHIND_FLUSH_S = 0.004, {}
    collecting.HEARTBEAT_S = 0.05
    delivering.POLL_S = delivering.BUSY_POLL_S = delivering.RESEND_AFTER_S = 0.004
    disk = Disk(folder)
    deaths = cuts = 0
    while True:
        lines = chance.randrange(MOST_LINES)
        child = os.fork()
        if child == 0:
            disk.watch()
            die_after(lines)
            asyncio.run(live(folder, values))
            os._exit(0)
        if os.waitpid(child, 0)[1] == 0:
            break
        deaths += 1
        if chance.random() < 0.3:
            disk.lose_power(chance)
            cuts += 1
    print(json.dumps({"deaths": deaths, "power_cuts": cuts}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
