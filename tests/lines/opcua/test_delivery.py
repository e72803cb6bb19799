"""Delivery against a broker and a database that fail as they like: all committed, in order, with few repeats."""

import asyncio
from pathlib import Path

import pytest

from lines.opcua import delivery
from lines.opcua.delivery import IN_FLIGHT, Delivery
from lines.opcua.spool import Spool


class Mes:
    """Broker, worker and database in one."""

    def __init__(self) -> None:
        self.queue: list[int] = []
        self.committed: set[int] = set()
        self.published: list[int] = []
        self.broker_up = self.worker_up = self.database_up = True

    async def publish(self, sequence: int, content: bytes) -> None:
        assert content == str(sequence).encode()
        if not self.broker_up:
            raise ConnectionError
        self.published.append(sequence)
        self.queue.append(sequence)
        self.work()

    def work(self) -> None:
        """A worker without a database consumes a batch and stores nothing, as a task that fails does."""
        if self.worker_up:
            if self.database_up:
                self.committed.update(self.queue)
            self.queue.clear()

    async def ask(self, sequences: list[int]) -> set[int]:
        if not self.database_up:
            raise ConnectionError
        return self.committed & set(sequences)


def test_everything_is_committed_whatever_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "RESEND_AFTER_S", 0.2)
    monkeypatch.setattr(delivery, "POLL_S", 0.01)
    monkeypatch.setattr(delivery, "BROKER_PAUSE_S", 0.02)
    spool, mes = Spool(tmp_path / "spool", "L1"), Mes()
    sent = 0

    async def scenario() -> None:
        nonlocal sent
        sender = Delivery(spool, mes.publish, mes.ask)
        task = asyncio.create_task(sender.run())

        async def feed(count: int) -> None:
            nonlocal sent
            for _ in range(count):
                sent += 1
                spool.write(sent, str(sent).encode())
                sender.add(sent)
                await asyncio.sleep(0.002)

        async def drained() -> None:
            for _ in range(1000):
                # Files are removed beside the loop, after their batches have left the backlog.
                if sender.backlog == 0 and not spool.sequences():
                    return
                await asyncio.sleep(0.01)
            pytest.fail(f"{sender.backlog} batches left, {len(spool.sequences())} in the spool")

        await feed(20)
        await drained()
        assert mes.published == list(range(1, 21))

        mes.worker_up = False  # messages wait in the broker: a full window, and repeats of the oldest alone
        await feed(100)
        await asyncio.sleep(1.0)
        assert sorted(set(mes.queue)) == list(range(21, 21 + IN_FLIGHT))
        assert mes.queue.count(21) == len(mes.queue) - IN_FLIGHT + 1
        mes.queue.clear()  # the broker loses them all
        mes.worker_up = True
        await drained()

        mes.broker_up = False
        await feed(50)
        mes.broker_up, mes.database_up = True, False
        await asyncio.sleep(0.3)
        mes.database_up = True
        await drained()
        task.cancel()

    asyncio.run(scenario())
    assert mes.committed == set(range(1, 171))
    firsts = list(dict.fromkeys(mes.published))
    assert firsts == sorted(firsts)


def test_a_batch_that_no_worker_ends_is_given_up_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "RESEND_AFTER_S", 0.02)
    monkeypatch.setattr(delivery, "POLL_S", 0.005)
    spool, mes = Spool(tmp_path / "spool", "L1"), Mes()
    deadly, given_up = 3, []

    async def publish(sequence: int, content: bytes) -> None:
        if sequence == deadly:
            mes.published.append(sequence)
        else:
            await mes.publish(sequence, content)

    async def set_aside(sequence: int, content: bytes) -> None:
        given_up.append((sequence, content))
        mes.committed.add(sequence)

    async def scenario() -> None:
        sender = Delivery(spool, publish, mes.ask, set_aside)
        task = asyncio.create_task(sender.run())
        for sequence in range(1, 41):
            spool.write(sequence, str(sequence).encode())
            sender.add(sequence)
            await asyncio.sleep(0.02)
        for _ in range(500):
            if sender.backlog == 0:
                break
            await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(scenario())
    assert given_up == [(deadly, b"3")]
    assert mes.published.count(deadly) >= delivery.MOST_TRIES
    assert mes.committed == set(range(1, 41))
