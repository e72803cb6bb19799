"""A deadband is the server's to keep: it sends what goes beyond the band, and nothing within it."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from lines.opcua.queries import Server
from tests.interop.rig import Rig, Station

PATH, SIGNAL, BAND = "S/Telemetry/Value0", 1, 0.5


class Banded(Station):
    """Its first variable has a deadband, the others have none."""

    @property
    def plan(self) -> Server:
        plan = super().plan
        first, *others = plan.variables
        return replace(plan, variables=(replace(first, deadband=BAND), *others))


@pytest.mark.parametrize(
    ("make", "creeping"),
    [
        # It compares with the value before, not with the one it sent: what creeps is not seen.
        ("asyncua", []),
        pytest.param("node-opcua", [13.6], marks=pytest.mark.slow),
    ],
)
def test_only_what_leaves_the_band_is_sent(make: str, creeping: list[float], tmp_path: Path) -> None:
    async def scenario() -> None:
        station = Banded(make, 0, tmp_path)
        async with Rig(tmp_path, station) as rig:
            await rig.wait_followed()
            for value in (10.0, 10.3, 10.0, 12.0, 11.8, 13.0, 13.2, 13.4, 13.6, 20.0):
                await station.server.write(PATH, value, time.time())
                await asyncio.sleep(0.05)
            await station.server.write("S/Telemetry/Value1", 10.0, time.time())
            await station.server.write("S/Telemetry/Value1", 10.1, time.time())
            # The last of each has come; the ones between are on no way any more.
            await rig.wait(lambda: {(1, 20.0), (2, 10.1)} <= {(row[0], row[2]) for row in rig.rows()})
            sent = [row[2] for row in rig.rows() if row[0] == SIGNAL]
            assert [value for value in sent if value >= 10.0] == [10.0, 12.0, 13.0, *creeping, 20.0]
            assert [row[2] for row in rig.rows() if row[0] == 2][-2:] == [10.0, 10.1]

    asyncio.run(scenario())
