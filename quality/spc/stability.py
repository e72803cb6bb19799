"""Is the process in control? The question before every capability, answered from its own chart by rules 1 and 2."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quality.spc.errors import NO_SIGMA, NOT_STABLE, TOO_FEW_VALUES, ZERO_SIGMA, Undefined
from quality.spc.panels import Chart
from quality.spc.rules import find

LEAST_POINTS = 20  # below it a chart that shows nothing proves nothing
IN_CONTROL, OUT_OF_CONTROL, NOT_KNOWN = "IN_CONTROL", "OUT_OF_CONTROL", "NOT_KNOWN"


@dataclass(frozen=True)
class Stability:
    """`signals`: (panel, rule) with the places (0-based) that end a window. `reason` where not in control."""

    verdict: str
    n_points: int
    signals: dict[tuple[str, int], list[int]]
    reason: Undefined | None = None


def stability(chart: Chart, rules: Sequence[int] = (1, 2)) -> Stability:
    """The verdict on a chart whose limits come from its own data, or from a study before it."""
    location = chart.location
    points = int(np.isfinite(location.points).sum())
    found = {
        (panel.name, rule): flags.end.tolist()
        for panel in chart.panels
        for rule, flags in find(panel, rules).items()
        if flags.end.size
    }
    error = location.error[np.isfinite(location.error)]
    if found:
        what = ", ".join(
            f"rule {rule} on {name} at {len(ends)} point{'s' if len(ends) > 1 else ''}"
            for (name, rule), ends in found.items()
        )
        return Stability(OUT_OF_CONTROL, points, found, Undefined(NOT_STABLE, f"Signals: {what}."))
    if points < LEAST_POINTS:
        why = Undefined(TOO_FEW_VALUES, f"{points} points; a verdict needs at least {LEAST_POINTS}.")
        return Stability(NOT_KNOWN, points, found, why)
    if not error.size or not (error > 0).all():
        return Stability(NOT_KNOWN, points, found, Undefined(ZERO_SIGMA if error.size else NO_SIGMA))
    return Stability(IN_CONTROL, points, found)
