"""Servers of three makes: nothing is missing and nothing comes twice after a cut and after a restart of the gateway."""

import asyncio
from pathlib import Path

import pytest

from tests.interop.rig import Rig, Station


@pytest.mark.slow
def test_a_cut_of_five_seconds_and_a_killed_gateway(tmp_path: Path) -> None:
    async def scenario() -> None:
        stations = [
            Station("asyncua", 0, tmp_path),
            # Drops what was subscribed with the connection: only its history fills the hole.
            Station("python-opcua", 1, tmp_path, historises=True),
            Station("node-opcua", 2, tmp_path),
        ]
        async with Rig(tmp_path, *stations) as rig:
            await rig.wait_followed()
            rig.write()
            await asyncio.sleep(1)
            for station in stations:
                await asyncio.to_thread(station.proxy.cut)
            await asyncio.sleep(5)
            for station in stations:
                await asyncio.to_thread(station.proxy.heal)
            ways = {"asyncua": "REACTIVATED", "python-opcua": "HISTORY", "node-opcua": "REACTIVATED"}
            await rig.wait(lambda: rig.recovered() == {(make, "CUT", way): 1 for make, way in ways.items()})

            await asyncio.sleep(1)  # it notes where it is several times a second
            await rig.kill_gateway()
            await asyncio.sleep(2)
            rig.start_gateway()
            restarts = {(make, "GATEWAY_RESTART", way): 1 for make, way in ways.items()}
            await rig.wait(lambda: restarts.items() <= rig.recovered().items())
            await rig.settle()
            assert not rig.notes("missing")

    asyncio.run(scenario())


@pytest.mark.slow
def test_a_connection_that_hangs_and_sessions_that_cannot_be_taken_up(tmp_path: Path) -> None:
    async def scenario() -> None:
        hanging = Station("python-opcua", 0, tmp_path, historises=True)
        stations = [hanging, Station("asyncua", 1, tmp_path)]
        async with Rig(tmp_path, *stations) as rig:
            await rig.wait_followed()
            rig.write()
            await asyncio.to_thread(hanging.proxy.half_open)
            await asyncio.sleep(1)
            await asyncio.to_thread(hanging.proxy.heal)
            # The subscription lives with the connection that nobody closed, and tells all it sent into it.
            await rig.wait(lambda: rig.recovered() == {("python-opcua", "CUT", "TRANSFERRED"): 1})

            await asyncio.sleep(1)
            await rig.kill_gateway()
            rig.forget_sessions()
            await asyncio.sleep(1)
            rig.start_gateway()
            ways = {"python-opcua": "HISTORY", "asyncua": "TRANSFERRED"}
            restarts = {(make, "GATEWAY_RESTART", way): 1 for make, way in ways.items()}
            await rig.wait(lambda: restarts.items() <= rig.recovered().items())
            await rig.settle()
            assert not rig.notes("missing")

    asyncio.run(scenario())


@pytest.mark.slow
def test_a_server_that_starts_anew_and_a_plan_that_changes(tmp_path: Path) -> None:
    async def scenario() -> None:
        station = Station("asyncua", 0, tmp_path)
        async with Rig(tmp_path, station) as rig:
            await rig.wait_followed()
            rig.write()
            await asyncio.sleep(0.5)
            # Another publishing interval: a new subscription, and nothing lost between the two.
            station.publishing_ms = 100
            await asyncio.to_thread(station.proxy.cut)
            await asyncio.to_thread(station.proxy.heal)
            await rig.wait(lambda: rig.recovered()["asyncua", "CUT", "REACTIVATED"] == 1)
            await asyncio.sleep(1)
            await rig.settle()

            await station.restart()
            await rig.wait(lambda: rig.recovered()["asyncua", "SERVER_RESTART", "NONE"] == 1)
            await station.give()
            await rig.settle()

    asyncio.run(scenario())
