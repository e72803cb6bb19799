"""What a unit's records say of one operation. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Visits:
    """`last_id` and `first_passed_id` are records: their order is the order of acceptance."""

    count: int
    failed: int
    last_verdict: str  # PASS or FAIL; empty before the first
    last_id: int = 0
    first_passed_id: int | None = None
    ended_at: datetime | None = None  # the last one's end, by the machine's clock less its offset
    has_offline: bool = False  # one was made while the MES did not answer


def together(visits: Iterable[Visits]) -> Visits | None:
    """Visits to operations that stand for one another, as visits to one. None: there was none."""
    found = sorted((v for v in visits if v.count), key=lambda v: v.last_id)
    if len(found) < 2:
        return found[0] if found else None
    passed = [v.first_passed_id for v in found if v.first_passed_id is not None]
    return Visits(
        sum(v.count for v in found),
        sum(v.failed for v in found),
        found[-1].last_verdict,
        found[-1].last_id,
        min(passed) if passed else None,
        found[-1].ended_at,
    )
