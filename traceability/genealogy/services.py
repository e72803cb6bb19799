"""Writing down what was made of what. Links are only ever added."""

from collections.abc import Sequence
from dataclasses import dataclass

from lines.records.copying import copy_rows


@dataclass(frozen=True, slots=True)
class NewLink:
    """One input of one unit: a unit or a lot. Metres are on the input roll's own axis, `own_` ones on the output's."""

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
    own_from_m: float | None = None
    own_to_m: float | None = None
    is_reversed: bool = False
    is_flipped: bool = False
    is_mirrored: bool = False
    delta_m: float | None = None


_COLUMNS = (
    "output_id", "record_id", "input_unit_id", "input_lot_id", "quantity", "uom", "position", "lane", "from_m", "to_m",
    "basis", "own_from_m", "own_to_m", "is_reversed", "is_flipped", "is_mirrored", "delta_m",
)  # fmt: skip


def add_links(links: Sequence[NewLink]) -> None:
    if links:
        rows = [tuple(getattr(link, column) for column in _COLUMNS) for link in links]
        copy_rows("traceability_genealogylink", _COLUMNS, rows)
