"""What frozen limits mean for each kind of chart: which panels it has, and each panel's lines at one point.

One place for the followed chart, the screen and the report: all kinds that are evaluated live. The formulas stand with
each kind: quality.spc.variables, three_way, smoothing, attributes, rare.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from quality.spc.attributes import np_lines, p_lines, u_lines
from quality.spc.panels import FrozenLimits, Lines
from quality.spc.rare import g_lines
from quality.spc.smoothing import EWMA_WIDTH, INTERVAL, SLACK, WEIGHT, ewma_lines
from quality.spc.variables import mean_lines, range_lines, sd_lines

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

_KEPT = 256
_OfSize: TypeAlias = Callable[[int, float], Lines]  # n, size


class Standard:
    """The frozen limits of one chart and stream. Arguments as of quality.spc.series.Series.

    Raises ValueError where a kind is not known, or lacks what it needs: a number that is not finite, "sigma_mean" of a
    three-way chart, "sigma_z" of Laney's, an option out of its range.
    """

    def __init__(
        self,
        kind: str,
        limits: FrozenLimits,
        parameters: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        if kind not in PANELS:
            raise ValueError(f"There is no chart {kind}.")
        if not (math.isfinite(limits.center) and math.isfinite(limits.sigma) and limits.sigma >= 0):
            raise ValueError("The limits need a mean and a sigma that are numbers, sigma not below 0.")
        self.kind = kind
        self.limits = limits
        self.panels = PANELS[kind]
        parameters, options = parameters or {}, options or {}
        self.weight = _number(options, "lambda", WEIGHT, above=0.0)
        if self.weight > 1:
            raise ValueError(f"lambda is at most 1, not {self.weight}.")
        self.width = _number(options, "L", EWMA_WIDTH, above=0.0)
        self.is_exact = options.get("limits", "exact") != "asymptotic"
        self.slack = _number(options, "k", SLACK)
        self.interval = _number(options, "h", INTERVAL, above=0.0)
        self.head_start = _number(options, "head_start", 0.0)
        sigma_mean = _number(parameters, "sigma_mean") if kind in ("I-MR-R", "I-MR-S") else limits.sigma
        self.of_means = FrozenLimits(limits.center, sigma_mean)
        self.sigma_z = _number(parameters, "sigma_z") if kind in ("LANEY-P", "LANEY-U") else 1.0
        self._of: dict[str, _OfSize] = {
            "I": lambda _n, _size: mean_lines(self.of_means, 1),
            "MR": lambda _n, _size: range_lines(self.of_means, 2),
            "XBAR": lambda n, _size: mean_lines(limits, n),
            "R": lambda n, _size: range_lines(limits, n),
            "S": lambda n, _size: sd_lines(limits, n),
            "CUSUM": lambda _n, _size: Lines(0.0, -self.interval, self.interval, 1.0),
            "P": lambda _n, size: p_lines(limits.center, size, sigma_z=self.sigma_z),
            "NP": lambda _n, size: np_lines(limits.center, size),
            "C": lambda _n, _size: u_lines(limits.center, 1.0),
            "U": lambda _n, size: u_lines(limits.center, size, sigma_z=self.sigma_z),
            "G": lambda _n, _size: g_lines(limits.center),
            "T": lambda _n, _size: mean_lines(limits, 1),
        }
        self._known: dict[tuple[str, int, float | None], Lines | None] = {}

    def lines(self, panel: str, n: int, size: float | None = None, place: int | None = None) -> Lines | None:
        """Where a point of `panel` stands against; None where it has no lines (n = 0, the range of one, size 0).

        n: values of the subgroup; size: of an attribute chart; place: how many own points stand before it, for the
        exact limits of an EWMA; None: the asymptotic ones. CUSUM: in standard errors, +-h about 0, for the upper sum
        and minus the lower one. T: on the scale of the transformed times, y = t ** (1 / 3.6).
        """
        if panel == "EWMA":
            if n < 1:
                return None
            return ewma_lines(self.limits, n, self.weight, self.width, place if self.is_exact else None)
        key = (panel, n, size)
        if key not in self._known:
            if len(self._known) >= _KEPT:
                self._known.clear()  # areas that are never the same twice
            self._known[key] = self._lines(panel, n, size)
        return self._known[key]

    def _lines(self, panel: str, n: int, size: float | None) -> Lines | None:
        if n < (2 if panel in ("R", "S") else 1):
            return None
        if panel in ("P", "NP", "U") and not (size is not None and 0 < size < math.inf):
            return None
        if panel == "CUSUM" and not self.limits.sigma > 0:
            return None  # sums in standard errors are undefined
        return self._of[panel](n, size or 0.0)


_MISSING = object()


def _number(given: Mapping[str, Any], name: str, default: object = _MISSING, above: float | None = None) -> float:
    """A number not below 0, or strictly above `above`. Raises ValueError where there is neither it nor a default."""
    value = given.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{name} has to be a number.")
    if value < 0 or (above is not None and value <= above):
        raise ValueError(f"{name} is too small: {value}.")
    return float(value)
