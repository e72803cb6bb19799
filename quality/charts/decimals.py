"""How finely a figure of a chart is written. Pure."""

import math


def decimals_for(sigma: float) -> int:
    """Decimals that show two significant digits of sigma: what differs in the third is noise."""
    if not (math.isfinite(sigma) and sigma > 0):
        return 3
    return min(max(1 - math.floor(math.log10(sigma)), 0), 9)
