"""Cell assembly (notching to filling): placed components, consumed lots, ranges of lanes; baking, soaking by tray."""

from lines.stations.parts import Contract, placed_once

CONTRACT = Contract(
    kind="CELL_ASSEMBLY",
    parts=frozenset({"length_m", "consumed", "components", "ranges", "slot"}),
    takes_trays=True,
    check=placed_once,
)
