"""A station as it stands on the floor: its link, its outbox, its PackML state and counters."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from lines.plant.files import StationFile
from lines.simulator.clock import SimulatedClock, iso
from lines.simulator.handling import Handling, scan
from lines.simulator.links import Body, Link, PermitAnswer, Question, ResultAnswer
from lines.simulator.servers import StationServer
from lines.simulator.units import MountedLot
from lines.states.packml import PackMLState

RACKS = 8  # places for trays in a formation tower or grading cabinet, in layers of four


@dataclass(slots=True)
class Sent:
    """A result on its way to the MES; one without a key is a lot that was mounted."""

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
        handling: Handling,
        *,
        boot_id: str,
        offset_s: float = 0.0,
    ) -> None:
        self.station = station
        self.code = station.code
        self.link = link
        self.server = server
        self.clock = clock
        self.handling = handling
        self.boot_id = boot_id
        link.restore(boot_id, 0)
        self.offset_s = offset_s  # of its own clock against the plant's
        self.sequence = 0
        self.state = PackMLState.IDLE
        self.reason = ""
        self.busy = 0
        self.idle_since = clock.now()
        self.processed = 0
        self.defective = 0
        self.given = 0  # values its server got, of those that the station counts
        self.next_stop = 0.0
        self.recipes: dict[tuple[str, str], str] = {}  # by product and operation, as the MES named them last
        self.offline_until = 0.0  # plant time; until then the MES does not answer
        self.made_offline = 0  # units let in during this outage
        self.infeed = asyncio.Semaphore(2)  # questions about entry at a time
        self.benches: dict[str, asyncio.Lock] = {}
        self.feeding = asyncio.Lock()  # held while a wrong lot is mounted on purpose
        self.free_racks = deque(range(1, RACKS + 1))
        self.outbox: deque[Sent] = deque()
        self._answered: deque[Sent] = deque(maxlen=64)
        self._asked: dict[int, float] = {}
        self._something = asyncio.Event()
        self._rack_freed = asyncio.Event()

    # The machine's own time

    def stamp(self, t: float) -> float:
        """What this machine's clock shows at plant time t."""
        return t + self.offset_s

    def iso(self, t: float) -> str:
        return iso(self.stamp(t))

    @staticmethod
    def clock_iso(stamp: float) -> str:
        """A time that is the machine's own already."""
        return iso(stamp)

    # Speaking to the MES

    async def permits(
        self, serials: list[str], operation: str, *, recipe: str = "", operator: str = "", at: float | None = None
    ) -> list[PermitAnswer]:
        """`at`: plant time of the question; now if not given."""
        source_time = self.stamp(self.clock.now() if at is None else at)
        question = Question(serials, operation, source_time, recipe, operator)
        token = id(question)
        self._asked[token] = time.monotonic()
        try:
            return await self.link.permits(question)
        finally:
            del self._asked[token]

    @property
    def is_offline(self) -> bool:
        return self.clock.now() < self.offline_until

    def next_key(self) -> str:
        self.sequence += 1
        return f"{self.code}:{self.boot_id}:R:{self.sequence}"

    def send(self, key: str, body: Body) -> asyncio.Future[list[ResultAnswer]]:
        sent = Sent(key, body, asyncio.get_running_loop().create_future())
        self.outbox.append(sent)
        self._something.set()
        return sent.answer

    def mount(self, feed_point: str, lot: MountedLot, operator: str, at: float) -> asyncio.Future[list[ResultAnswer]]:
        """Told in order with the results, so that each of those finds what was mounted when it was made."""
        return self.send("", scan(feed_point, lot, self.iso(at), operator))

    def awaited(self, key: str) -> asyncio.Future[list[ResultAnswer]]:
        """The answer to a result that was sent before. It is saved as long as a unit waits for it."""
        return next(sent.answer for sent in self.outbox if sent.key == key)

    async def take_rack(self) -> int:
        """A rack for a tray, in turns, so that every layer is used."""
        while not self.free_racks:
            self._rack_freed.clear()
            await self._rack_freed.wait()
        return self.free_racks.popleft()

    def hold_rack(self, rack: int) -> None:
        """A tray stands in it since before a restart."""
        if rack in self.free_racks:
            self.free_racks.remove(rack)

    def give_rack(self, rack: int) -> None:
        self.free_racks.append(rack)
        self._rack_freed.set()

    async def run_outbox(self) -> None:
        while True:
            while not self.outbox:
                self._something.clear()
                await self._something.wait()
            if self.is_offline:
                await self.clock.sleep_until(self.offline_until)
                for sent in self.outbox:
                    sent.queued_at = time.monotonic()
            first = self.outbox[0]
            answers: list[ResultAnswer] = []
            if first.key:
                answers = await self.link.post(first.key, first.body)
            else:
                await self.handling.mount(self.code, first.body)
            self._answered.append(self.outbox.popleft())
            if not first.answer.done():
                first.answer.set_result(answers)

    @property
    def waits_since_s(self) -> float:
        """How long the oldest question to the MES is open, in real seconds; 0 when none is, or nobody would hear it."""
        waiting = [] if self.is_offline else list(self.outbox)[:1]
        opened = [*self._asked.values(), *(sent.queued_at for sent in waiting)]
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

    def as_json(self, open_keys: set[str]) -> dict[str, Any]:
        """`open_keys`: results whose answer no unit has heard yet, though it may have come; sent again, they get it."""
        unheard = [sent for sent in self._answered if sent.key in open_keys]
        return {
            "boot_id": self.boot_id,
            "sequence": self.sequence,
            "permit_sequence": self.link.permit_sequence,
            "processed": self.processed,
            "defective": self.defective,
            "given": self.given,
            "outbox": [[sent.key, sent.body] for sent in [*unheard, *self.outbox]],
        }

    def restore(self, saved: dict[str, Any], skip: int = 0) -> None:
        self.boot_id = saved["boot_id"]
        self.sequence = saved["sequence"] + skip
        self.link.restore(saved["boot_id"], saved["permit_sequence"] + skip)
        self.processed, self.defective, self.given = saved["processed"], saved["defective"], saved.get("given", 0)
        for key, body in saved["outbox"]:
            self.send(key, body)

    def drop_unknown(self, keys: set[str]) -> None:
        """Forget open results of units that are no longer ours; the MES may have them or not."""
        for sent in [sent for sent in self.outbox if sent.key not in keys]:
            self.outbox.remove(sent)
