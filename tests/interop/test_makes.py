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
