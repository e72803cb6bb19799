"""What the quality engineer does about signals of control charts: each reaction is worked, and closed when the station
is verified; by its points, or after some hours by the engineer's own measurements."""

import asyncio
from typing import Any

from lines.simulator.floor import Floor

LOOK_S = 300.0  # plant time between two looks at the list
WALL_LOOK_S = 0.5  # at least, however fast the plant's clock runs
WORK_S = 900.0  # plant time until somebody has been at the station
VERIFY_S = 3 * 3600.0  # plant time after which nobody waits for points any longer
FALSE_ALARM = ("NONE-FOUND", "NO-ACTION")
PLANTED = ("WEAR", "REPLACED")


async def react(floor: Floor) -> None:
    """As long as the plant runs."""
    seen: dict[int, float] = {}
    while True:
        await asyncio.sleep(WALL_LOOK_S)
        await floor.clock.sleep(LOOK_S)
        for reaction in await floor.people.open_reactions():
            await _work(floor, reaction, floor.clock.now() - seen.setdefault(reaction["reaction"], floor.clock.now()))


async def _work(floor: Floor, reaction: dict[str, Any], age_s: float) -> None:
    if age_s < WORK_S:
        return
    is_planted = _is_planted(floor, reaction)
    body: dict[str, Any] = {}
    open_steps = [step["step"] for step in reaction["steps"] if step["answered_at"] is None]
    if open_steps:
        text = "Real: the dosing pump is worn, seal changed" if is_planted else "Looked at it: all as it should be"
        body["answers"] = [{"step": step, "text": text} for step in open_steps]
    if reaction["verified_at"] is None and age_s >= VERIFY_S:
        body["verification"] = "Three pieces measured with the reference: all within the target"
    if reaction["verified_at"] is not None or "verification" in body:
        body["cause"], body["action"] = PLANTED if is_planted else FALSE_ALARM
    if not body or not await floor.people.work_reaction(reaction["reaction"], body) or "cause" not in body:
        return
    if is_planted:
        floor.plantings.once("spc_drift worked")
        floor.planted("reaction", reaction=reaction["reaction"], plan=reaction["plan"], cause=body["cause"])


def _is_planted(floor: Floor, reaction: dict[str, Any]) -> bool:
    """The first one about the drift, once that has begun."""
    plantings = floor.plantings
    return (
        reaction["plan"].startswith(plantings.drift_characteristic + "-")
        and "spc_drift" in plantings.seen
        and "spc_drift worked" not in plantings.seen
    )
