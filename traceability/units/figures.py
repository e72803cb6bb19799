"""How finely a value is written, and several values of one characteristic as one line. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


def decimals(lsl: float | None, target: float | None, usl: float | None) -> int | None:
    """Decimals that show a hundredth of the tolerance. None: no limits, or too small to write without an exponent."""
    known = [limit for limit in (lsl, target, usl) if limit is not None]
    spread = max(known) - min(known) if len(known) > 1 else max((abs(limit) for limit in known), default=0.0)
    if spread <= 0:
        return None
    needed = math.ceil(-math.log10(spread / 100) - 1e-9)
    return None if needed > 6 else max(needed, 0)


@dataclass(frozen=True)
class Summary:
    n: int
    low: float
    mean: float
    high: float


def summary(values: Sequence[float]) -> Summary:
    """Smallest, mean and largest of at least one value, in the values' own unit."""
    return Summary(len(values), min(values), math.fsum(values) / len(values), max(values))
