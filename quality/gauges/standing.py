"""What a gauge's calibrations say of it: until when it is good, and when what it judged is suspect. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

GOOD, DUE_SOON, OVERDUE, OUT_OF_ORDER = "GOOD", "DUE_SOON", "OVERDUE", "OUT_OF_ORDER"
STATES = (OUT_OF_ORDER, OVERDUE, DUE_SOON, GOOD)
_LEAST_NOTICE = timedelta(days=7)


class Looked(Protocol):
    """A row of quality.gauges.models.Calibration."""

    kind: str
    at: datetime
    as_found_passed: bool
    as_left_passed: bool
    next_due: datetime | None


@dataclass(frozen=True)
class Standing:
    calibrated_at: datetime
    valid_until: datetime


@dataclass(frozen=True)
class Window:
    """When a gauge may have judged wrongly. `since` None: ever; `until` None: still."""

    since: datetime | None
    until: datetime | None


def standing(before: Standing, rows: Sequence[Looked]) -> Standing:
    """After these rows, oldest first. A failure ends the validity at once, and only a calibration begins it anew."""
    now = before
    for row in rows:
        if not row.as_left_passed:
            now = Standing(now.calibrated_at, min(now.valid_until, row.at))
        elif row.next_due is not None:
            now = Standing(row.at, row.next_due)
    return now


def suspect_window(rows: Sequence[Looked], of: Looked) -> Window:
    """From the last time that the gauge was known to be good, to when it was again. `rows`: oldest first."""
    good_before = [row.at for row in rows if row.at < of.at and row.as_left_passed]
    since = good_before[-1] if good_before else None
    if of.as_left_passed:
        return Window(since, of.at)
    mended = [row.at for row in rows if row.at > of.at and row.as_left_passed and row.next_due is not None]
    return Window(since, mended[0] if mended else None)


def state(valid_until: datetime, interval_days: int, is_out_of_order: bool, now: datetime) -> str:
    """Due soon: within a tenth of the interval, at least a week."""
    if is_out_of_order:
        return OUT_OF_ORDER
    if valid_until < now:
        return OVERDUE
    notice = max(_LEAST_NOTICE, timedelta(days=interval_days / 10))
    return DUE_SOON if valid_until - now < notice else GOOD
