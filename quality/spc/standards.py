"""What frozen limits mean for each kind of chart: which panels it has, and each panel's lines at one point.

One place for the followed chart, the screen and the report: all kinds that are evaluated live.
"""

from collections.abc import Mapping
from typing import Any

from quality.spc.panels import FrozenLimits, Lines

PANELS: dict[str, tuple[str, ...]] = {
    "I-MR": ("I", "MR"),
    "XBAR-R": ("XBAR", "R"),
    "XBAR-S": ("XBAR", "S"),
    "I-MR-R": ("I", "MR", "R"),
    "I-MR-S": ("I", "MR", "S"),
    "EWMA": ("EWMA",),
    "CUSUM": ("CUSUM",),
    "P": ("P",),
    "NP": ("NP",),
    "C": ("C",),
    "U": ("U",),
    "LANEY-P": ("P",),
    "LANEY-U": ("U",),
    "G": ("G",),
    "T": ("T",),
}
"""Panels of each live kind of chart, in the order of the screen."""


class Standard:
    """The frozen limits of one chart and stream. Arguments as of quality.spc.series.Series."""

    def __init__(
        self,
        kind: str,
        limits: FrozenLimits,
        parameters: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        raise NotImplementedError

    def lines(self, panel: str, n: int, size: float | None = None, place: int | None = None) -> Lines | None:
        """Where a point of `panel` stands against; None where it has no lines (n = 0, the range of one, size 0).

        n: values of the subgroup; size: of an attribute chart; place: how many own points stand before it, for the exact
        limits of an EWMA; None: the asymptotic ones. CUSUM: in standard errors, +-h about 0, for the upper sum and
        minus the lower one. T: on the scale of the transformed times, y = t ** (1 / 3.6).
        """
        raise NotImplementedError
