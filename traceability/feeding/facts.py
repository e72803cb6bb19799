"""What is mounted at a station, as plain records. Pure."""

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
