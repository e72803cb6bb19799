"""Coating group (mixing, coating, calendering, slitting, notching): batches by mass, rolls by metre range and lane.

A slurry batch posts its mass and the lots weighed in; a roll posts its length, the ranges of the rolls it was made
from with their lanes, the batches it took by quantity, and where on its own metres each of them lies; marks and scans
on them, and what was cut out. The side (A or B) stands in a measurement's position.
"""

from lines import errors
from lines.stations.body import refuse
from lines.stations.parts import WEB, Contract
from lines.stations.results import UnitResult


def check(result: UnitResult, path: str) -> None:
    """A unit is a batch or a roll: it has a mass or a length, not both."""
    if result.length_m is not None and result.mass_kg is not None:
        refuse(errors.OUT_OF_RANGE, path, "length_m and mass_kg together: a roll has a length, a batch a mass")


CONTRACT = Contract(
    kind="ELECTRODE_COATING",
    parts=WEB | {"mass_kg", "consumed", "components", "ranges"},
    takes_trays=False,
    check=check,
)
