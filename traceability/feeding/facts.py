"""What is mounted at a station, as plain records, and how a label's scan reads. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class MountedFacts:
    """A lot at a feed point, with what matters of the lot now."""

    feed_point: str
    material_id: int | None  # as the lot was received; None: no plant data know its material
    material_code: str  # as scanned
    lot_id: int
    supplier: str
    number: str
    state: str  # traceability.units.models.LotState
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Scan:
    """What a label says."""

    material: str
    supplier: str
    lot: str


_LONGEST = (32, 64, 64)


def read_label(text: str) -> Sequence[str]:
    """The parts of a label: material, supplier and lot, or a lot number alone. Empty for what is neither.

    Labels separate their parts by a bar, a semicolon or a tab.
    """
    parts = [part.strip() for part in re.split(r"[|;\t]", text.strip())]
    longest = _LONGEST if len(parts) == 3 else _LONGEST[2:]
    is_good = len(parts) == len(longest) and all(
        part.isprintable() and 0 < len(part) <= most for part, most in zip(parts, longest, strict=True)
    )
    return parts if is_good else ()


@dataclass(frozen=True, slots=True)
class FedMaterial:
    """A material of a step's bill that a feed point of the station is for, and what was mounted during a visit."""

    step_id: int
    material_id: int
    code: str
    uom: str
    quantity: float  # for one unit
    lots: tuple["FedLot", ...]  # several where it was changed meanwhile, or where several points feed it


@dataclass(frozen=True, slots=True)
class FedLot:
    """A lot that was mounted. `told_id`: the material it was scanned as, None where no plant data know it."""

    told: str
    told_id: int | None
    uom: str
    lot_id: int
    supplier: str
    number: str
    material_id: int | None  # as received
    state: str
    expires_at: datetime | None
