"""Cell assembly (notching to filling): placed components, consumed lots, ranges of lanes; baking, soaking by tray."""

from lines.stations.parts import WEB, Contract, placed_once

CONTRACT = Contract(
    kind="CELL_ASSEMBLY",
    parts=WEB | {"consumed", "components", "ranges", "slot", "removed"},
    takes_trays=True,
    check=placed_once,
)
