"""The metres of rolls behind a unit, and a roll's own web: marks, scans, cuts."""

from typing import Any

from lines.orders.models import Tracking
from traceability.rolls.telling import ranges_behind, roll_map
from traceability.units.models import Unit

# What a pack is made of has a thousand pieces of rolls behind it; they stand in the files of its cells.
_WITH_RANGES = (Tracking.ROLL, Tracking.JELLY_ROLL, Tracking.STACK, Tracking.CELL)


def webs_of(unit: Unit) -> dict[str, Any]:
    """`ranges`: on every roll behind it, nearest first, with marks and scans there; `own`: of a roll itself."""
    tracking = unit.definition.tracking if unit.definition else ""
    behind = ranges_behind(unit.serial) if tracking in _WITH_RANGES else {"ranges": [], "is_truncated": False}
    own = roll_map(unit.serial) if tracking == Tracking.ROLL else None
    return {
        "ranges": behind["ranges"],
        "own": {name: own[name] for name in ("marks", "scans", "cut_outs", "balance")} if own else None,
        "is_truncated": behind["is_truncated"] or bool(own and own["is_truncated"]),
    }
