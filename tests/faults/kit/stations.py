"""Stations whose values are known: `python -m tests.faults.kit.stations CONFIG` serves them until it is killed.

Each station has one measurement, a running number, and the counter of all it gave. Numbers and counters go on where
the truth file ends, as in a controller with retentive memory; so does the history, where the server keeps one.
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import asyncua
import opcua

from lines.simulator.asyncua_server import AsyncuaServer
from lines.simulator.clock import as_datetime
from lines.simulator.nodes import NodeSpec
from lines.simulator.opcua_server import OpcuaServer
from mes.embedded import die_with_parent
from tests.faults.kit import truth

# asyncua's annotations ask for its own wrappers around str, int and datetime, which it does not need.
new_ua: Any = asyncua.ua
old_ua: Any = opcua.ua

VALUE, COUNTER = "Telemetry/Value", "Status/TelemetryCount"


@dataclass(frozen=True)
class Config:
    """One server. `stations` maps a station's code to its signal's id."""

    make: str
    port: int
    stations: dict[str, int]
    rate_hz: float
    historises: bool
    truth: str
    # Holds what is added to the clock of the stations, in seconds; read before each round.
    clock: str

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> "Config":
        return cls(**json.loads(path.read_text()))


Row = tuple[str, float, float]  # path, value, source time


class HistorisingAsyncua(AsyncuaServer):
    """Each write of a value is in the library's own history, and `before` from the first client on."""

    before: Iterable[Row] = ()

    async def _listen(self) -> None:
        for node in self._ids.values():
            await self._server.iserver.history_manager.storage.new_historized_node(node, None)
            await self._server.get_node(node).set_attr_bit(
                new_ua.AttributeIds.AccessLevel, new_ua.AccessLevel.HistoryRead
            )
        for row in self.before:
            await self.remember(*row)
        await super()._listen()

    async def remember(self, path: str, value: Any, source_time: float) -> None:
        kind, _ = self._kinds[path]
        data = new_ua.DataValue(new_ua.Variant(value, kind), SourceTimestamp=as_datetime(source_time))
        await self._server.iserver.history_manager.storage.save_node_value(self._ids[path], data)


class HistorisingOpcua(OpcuaServer):
    """Each write of a value is in the library's own history, and `before` from the first client on."""

    before: Iterable[Row] = ()

    def _listen(self) -> None:
        for node in self._ids.values():
            self._server.iserver.history_manager.storage.new_historized_node(node, None)
            self._server.get_node(node).set_attr_bit(old_ua.AttributeIds.AccessLevel, old_ua.AccessLevel.HistoryRead)
        for row in self.before:
            self._remember(*row)
        super()._listen()

    async def remember(self, path: str, value: Any, source_time: float) -> None:
        self._remember(path, value, source_time)

    def _remember(self, path: str, value: Any, source_time: float) -> None:
        data = old_ua.DataValue(old_ua.Variant(value, self._kinds[path][0]))
        data.SourceTimestamp = as_datetime(source_time).replace(tzinfo=None)
        self._server.iserver.history_manager.storage.save_node_value(self._ids[path], data)


MAKES: dict[str, Any] = {"asyncua": HistorisingAsyncua, "opcua": HistorisingOpcua}


class Stations:
    """Gives every station's next value at the rate asked for."""

    def __init__(self, config: Config) -> None:
        self._config = config
        specs = [
            NodeSpec(f"{code}/{name}", kind)
            for code in config.stations
            for name, kind in ((VALUE, "Double"), (COUNTER, "UInt32"))
        ]
        self._server = MAKES[config.make](config.make, config.port, specs)
        self._before = truth.read([Path(config.truth)])
        self._writer = truth.Writer(Path(config.truth))
        self._given = {code: self._last(signal_id) for code, signal_id in config.stations.items()}

    def _last(self, signal_id: int) -> int:
        numbers = self._before["number"][self._before["signal_id"] == signal_id]
        return int(numbers.max()) if len(numbers) else 0

    async def run(self) -> None:
        if self._config.historises:
            # Whoever asks a server that still reads its history from its disk gets a part of it, and cannot know.
            self._server.before = self._history()
        await self._server.start()
        due = time.monotonic()
        while True:
            await self._give()
            due += 1 / self._config.rate_hz
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    def _history(self) -> Iterator[Row]:
        codes = {signal_id: code for code, signal_id in self._config.stations.items()}
        for signal_id, number, source_time_us, _ in self._before.tolist():
            yield f"{codes[signal_id]}/{VALUE}", float(number), source_time_us / 1e6
            yield f"{codes[signal_id]}/{COUNTER}", number, source_time_us / 1e6

    async def _remember(self, code: str, number: int, at: float) -> None:
        await self._server.remember(f"{code}/{VALUE}", float(number), at)
        await self._server.remember(f"{code}/{COUNTER}", number, at)

    async def _give(self) -> None:
        now_us = time.time_ns() // 1000
        source_time_us = (now_us + self._shift_us()) // 1000 * 1000  # no server rounds a millisecond
        for code in self._given:
            self._given[code] += 1
        self._writer.add([
            (self._config.stations[code], number, source_time_us, now_us) for code, number in self._given.items()
        ])  # fmt: skip
        at = source_time_us / 1e6
        for code, number in self._given.items():
            # First into the history: who reads it because he saw the value must find it there.
            if self._config.historises:
                await self._remember(code, number, at)
            await self._server.write(f"{code}/{VALUE}", float(number), at)
            await self._server.write(f"{code}/{COUNTER}", number, at)

    def _shift_us(self) -> int:
        try:
            return int(float(Path(self._config.clock).read_text()) * 1e6)
        except (OSError, ValueError):
            return 0


def main() -> None:
    die_with_parent(signal.SIGKILL)
    config = Config.read(Path(sys.argv[1]))
    print(f"{config.make} {os.getpid()} {config.port}", flush=True)
    asyncio.run(Stations(config).run())


if __name__ == "__main__":
    main()
