"""What others are told about holds. Pure."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class HoldFacts:
    """A unit under an open hold. `placed_at`: when the unit came under it."""

    hold_id: int
    reason: str
    placed_at: datetime
    at_operation: str = ""  # from this operation on; empty: at once
    at_sequence: int | None = None  # of that operation in the unit's route; None: not in it, so at once

    def is_in_force(self, sequence: int | None) -> bool:
        """Whether it keeps the unit from the step with this sequence. None, no step at all: any hold counts."""
        return self.at_sequence is None or sequence is None or sequence >= self.at_sequence
