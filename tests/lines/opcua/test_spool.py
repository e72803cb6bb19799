"""The way of values to the disk and on: safe before it is acknowledged, bounded, whole whatever dies or fills up."""

import asyncio
import json
import resource
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lines.opcua import collector as collecting
from lines.opcua.collector import Collector
from lines.opcua.delivery import Delivery
from lines.opcua.spool import Spool, claim
from lines.telemetry import batches
from lines.telemetry.batches import Batch
from tests.web import ROOT


class Mes:
    """Takes batches while `is_up`."""

    def __init__(self) -> None:
        self.taken: dict[int, Batch] = {}
        self.is_up = False

    async def publish(self, sequence: int, content: bytes) -> None:
        if not self.is_up:
            raise ConnectionError
        self.taken[sequence] = batches.decode(content)

    async def committed(self, sequences: list[int]) -> set[int]:
        return self.taken.keys() & set(sequences)

    def values(self) -> list[float]:
        return [value for sequence in sorted(self.taken) for value in self.taken[sequence].value.tolist()]

    def notes(self, kind: str) -> list[batches.Note]:
        return [note for _, batch in sorted(self.taken.items()) for note in batch.notes if note["kind"] == kind]


class Way:
    """Collector, spool and delivery of one gateway."""

    def __init__(self, folder: Path, limit_bytes: int = 2**20) -> None:
        self.mes = Mes()
        self.spool = Spool(folder, "L1", limit_bytes)
        self.delivery = Delivery(self.spool, self.mes.publish, self.mes.committed)
        self.collector = Collector(self.spool, self.delivery, self.spool.highest + 1, ["PACK"])
        self.sent = 0

    def add(self, count: int = 1) -> int:
        numbers = [float(self.sent + n) for n in range(count)]
        self.sent += count
        return self.collector.add([1] * count, [0] * count, numbers, [0] * count)

    async def until(self, done: Callable[[], bool]) -> None:
        for _ in range(1000):
            if done():
                return
            await asyncio.sleep(0.01)
        pytest.fail("waited 10 s")


def run(way: Way, scenario: Callable[[Way], Awaitable[None]]) -> None:
    async def whole() -> None:
        tasks = [asyncio.create_task(each) for each in (way.collector.run(), way.delivery.run())]
        await scenario(way)
        for task in tasks:
            task.cancel()

    asyncio.run(whole())


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lines.opcua.collector.FLUSH_S", 0.01)
    monkeypatch.setattr("lines.opcua.collector.BEHIND_FLUSH_S", {})
    monkeypatch.setattr("lines.opcua.delivery.POLL_S", 0.01)
    monkeypatch.setattr("lines.opcua.delivery.BROKER_PAUSE_S", 0.02)


def test_a_ticket_is_durable_when_its_rows_are_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "BATCH_ROWS", 4)

    async def scenario(way: Way) -> None:
        first, second = way.add(3), way.add(7)
        assert way.collector.durable == 0
        await asyncio.wait_for(way.collector.wait_durable(first), 5)
        await asyncio.wait_for(way.collector.wait_durable(second), 5)
        assert way.collector.durable == second
        again = Spool(tmp_path, "L1")
        found = [batches.decode(again.read(sequence)) for sequence in again.sequences()]
        assert [value for batch in found for value in batch.value.tolist()] == list(range(10))
        assert max(len(batch) for batch in found) == 4
        way.mes.is_up = True
        last = way.collector.note({"kind": "overflow", "server": "PACK", "signal_id": 1, "at_us": 5})
        await way.collector.wait_durable(last)
        await way.until(lambda: way.delivery.backlog == 0)
        assert way.mes.notes("overflow") == [{"kind": "overflow", "server": "PACK", "signal_id": 1, "at_us": 5}]

    run(Way(tmp_path), scenario)


def test_heartbeats_go_out_without_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "HEARTBEAT_S", 0.05)

    async def scenario(way: Way) -> None:
        way.mes.is_up = True
        way.collector.report("PACK", connected=True, offset_ms=1.5)
        await way.until(lambda: len(way.mes.notes("heartbeat")) >= 3)
        last = way.mes.notes("heartbeat")[-1]
        assert last["servers"] == {"PACK": {"connected": True, "offset_ms": 1.5}}
        assert {"backlog", "spool_bytes", "spool_share"} < last.keys()
        assert list(way.mes.taken) == list(range(1, len(way.mes.taken) + 1))

    run(Way(tmp_path), scenario)


def test_a_full_spool_stops_the_asking_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    async def scenario(way: Way) -> None:
        await way.until(lambda: way.add() > 0 and way.collector.is_full)
        assert way.spool.share >= 1
        durable = way.collector.durable
        late = way.add()
        await asyncio.sleep(0.1)
        assert way.collector.durable == durable < late
        assert way.spool.size_bytes <= way.spool.limit_bytes + 4096
        way.mes.is_up = True
        await asyncio.wait_for(way.collector.wait_durable(late), 5)
        await way.until(lambda: way.delivery.backlog == 0)
        assert not way.collector.is_full
        assert way.mes.values() == list(range(way.sent))
        assert way.mes.notes("break") == []

    run(Way(tmp_path, limit_bytes=20 * 4096), scenario)


@contextmanager
def disk_full() -> Iterator[None]:
    """No file of this process can grow beyond a few bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_keeps_values_in_memory_until_it_has_room(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(way: Way) -> None:
        way.mes.is_up = True
        before = way.add(10)
        await way.collector.wait_durable(before)
        with disk_full():
            late = way.add(100)
            await way.until(lambda: way.collector.is_full)
            await asyncio.sleep(0.05)
            way.add(100)
            assert way.collector.durable == before
        await asyncio.wait_for(way.collector.wait_durable(late + 1), 5)
        await way.until(lambda: way.delivery.backlog == 0)
        assert not way.collector.is_full
        assert way.mes.values() == list(range(way.sent))

    run(Way(tmp_path), scenario)
    assert caplog.text.count("MES-L-0309") == 1


def test_what_the_memory_cannot_hold_goes_oldest_first_and_a_break_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(collecting, "KEPT_ROWS", 1000)

    async def scenario(way: Way) -> None:
        way.mes.is_up = True
        with disk_full():
            tickets = []
            for _ in range(20):
                tickets.append(way.add(100))
                await asyncio.sleep(0.02)
            assert way.collector.durable > 0  # lost: nobody is to wait for it
        await asyncio.wait_for(way.collector.wait_durable(tickets[-1]), 5)
        await way.until(lambda: len(way.mes.notes("break")) == 2)
        kept = way.mes.values()
        assert kept == list(range(way.sent - len(kept), way.sent)) and 500 <= len(kept) <= 1100
        opened, closed = way.mes.notes("break")
        assert (opened["state"], closed["state"]) == ("OPEN", "CLOSED")
        assert (opened["id"], opened["server"], opened["cause"]) == (closed["id"], "PACK", "SPOOL_FULL")

    run(Way(tmp_path), scenario)
    assert "MES-L-0310" in caplog.text


def test_a_spool_knows_its_next_number_when_everything_is_delivered(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "L1")
    assert spool.highest == 0
    for sequence in (1, 2, 3):
        spool.write(sequence, b"x")
    spool.flush()
    for sequence in (1, 2, 3):
        spool.remove(sequence)
    assert (spool.sequences(), spool.size_bytes, Spool(tmp_path, "L1").highest) == ([], 0, 3)
    spool.write(4, b"x")
    spool.remove(4)  # not flushed yet: after a power cut it may not have been
    assert {path.stem[-1] for path in tmp_path.glob("*.arrow")} == {"3", "4"}
    spool.flush()
    assert {path.stem[-1] for path in tmp_path.glob("*.arrow")} == {"4"}


def test_one_gateway_at_a_time_has_a_spool(tmp_path: Path) -> None:
    first = claim(tmp_path)
    assert first is not None and claim(tmp_path) is None
    first.close()
    assert claim(tmp_path) is not None


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_death_at_any_line_loses_and_doubles_nothing(tmp_path: Path, seed: int) -> None:
    values = 1500
    words = [sys.executable, "-m", "tests.lines.opcua.mortal", str(tmp_path), str(seed), str(values)]
    told = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    ends = json.loads(told.stdout)
    assert ends["deaths"] >= 15 and ends["power_cuts"] >= 3, ends
    database = tmp_path / "database"
    assert not (database / "conflict").exists()
    stored = {int(path.stem): json.loads(path.read_bytes()) for path in database.glob("*.json")}
    assert sorted(stored) == list(range(1, len(stored) + 1)), "a number was left out"
    # What was not acknowledged at a death came again; the worker drops it by its time and value.
    firsts = list(dict.fromkeys(value for sequence in sorted(stored) for value in stored[sequence]))
    assert firsts == list(range(1, values + 1))
    repeats = sum(map(len, stored.values())) - values
    assert repeats < values / 4, f"{repeats} values came again after {ends}"
