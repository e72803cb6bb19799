"""What is done to the plant. Each scenario ends with everything whole again; what it cost is counted afterwards."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.kit.plant import FaultPlant

Sleep = Callable[[float], None]


@dataclass(frozen=True)
class Scenario:
    """`seconds` is how long the fault holds."""

    name: str
    fault: Callable[[FaultPlant, float, Sleep], None]
    seconds: float
    # Whether values may go that no server had any more: then the ledger must say how many.
    may_lose: bool = False

    def run(self, plant: FaultPlant, sleep: Sleep = time.sleep) -> None:
        self.fault(plant, self.seconds, sleep)


def cut(plant: FaultPlant, seconds: float, sleep: Sleep) -> None:
    """All connections between gateway and stations are reset, and none can be made."""
    for proxy in plant.proxies.values():
        proxy.cut()
    _then_heal(plant, seconds, sleep)


def half_open(plant: FaultPlant, seconds: float, sleep: Sleep) -> None:
    """Nothing passes and nobody is told; the connections of that time stay dead for ever."""
    for proxy in plant.proxies.values():
        proxy.half_open()
    _then_heal(plant, seconds, sleep)


def delay(plant: FaultPlant, seconds: float, sleep: Sleep) -> None:
    """Everything arrives later, by more than a publishing interval."""
    for proxy in plant.proxies.values():
        proxy.delay(0.8)
    _then_heal(plant, seconds, sleep)


def _then_heal(plant: FaultPlant, seconds: float, sleep: Sleep) -> None:
    sleep(seconds)
    for proxy in plant.proxies.values():
        proxy.heal()


def kill(name: str) -> Callable[[FaultPlant, float, Sleep], None]:
    """SIGKILL, and a start after some seconds."""

    def fault(plant: FaultPlant, seconds: float, sleep: Sleep) -> None:
        plant.kill(name)
        sleep(seconds)
        plant.begin(name)

    return fault


def kill_cut_off(name: str) -> Callable[[FaultPlant, float, Sleep], None]:
    """A server is cut off, and killed with all that it held for the gateway."""

    def fault(plant: FaultPlant, seconds: float, sleep: Sleep) -> None:
        plant.proxies[name].cut()
        sleep(seconds)
        plant.kill(name)
        plant.begin(name)
        plant.proxies[name].heal()

    return fault


def kill_broker(plant: FaultPlant, seconds: float, sleep: Sleep) -> None:
    plant.valkey.kill()
    sleep(seconds)
    plant.valkey.start()


def wipe_broker(plant: FaultPlant, seconds: float, sleep: Sleep) -> None:
    """As above, and all messages are gone."""
    plant.valkey.kill()
    plant.wipe_broker()
    sleep(seconds)
    plant.valkey.start()


def kill_database(plant: FaultPlant, seconds: float, sleep: Sleep) -> None:
    plant.postgres.kill()
    sleep(seconds)
    plant.postgres.start()


def fill_disk(plant: FaultPlant, seconds: float, sleep: Sleep) -> None:
    """No file of the gateway can grow."""
    plant.fill_disk(True)
    sleep(seconds)
    plant.fill_disk(False)


def shift_stations(by_s: float) -> Callable[[FaultPlant, float, Sleep], None]:
    """The clocks of all stations jump, and back."""

    def fault(plant: FaultPlant, seconds: float, sleep: Sleep) -> None:
        plant.stations_clock.write_text(str(by_s))
        sleep(seconds)
        plant.stations_clock.unlink()

    return fault


def shift_gateway(by_s: float) -> Callable[[FaultPlant, float, Sleep], None]:
    """The gateway's clock jumps, and back."""

    def fault(plant: FaultPlant, seconds: float, sleep: Sleep) -> None:
        plant.gateway_clock.write_text(str(by_s))
        sleep(seconds)
        plant.gateway_clock.unlink()

    return fault
