"""Servers of three makes behind proxies, a gateway in this process without broker and database, and what became of the
values: read from the spool, where nothing leaves."""

import asyncio
import json
import shutil
import subprocess
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from lines.opcua.collector import Collector
from lines.opcua.delivery import Delivery
from lines.opcua.handshake import Poster
from lines.opcua.queries import Followed, Server
from lines.opcua.remembering import Memory
from lines.opcua.sessions import Session
from lines.opcua.spool import Spool
from lines.simulator.asyncua_server import AsyncuaServer
from lines.simulator.nodes import NAMESPACE, NodeSpec
from lines.simulator.opcua_server import OpcuaServer
from lines.telemetry import batches
from mes.embedded import free_port
from tests.faults.kit.proxy import Proxy

HERE = Path(__file__).parent
SIGNALS = 5
PERIOD_S = 0.1

Value = tuple[int, int, float, int]  # signal, source time in microseconds, value, status


def node_modules() -> Path:
    """What package-lock.json names; installed where it is not yet. Skips where there is no npm."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are not installed")
    installed, wanted = HERE / "node_modules" / ".package-lock.json", HERE / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < wanted.stat().st_mtime:
        subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=HERE, check=True, timeout=300)
    return HERE / "node_modules"


class NodeServer:
    """A node-opcua server in a process of its own."""

    def __init__(self, folder: Path, port: int, paths: list[str]) -> None:
        node_modules()
        self._command = ["node", "server.js", str(port), str(folder), NAMESPACE, *paths]
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(*self._command, cwd=HERE, stdin=pipe, stdout=pipe)
        assert self._process.stdout is not None
        said = b""
        while not said.endswith(b"ready\n"):  # it also says what it thinks of Node's version
            line = await asyncio.wait_for(self._process.stdout.readline(), 60)
            said += line
            assert line, said

    async def write(self, path: str, value: float, source_time: float, status: int = 0) -> None:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(json.dumps([[path, value, round(source_time * 1000), status]]).encode() + b"\n")
        await self._process.stdin.drain()

    async def stop(self) -> None:
        assert self._process is not None
        self._process.kill()
        await self._process.wait()


class Station:
    """A server with one station, whose values are written down as they are given."""

    def __init__(self, make: str, number: int, folder: Path, *, historises: bool = False) -> None:
        self.make, self.historises = make, historises
        self._first = number * SIGNALS + 1
        self._paths = [f"S/Telemetry/Value{n}" for n in range(SIGNALS)]
        self._port, self._folder = free_port(), folder / make
        self.publishing_ms, self.queue_size = 250, 2000
        self.server: Any = self._new_server()
        self.proxy = Proxy(self._port)
        self.given: set[Value] = set()
        self._n = 0

    def _new_server(self) -> Any:
        if self.make == "node-opcua":
            return NodeServer(self._folder, self._port, self._paths)
        make = {"asyncua": AsyncuaServer, "python-opcua": OpcuaServer}[self.make]
        return make(self.make, self._port, [NodeSpec(path, "Double") for path in self._paths])

    async def restart(self) -> None:
        """Nothing of what it held is left."""
        await self.server.stop()
        self.server = self._new_server()
        await self.start()

    async def start(self) -> None:
        await self.server.start()
        # python-opcua's history can't be read while it holds a value without a time.
        await self.give()
        if not self.historises:
            return
        own = self.server._server
        for path in self._paths:
            node = own.get_node(self.server._ids[path])
            if self.make == "asyncua":
                await own.historize_node_data_change(node, None, 0)
            else:
                own.historize_node_data_change(node, None, 0)

    @property
    def plan(self) -> Server:
        variables = [
            Followed("S", path, is_measurement=True, signal_ids=(self._first + n,), queue_size=self.queue_size)
            for n, path in enumerate(self._paths)
        ]
        url = f"opc.tcp://127.0.0.1:{self.proxy.port}"
        return Server(
            *(self.make, url, True, tuple(variables), ()), publishing_ms=self.publishing_ms, historises=self.historises
        )

    async def give(self) -> None:
        at, self._n = round(time.time(), 3), self._n + 1
        status = 0x40000000 if self._n % 10 == 0 else 0
        for n, path in enumerate(self._paths):
            await self.server.write(path, self._n + 0.5, at, status)
            self.given.add((self._first + n, round(at * 1_000_000), self._n + 0.5, status))

    async def stop(self) -> None:
        await self.server.stop()
        await asyncio.to_thread(self.proxy.close)


class Rig:
    """All of it in the loop that runs; `async with`."""

    def __init__(self, folder: Path, *stations: Station) -> None:
        self.stations = stations
        self._folder = folder / "spool"
        self._tasks: list[asyncio.Task[Any]] = []
        self._writing: asyncio.Task[None] | None = None
        self._collector: Collector | None = None
        self._may_come_again: set[Value] = set()

    async def __aenter__(self) -> "Rig":
        for station in self.stations:
            await station.start()
        self.start_gateway()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._writing is not None:
            self._writing.cancel()
        await self.kill_gateway()
        for station in self.stations:
            with suppress(Exception):
                await station.stop()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()  # asyncua leaves the loops of its sessions behind
        await asyncio.sleep(0.05)

    def start_gateway(self) -> None:
        async def nothing(*_: Any) -> None: ...

        async def none(*_: Any) -> set[int]:
            return set()

        stations = {station.make: station for station in self.stations}

        async def load(code: str) -> Server:
            return stations[code].plan

        spool = Spool(self._folder, "L1", 10**9)
        self._collector = Collector(spool, Delivery(spool, nothing, none, nothing), spool.highest + 1, list(stations))
        memory = Memory(self._folder / "sessions")
        self._may_come_again |= self._not_noted(memory)
        poster = Poster("http://127.0.0.1:1", self._folder / "tokens")
        sessions = [Session(code, load, self._collector, poster, memory) for code in stations]
        runs = [self._collector.run(), *[session.run() for session in sessions]]
        self._tasks = [asyncio.create_task(run) for run in runs]

    async def kill_gateway(self) -> None:
        """Without a last flush: what is not on the disk is gone."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def _not_noted(self, memory: Memory) -> set[Value]:
        """What a killed gateway had spooled, but not noted as safe yet: the server tells it again, and it is for the
        database to drop it (tests/faults)."""
        noted: dict[int, int] = {}
        for station in self.stations:
            position = memory.position(station.make)
            if position is not None:
                noted |= dict(zip(position.last.signal_id.tolist(), position.last.source_time_us.tolist(), strict=True))
        return {row for row in self.rows() if row[1] > noted.get(row[0], 0)}

    def forget_sessions(self) -> None:
        """Of what the gateway remembers, the tokens: as if the servers had ended the sessions alone."""
        for path in (self._folder / "sessions").glob("*.json"):
            path.write_text(json.dumps(json.loads(path.read_text()) | {"token": "020000ff7f0000"}))

    def write(self) -> None:
        """All stations at 10 Hz, until `settle`."""

        async def write() -> None:
            due = time.monotonic()
            while True:
                for station in self.stations:
                    await station.give()
                due += PERIOD_S
                await asyncio.sleep(max(0.0, due - time.monotonic()))

        self._writing = asyncio.create_task(write())

    def rows(self) -> list[Value]:
        rows: list[Value] = []
        for path in sorted(self._folder.glob("*.arrow")):
            batch = batches.decode(path.read_bytes())
            columns = (batch.signal_id, batch.source_time_us, batch.value, batch.status)
            rows += zip(*(column.tolist() for column in columns), strict=True)
        return rows

    def notes(self, kind: str) -> list[dict[str, Any]]:
        paths = sorted(self._folder.glob("*.arrow"))
        notes = [note for path in paths for note in batches.decode(path.read_bytes()).notes]
        return [note for note in notes if note["kind"] == kind]

    def recovered(self) -> Counter[tuple[str, str, str]]:
        """Server, cause and how recovered, of all breaks that are over."""
        over = [note for note in self.notes("break") if note["state"] == "CLOSED"]
        return Counter((note["server"], note["cause"], note["recovered"]) for note in over)

    async def wait(self, what: Any, timeout_s: float = 40.0) -> None:
        deadline = time.monotonic() + timeout_s
        while not what():
            assert time.monotonic() < deadline, (self.recovered(), self.missing())
            await asyncio.sleep(0.1)

    async def wait_followed(self) -> None:
        """Until each station's values arrive."""
        await self.wait(lambda: not self.missing())

    def missing(self) -> dict[str, int]:
        rows = set(self.rows())
        return {each.make: len(each.given - rows) for each in self.stations if each.given - rows}

    async def settle(self) -> None:
        """End writing; everything given must have arrived, and once but for what a kill left not noted."""
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None
        await self.wait(lambda: not self.missing())
        rows = Counter(self.rows())
        assert set(rows) == {value for station in self.stations for value in station.given}
        doubled = {value: count for value, count in rows.items() if count > 1}
        wrong = {value: count for value, count in doubled.items() if value not in self._may_come_again}
        assert not wrong, wrong
