"""What a unit's records say of one operation. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Visits:
    count: int
    failed: int
    last_verdict: str  # PASS or FAIL; empty before the first
