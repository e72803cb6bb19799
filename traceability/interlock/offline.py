"""What a result made while the MES did not answer deviates by, because nobody let its unit in. Pure."""

from traceability import errors
from traceability.interlock import errors as entry_errors
from traceability.interlock.checks import Finding


def without_permit(operation: str, *, is_offline: bool, policy: str, most: int, number: int) -> Finding | None:
    """A visit without a permit. `policy` and `most`: what the station may do by itself (lines.plant.OfflinePolicy);
    `number`: the how many-eth unit of its outage this is, from 1."""
    if not is_offline:
        return Finding(errors.NO_PERMIT, operation)
    if policy != "RUN_ON":
        return Finding(entry_errors.OFFLINE_NOT_ALLOWED, operation)
    if number > most:
        return Finding(entry_errors.OFFLINE_BEYOND, f"unit {number} of this outage; the station may run on for {most}")
    return None
