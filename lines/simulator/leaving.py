"""Finished containers leave for a data centre, in the supervisor's name."""

from lines.simulator.chance import dice
from lines.simulator.clock import iso
from lines.simulator.floor import Floor
from lines.simulator.units import Unit

LOADING_S = 1800.0  # plant time until the lorry leaves


async def ship(floor: Floor, unit: Unit) -> None:
    """To one of the sites; nothing leaves a plant that has none."""
    sites = floor.plant.files.data_centres
    if not sites:
        return
    await floor.clock.sleep(LOADING_S)
    site = dice(floor.seed, unit.serial, "site").choice(sites).code
    number, at = f"DN-{unit.serial}", iso(floor.clock.now())
    if await floor.people.ship(number=number, site=site, serials=[unit.serial], shipped_at=at):
        floor.truth.write("shipment", number=number, site=site, serial=unit.serial, shipped_at=at)
