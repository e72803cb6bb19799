"""A station as it stands on the floor: its link, its outbox, its PackML state and counters."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from lines.plant.files import StationFile
from lines.simulator.clock import SimulatedClock, iso
from lines.simulator.links import Body, Link, PermitAnswer, ResultAnswer
from lines.simulator.servers import StationServer
from lines.states.packml import PackMLState

RACKS = 32  # places for trays in an oven, a tower or a room


@dataclass(slots=True)
class Sent:
    """A result on its way to the MES."""

    key: str
    body: Body
    answer: asyncio.Future[list[ResultAnswer]]
    queued_at: float = field(default_factory=time.monotonic)


class Machine:
    """One station. What it produced waits in an outbox and is sent in order, one at a time, until it is answered."""

    def __init__(
        self,
        station: StationFile,
        link: Link,
        server: StationServer,
        clock: SimulatedClock,
        boot_id: str,
        offset_s: float = 0.0,
    ) -> None:
        self.station = station
        self.code = station.code
        self.link = link
        self.server = server
        self.clock = clock
        self.boot_id = boot_id
        self.offset_s = offset_s  # of its own clock against the plant's
        self.sequence = 0
        self.state = PackMLState.IDLE
        self.reason = ""
        self.busy = 0
        self.idle_since = clock.now()
        self.processed = 0
        self.defective = 0
        self.next_stop = 0.0
        self.benches: dict[str, asyncio.Lock] = {}
        self.free_racks = list(range(RACKS, 0, -1))
        self.rack_freed = asyncio.Event()
        self.outbox: deque[Sent] = deque()
        self._asked: dict[int, float] = {}
        self._something = asyncio.Event()

    # The machine's own time

    def stamp(self, t: float) -> float:
        """What this machine's clock shows at plant time t."""
        return t + self.offset_s

    def iso(self, t: float) -> str:
        return iso(self.stamp(t))

    # Speaking to the MES

    async def permits(self, serials: list[str], operation: str) -> list[PermitAnswer]:
        token = id(serials)
        self._asked[token] = time.monotonic()
        try:
            return await self.link.permits(serials, operation)
        finally:
            del self._asked[token]

    def next_key(self) -> str:
        self.sequence += 1
        return f"{self.code}:{self.boot_id}:R:{self.sequence}"

    def send(self, key: str, body: Body) -> asyncio.Future[list[ResultAnswer]]:
        sent = Sent(key, body, asyncio.get_running_loop().create_future())
        self.outbox.append(sent)
        self._something.set()
        return sent.answer

    def awaited(self, key: str) -> asyncio.Future[list[ResultAnswer]] | None:
        return next((sent.answer for sent in self.outbox if sent.key == key), None)

    async def run_outbox(self) -> None:
        while True:
            while not self.outbox:
                self._something.clear()
                await self._something.wait()
            first = self.outbox[0]
            answers = await self.link.post(first.key, first.body)
            self.outbox.popleft()
            if not first.answer.done():
                first.answer.set_result(answers)

    @property
    def waits_since_s(self) -> float:
        """How long the oldest question to the MES is open, in real seconds; 0 when none is."""
        opened = [*self._asked.values(), *(sent.queued_at for sent in list(self.outbox)[:1])]
        return time.monotonic() - min(opened) if opened else 0.0

    # What its panel shows

    async def begin(self, t: float) -> None:
        self.busy += 1
        await self.show(PackMLState.EXECUTE, "", t)

    async def end(self, t: float, processed: int, defective: int) -> None:
        self.busy -= 1
        self.idle_since = t
        self.processed += processed
        self.defective += defective

    async def show(self, state: PackMLState, reason: str, t: float) -> None:
        if reason != self.reason:
            self.reason = reason
            await self.server.write(f"{self.code}/Status/StateReason", reason, self.stamp(t))
        if state != self.state:
            self.state = state
            await self.server.write(f"{self.code}/Status/StateCurrent", int(state), self.stamp(t))

    # What survives a restart

    def as_json(self) -> dict[str, Any]:
        return {
            "boot_id": self.boot_id,
            "sequence": self.sequence,
            "permit_sequence": getattr(self.link, "permit_sequence", 0),
            "processed": self.processed,
            "defective": self.defective,
            "outbox": [[sent.key, sent.body] for sent in self.outbox],
        }

    def restore(self, saved: dict[str, Any], skip: int = 0) -> None:
        self.sequence = saved["sequence"] + skip
        if hasattr(self.link, "permit_sequence"):
            self.link.permit_sequence = saved["permit_sequence"] + skip
        self.processed, self.defective = saved["processed"], saved["defective"]
        for key, body in saved["outbox"]:
            self.send(key, body)
