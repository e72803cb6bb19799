"""What every chart of the engine is made of: panels with points and lines, the limits they stand on, a phase I study.

Values and limits are in the unit of the characteristic; places are 0-based; NaN (or None, on the way in) is missing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.int64]
Values: TypeAlias = ArrayLike | Sequence[float | None]
Subgroups: TypeAlias = Sequence[Sequence[float | None]] | Floats
Chosen: TypeAlias = NDArray[np.bool_] | Places | None  # the places that count, as a mask or indices; None: all
Fact: TypeAlias = float | str | None

WIDTH = 3.0  # standard errors from the centre to a limit


class FrozenLimits(NamedTuple):
    """What a validated study froze: mean and within-subgroup sigma of single values."""

    center: float
    sigma: float


class Lines(NamedTuple):
    """Where one plotted point stands against: `error` is its standard error, the width of a zone."""

    center: float
    lcl: float
    ucl: float
    error: float


@dataclass(frozen=True)
class Study:
    """What phase I found. `sigma` is None where the data cannot tell, and `reason` says why."""

    center: float | None
    sigma: float | None
    n_values: int
    method: str
    reason: str = ""

    @property
    def limits(self) -> FrozenLimits | None:
        if self.center is None or self.sigma is None:
            return None
        return FrozenLimits(self.center, self.sigma)


@dataclass(frozen=True)
class Panel:
    """One panel of a chart, one entry per plotted place: arrays of shape (m,). NaN: no point, or no limit known.

    `name` says what is plotted (I, MR, XBAR, R, S, P, NP, C, U, EWMA, ...); `error` is the standard error of the point.
    """

    name: str
    points: Floats
    center: Floats
    lcl: Floats
    ucl: Floats
    error: Floats


@dataclass(frozen=True)
class Chart:
    """A chart: one panel or several over the same places, and the single figures that belong to it by name."""

    kind: str
    panels: tuple[Panel, ...]
    facts: Mapping[str, Fact] = field(default_factory=dict)

    def panel(self, name: str) -> Panel:
        """The panel of that name. Raises KeyError where the chart has none."""
        for panel in self.panels:
            if panel.name == name:
                return panel
        raise KeyError(name)

    @property
    def location(self) -> Panel:
        """The first panel: I, XBAR or the only one."""
        return self.panels[0]

    @property
    def spread(self) -> Panel:
        """The last panel of a pair: MR, R or S."""
        return self.panels[-1]


def only(x: Floats, chosen: Chosen) -> Floats:
    """The chosen places; the others become gaps, so that nothing spans them."""
    if chosen is None:
        return x
    left = np.full(x.size, np.nan)
    left[chosen] = x[chosen]
    return left
