"""A run of the simulator against the MES stub, all in one event loop, and the truth it left."""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lines.simulator.running import Options, Simulator
from tests.lines.simulator.mes_stub import GatewayStub, MesStub

LONGEST_S = 150.0


@dataclass
class Run:
    folder: Path
    plant: Path
    mes: MesStub
    values: dict[str, int] = field(default_factory=dict)  # telemetry notifications by path, over all runs
    stamps: list[float] = field(default_factory=list)
    stopped_in_s: float = 0.0

    @property
    def truth(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "truth.jsonl").read_text().splitlines()]

    def options(self, **changes: Any) -> Options:
        return Options(
            plant=self.plant,
            api=self.mes.url,
            tokens={station: f"{station}-token" for station in self.mes.plant.stations},
            truth=self.folder / "truth.jsonl",
            endpoints=self.folder / "endpoints.json",
            **{"seed": 7, "days_back": 3.0, "cells_per_day": 1000.0, "wait_for_client_s": 60.0, **changes},
        )

    async def until(
        self, done: Callable[[MesStub], bool], during: Callable[[Simulator], None] = lambda _: None, **changes: Any
    ) -> None:
        """Run until `done`, then stop as Ctrl-C does. `during` is called every 50 ms."""
        await self.mes.start()
        options = self.options(**changes)
        options.endpoints.unlink(missing_ok=True)
        simulator = Simulator(options)
        task = asyncio.create_task(simulator.run())
        while not options.endpoints.exists() and not task.done():
            await asyncio.sleep(0.05)
        gateway = GatewayStub(self.mes, json.loads(options.endpoints.read_text()))
        await gateway.start()
        deadline = time.monotonic() + LONGEST_S
        try:
            while not done(self.mes) and not task.done() and time.monotonic() < deadline:
                during(simulator)
                await asyncio.sleep(0.05)
            assert not task.done(), task.exception()
            assert done(self.mes), "not done in time"
        finally:
            began = time.monotonic()
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            self.stopped_in_s = time.monotonic() - began
            await gateway.stop()
            await self.mes.stop()
        for path, count in gateway.values.items():
            self.values[path] = self.values.get(path, 0) + count
        self.stamps += gateway.stamps


def products_with_a_pack(mes: MesStub) -> set[str]:
    """Products of which a pack passed its end-of-line test."""
    return {
        mes._route(body["serial"])[0].product.code
        for _, _, body in mes.posts
        if body["operation"] == "EOL" and body["outcome"] == "PASS"
    }
