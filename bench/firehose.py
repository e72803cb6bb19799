"""An OPC UA server that answers each publish request with values encoded beforehand: `python -m bench.firehose`.

Sessions, browsing, subscriptions and monitored items are asyncua's own server; only PublishRequests are taken out of
its hands, so that the server is not what limits the run. A client must monitor every variable before anything is sent;
what it then gets is each value once, in order, by as many publish requests as it keeps waiting, or at a pace.

Standard input is a JSON object with the fields of `Hose`. It prints a line of JSON when it listens, when it begins to
send and when all has been sent.
"""

import asyncio
import contextlib
import json
import struct
import sys
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

import asyncua
import numpy as np
from asyncua.server import binary_server_asyncio
from asyncua.server.uaprocessor import UaProcessor
from asyncua.ua.ua_binary import nodeid_from_binary, struct_from_binary
from numpy.typing import NDArray

from lines.simulator.asyncua_server import AsyncuaServer
from lines.simulator.nodes import NodeSpec

# As in lines.simulator: asyncua's annotations ask for its own wrappers around str and int.
ua: Any = asyncua.ua

# 100 ns between 1601, where OPC UA counts from, and 1970.
EPOCH_TICKS = 116_444_736_000_000_000
PERIOD_US = 100_000  # from one value of a signal to its next
KEEP_ALIVE_S = 1.0
MOST_HELD = 1_000

_ITEM = np.dtype(
    [
        *[("handle", "<u4"), ("mask", "u1"), ("encoding", "u1"), ("value", "<f8"), ("status", "<u4")],
        *[("source_time", "<i8"), ("server_time", "<i8")],
    ]
)
_MASK = 0b1111  # value, status, source time, server time
_DOUBLE = 11
_HEAD = struct.Struct("<IqIIBi3sI")
_MESSAGE = struct.Struct("<BIqi")
_NOTIFICATION = struct.Struct("<IBii")
_PUBLISH_RESPONSE = 829 << 16 | 1
_DATA_CHANGE = 811 << 16 | 1
_PUBLISH = ua.NodeId(ua.ObjectIds.PublishRequest_Encoding_DefaultBinary)
_CREATE_ITEMS = ua.NodeId(ua.ObjectIds.CreateMonitoredItemsRequest_Encoding_DefaultBinary)


@dataclass(frozen=True)
class Hose:
    """What is sent: `samples` in all, `values` to a notification, round the variables by turns."""

    port: int
    paths: list[str]
    decimals: list[int]
    samples: int
    values: int
    per_s: int = 0  # samples a second; 0: as fast as the client takes them
    last_us: int = 0  # source time of the last value; 0: now

    def items(self, handles: NDArray[np.uint32]) -> NDArray[Any]:
        """(samples,) all of them as they stand in the notifications; `handles` in the order of the variables."""
        count = len(self.paths)
        rounds = -(-self.samples // count)
        rng = np.random.default_rng(1)
        # A sensor's value wanders slowly and is told at the sensor's resolution.
        steps = np.cumsum(rng.normal(0, 2, (rounds, count)), axis=0)
        scale = 10.0 ** -np.array(self.decimals)
        values = np.round(1000 + steps) * scale
        last_us = self.last_us or time.time_ns() // 1000
        # Variables of one server are not sampled in the same microsecond.
        times_us = last_us - PERIOD_US * np.arange(rounds)[::-1, np.newaxis] - np.arange(count)[::-1] * 7
        made = np.zeros(self.samples, _ITEM)
        made["handle"] = np.resize(handles, self.samples)
        made["mask"], made["encoding"] = _MASK, _DOUBLE
        made["value"] = values.ravel()[: self.samples]
        made["source_time"] = times_us.ravel()[: self.samples] * 10 + EPOCH_TICKS
        made["server_time"] = made["source_time"] + 20
        return made


class Sending:
    """The one subscription of the run, over whatever connections it comes."""

    def __init__(self, hose: Hose) -> None:
        self.hose = hose
        self._handles: dict[str, int] = {}
        self._subscription = 0
        self._waiting: deque[tuple[Any, int, int, int]] = deque()
        self._items: NDArray[Any] | None = None
        self._next = 0
        self._sequence = 0
        self._held: deque[int] = deque()
        self._told_at = time.monotonic()
        self.started_at = self.ended_at = 0.0
        self.total = 0.0  # of all values
        self.done = asyncio.Event()

    def monitored(self, request: Any) -> None:
        wanted = set(self.hose.paths)
        for item in request.ItemsToCreate:
            path = item.ItemToMonitor.NodeId.Identifier
            if path in wanted:
                self._subscription = request.SubscriptionId
                self._handles[path] = item.RequestedParameters.ClientHandle

    def asked(self, processor: UaProcessor, handle: int, request_id: int, acknowledged: int) -> None:
        for _ in range(min(acknowledged, len(self._held))):
            self._held.popleft()
        self._waiting.append((processor, handle, request_id, acknowledged))
        if len(self._handles) == len(self.hose.paths) and self._items is None:
            self._items = self.hose.items(np.array([self._handles[path] for path in self.hose.paths], np.uint32))
            self.total = float(self._items["value"].sum())
            self.started_at = time.time()
            print(json.dumps({"started_at": self.started_at}), flush=True)
        if not self.hose.per_s:
            self._send_due()

    def _send_due(self) -> None:
        if self._items is None:
            return
        due = self.hose.samples
        if self.hose.per_s:
            due = min(due, int((time.time() - self.started_at) * self.hose.per_s))
        while self._waiting and self._next < due and (self._next + self.hose.values <= due or due == self.hose.samples):
            part = self._items[self._next : self._next + self.hose.values]
            self._next += len(part)
            self._answer(part)
        if self._next >= self.hose.samples and not self.done.is_set():
            self.ended_at = time.time()
            self.done.set()

    async def run(self) -> None:
        """What does not go out at once: values at a pace, and keep-alives when there are none."""
        while True:
            await asyncio.sleep(0.002 if self.hose.per_s and not self.done.is_set() else 0.1)
            self._send_due()
            if self._waiting and time.monotonic() - self._told_at > KEEP_ALIVE_S:
                self._answer(None)

    def _answer(self, part: NDArray[Any] | None) -> None:
        processor, handle, request_id, acknowledged = self._waiting.popleft()
        now = time.time_ns() // 100 + EPOCH_TICKS
        sequence = self._sequence + 1
        if part is not None:
            self._sequence = sequence
            self._held.append(sequence)
            while len(self._held) > MOST_HELD:
                self._held.popleft()
        parts = [
            _HEAD.pack(_PUBLISH_RESPONSE, now, handle, 0, 0, -1, b"\0\0\0", self._subscription),
            struct.pack(f"<i{len(self._held)}I", len(self._held), *self._held),
            _MESSAGE.pack(0, sequence, now, 0 if part is None else 1),
        ]
        if part is not None:
            length = 4 + part.nbytes + 4
            parts += [_NOTIFICATION.pack(_DATA_CHANGE, 1, length, len(part)), part.tobytes(), struct.pack("<i", -1)]
        parts.append(struct.pack(f"<i{acknowledged}Ii", acknowledged, *[0] * acknowledged, -1))
        connection = processor._connection
        with contextlib.suppress(Exception):  # the client has gone: it gets the rest by its next connection
            processor._transport.write(connection.message_to_binary(b"".join(parts), request_id=request_id))
        self._told_at = time.monotonic()


class _Processor(UaProcessor):
    """asyncua's server, but for publish requests."""

    sending: Sending

    async def process_message(self, seqhdr: Any, body: Any) -> Any:
        copy = body.copy()
        kind = nodeid_from_binary(copy)
        if kind == _PUBLISH:
            header = struct_from_binary(ua.RequestHeader, copy)
            acknowledged = max(struct.unpack("<i", copy.read(4))[0], 0)
            self.sending.asked(self, header.RequestHandle, seqhdr.RequestId, acknowledged)
            if self.session is not None:
                self.session_last_activity = time.monotonic()
                self.session.touch()
            return True
        if kind == _CREATE_ITEMS:
            struct_from_binary(ua.RequestHeader, copy)
            self.sending.monitored(struct_from_binary(ua.CreateMonitoredItemsParameters, copy))
        return await super().process_message(seqhdr, body)  # type: ignore[no-untyped-call]  # asyncua ships it without types


async def serve(hose: Hose) -> None:
    _Processor.sending = sending = Sending(hose)
    setattr(binary_server_asyncio, "UaProcessor", _Processor)  # noqa: B010 - it is no public name
    server = AsyncuaServer("BENCH", hose.port, [NodeSpec(path, "Double") for path in hose.paths])
    await server.start()
    running = asyncio.create_task(sending.run())
    print(json.dumps({"url": server.url}), flush=True)
    await sending.done.wait()
    print(json.dumps({"ended_at": sending.ended_at, "sum": sending.total}), flush=True)
    await running


if __name__ == "__main__":
    asyncio.run(serve(Hose(**json.loads(sys.stdin.readline()))))
