"""One reader hands every row to every stream once, and drops the stream that does not keep up."""

import asyncio

from lines.events import broadcast
from lines.events.broadcast import Broadcaster
from lines.events.queries import Position, StoredEvent


class Table:
    """Stands for the event table."""

    def __init__(self) -> None:
        self.events: list[StoredEvent] = []
        self.reads = 0
        self.is_away = False

    def write(self, n: int) -> None:
        for _ in range(n):
            number = len(self.events) + 1
            self.events.append(StoredEvent(Position(number, number), "STATE", f"S{number % 2}", "{}"))

    async def read(self, position: Position, limit: int) -> list[StoredEvent]:
        self.reads += 1
        if self.is_away:
            raise ConnectionError
        return [event for event in self.events if event.position > position][:limit]

    async def start(self) -> Position:
        return self.events[-1].position if self.events else Position(0, 0)


async def _until(condition: object) -> None:
    for _ in range(400):
        if condition():  # type: ignore[operator] # a lambda
            return
        await asyncio.sleep(0.005)
    raise AssertionError("did not happen within two seconds")


def test_every_stream_gets_what_it_wants_from_one_reader() -> None:
    async def scene() -> None:
        table = Table()
        table.write(3)
        broadcaster = Broadcaster(table.read, table.start, poll_s=0.01)
        everything, begin = await broadcaster.subscribe(lambda _: True)
        odd, _ = await broadcaster.subscribe(lambda event: event.station == "S1")
        assert begin == Position(3, 3)
        table.write(4)
        await _until(lambda: everything.queue.qsize() == 4)
        assert [odd.queue.get_nowait().position.id for _ in range(odd.queue.qsize())] == [5, 7]
        broadcaster.unsubscribe(everything)
        broadcaster.unsubscribe(odd)
        await asyncio.sleep(0.05)
        reads = table.reads
        await asyncio.sleep(0.05)
        assert table.reads == reads  # nobody listens, nobody asks

    asyncio.run(scene())


def test_a_slow_stream_is_dropped_and_the_others_go_on() -> None:
    async def scene() -> None:
        table = Table()
        broadcaster = Broadcaster(table.read, table.start, poll_s=0.01)
        slow, _ = await broadcaster.subscribe(lambda _: True)
        quick, _ = await broadcaster.subscribe(lambda _: True)
        table.write(3 * broadcast.QUEUE)
        seen = [await quick.queue.get() for _ in range(3 * broadcast.QUEUE)]
        assert [event.position.id for event in seen] == list(range(1, 3 * broadcast.QUEUE + 1))
        assert slow.is_dropped
        assert not quick.is_dropped
        assert slow.queue.qsize() == broadcast.QUEUE

    asyncio.run(scene())


def test_an_absent_database_loses_nothing(monkeypatch: object) -> None:
    async def scene() -> None:
        table = Table()
        broadcaster = Broadcaster(table.read, table.start, poll_s=0.01)
        stream, _ = await broadcaster.subscribe(lambda _: True)
        table.is_away = True
        table.write(2)
        await asyncio.sleep(0.05)
        assert stream.queue.empty()
        table.is_away = False
        await _until(lambda: stream.queue.qsize() == 2)
        broadcaster.unsubscribe(stream)

    monkeypatch.setattr(broadcast, "RETRY_S", 0.02)  # type: ignore[attr-defined] # pytest's
    asyncio.run(scene())
