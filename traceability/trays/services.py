"""Writing down where in a tray a unit sat."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lines.records.copying import copy_rows


@dataclass(frozen=True, slots=True)
class NewPlacement:
    unit_id: int
    record_id: int
    tray: str
    slot: int
    channel: str
    source_time: datetime


def place(placements: Sequence[NewPlacement]) -> None:
    if placements:
        copy_rows(
            "traceability_trayplacement",
            ("unit_id", "record_id", "tray", "slot", "channel", "source_time"),
            [(p.unit_id, p.record_id, p.tray, p.slot, p.channel, p.source_time) for p in placements],
        )
