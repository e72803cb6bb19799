"""Writing down what was made of what. Links are only ever added."""

from collections.abc import Sequence
from dataclasses import dataclass

from lines.records.copying import copy_rows


@dataclass(frozen=True, slots=True)
class NewLink:
    """One input of one unit: a unit or a lot. Metres are on the input roll's own axis."""

    output_id: int
    record_id: int
    input_unit_id: int | None = None
    input_lot_id: int | None = None
    quantity: float | None = None
    uom: str = ""
    position: int | None = None
    lane: int | None = None
    from_m: float | None = None
    to_m: float | None = None
    basis: str = "RECORDED"


_COLUMNS = (
    "output_id", "record_id", "input_unit_id", "input_lot_id", "quantity", "uom", "position", "lane", "from_m", "to_m",
    "basis",
)  # fmt: skip


def add_links(links: Sequence[NewLink]) -> None:
    if links:
        rows = [tuple(getattr(link, column) for column in _COLUMNS) for link in links]
        copy_rows("traceability_genealogylink", _COLUMNS, rows)
