"""What a person entered of one unit. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class EnteredValue:
    code: str
    value: float
    unit: str
    position: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One unit's result as a person entered it. `measured_at` is what the record carries as its source time."""

    serial: str
    outcome: str
    measured_at: datetime
    values: Sequence[EnteredValue]
    reasons: Sequence[str] = ()
    components: Sequence[dict[str, Any]] = ()
    consumed: Sequence[dict[str, Any]] = ()
    ranges: Sequence[dict[str, Any]] = ()
