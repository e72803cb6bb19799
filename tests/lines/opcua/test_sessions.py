"""A session with a real server, and notifications that get lost on their way: fetched again, or told to be missing."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua
from asyncua.server.internal_subscription import InternalSubscription
from asyncua.server.uaprocessor import UaProcessor

from lines.opcua.following import HIGHEST, after, ahead
from lines.opcua.remembering import Last, Memory, Position, Subscribed
from tests.interop.rig import Rig, Station


class Losing:
    """Takes answers to publish requests away from the server, one each time it is told to; they lie as sent there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.losses = 0
        forward = UaProcessor.forward_publish_response
        republish = InternalSubscription.republish
        self.is_forgetful = False

        async def lossy(processor: Any, result: Any, request: Any) -> None:
            if self.losses and result.NotificationMessage.NotificationData:
                self.losses -= 1
                processor._publish_requests.append(request)
            else:
                await forward(processor, result, request)

        def forgetful(subscription: Any, number: int) -> Any:
            return ua.NotificationMessage() if self.is_forgetful else republish(subscription, number)

        monkeypatch.setattr(UaProcessor, "forward_publish_response", lossy)
        monkeypatch.setattr(InternalSubscription, "republish", forgetful)


def test_a_cut_and_lost_notifications(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    losing = Losing(monkeypatch)

    async def scenario() -> None:
        station = Station("asyncua", 0, tmp_path)
        async with Rig(tmp_path, station) as rig:
            await rig.wait_followed()
            rig.write()
            await asyncio.sleep(0.3)
            await asyncio.to_thread(station.proxy.cut)
            await asyncio.sleep(0.3)
            await asyncio.to_thread(station.proxy.heal)
            await rig.wait(lambda: rig.recovered() == {("asyncua", "CUT", "REACTIVATED"): 1})

            losing.losses = 2
            await rig.wait(lambda: not losing.losses)
            await rig.settle()
            assert not rig.notes("missing")

            before = len(station.given)
            losing.is_forgetful, losing.losses = True, 1
            await station.give()
            await rig.wait(lambda: not losing.losses)
            await station.give()
            await rig.wait(lambda: bool(rig.notes("missing")))
            (missing,) = rig.notes("missing")
            assert missing["sequence"][0] == missing["sequence"][1]
            assert rig.recovered()["asyncua", "SEQUENCE", "NONE"] == 1
            assert (len(station.given) - before, rig.missing()) == (10, {"asyncua": 5})

    asyncio.run(scenario())


@pytest.mark.slow
def test_a_queue_that_ran_over_is_filled_from_the_history(tmp_path: Path) -> None:
    async def scenario() -> None:
        station = Station("asyncua", 0, tmp_path, historises=True)
        station.queue_size = 5
        async with Rig(tmp_path, station) as rig:
            await rig.wait_followed()
            await asyncio.to_thread(station.proxy.cut)
            for _ in range(
                20
            ):  # what was asked for before the cut is answered into the void, and kept; the rest queues
                await station.give()
                await asyncio.sleep(0.1)
            await asyncio.to_thread(station.proxy.heal)
            await rig.wait(lambda: rig.recovered()["asyncua", "CUT", "REACTIVATED"] == 1)
            await rig.wait(lambda: rig.recovered()["asyncua", "OVERFLOW", "HISTORY"] == 1)
            await rig.settle()
            assert {note["signal_id"] for note in rig.notes("overflow")} == {1, 2, 3, 4, 5}

    asyncio.run(scenario())


def test_the_end_of_the_count() -> None:
    assert (after(HIGHEST), after(7)) == (1, 8)
    assert (ahead(1, HIGHEST), ahead(HIGHEST, 1), ahead(9, 7), ahead(7, 9)) == (1, -1, 2, -2)


def test_what_is_remembered_of_a_session(tmp_path: Path) -> None:
    last = Last.none([7, 3])
    last.source_time_us[:], last.value[1] = (1_700_000_000_000_000, 5), 1.25
    subscribed = Subscribed("aa", "bb", [{"PolicyId": "x"}], 79, "plan", [[3, [3], True]], 12)
    position = Position(subscribed.key, HIGHEST, 34, True, {"kind": "break"}, last)

    async def keep() -> None:
        memory = Memory(tmp_path / "sessions")
        await memory.subscribe("A/1", subscribed)
        memory.move("A/1", position)
        memory.move("B", Position("other", 1, 2, False, None, Last.none([])))
        await memory.save()

    asyncio.run(keep())
    (tmp_path / "sessions" / "positions.new").write_bytes(b"half")
    again = Memory(tmp_path / "sessions")
    assert again.subscribed("A/1") == subscribed
    found = again.position("A/1")
    assert found is not None
    assert (found.key, found.sequence, found.at_us, found.has_hole) == (subscribed.key, HIGHEST, 34, True)
    assert found.open_break == {"kind": "break"}
    assert (found.last.signal_id.tolist(), found.last.source_time_us.tolist()) == ([3, 7], [1_700_000_000_000_000, 5])
    assert found.last.carried_over([7, 9]).value.tolist()[:1] == [1.25]
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "sessions").glob("*.json"))
    (tmp_path / "sessions" / "positions").write_bytes(b"spoilt")
    assert Memory(tmp_path / "sessions").position("A/1") is None
