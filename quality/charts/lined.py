"""What is drawn on each panel of a chart, and the lines a point stands against there. Pure."""

from collections.abc import Mapping
from typing import Any, Protocol

from quality.spc.panels import FrozenLimits, Lines
from quality.spc.standards import PANELS, Standard

VALUE = "VALUE"  # what an EWMA, a CUSUM or a t chart is made of, as it came: beside the panel that is judged
LOW = "CUSUM_LOW"  # minus the lower sum: a second line on the panel of the upper one
RAW_BESIDE = {"EWMA", "CUSUM", "T"}


class Stored(Protocol):
    """What is kept of a point."""

    @property
    def location(self) -> float: ...
    @property
    def spread(self) -> float | None: ...
    @property
    def within(self) -> float | None: ...
    @property
    def statistic(self) -> float | None: ...
    @property
    def statistic_low(self) -> float | None: ...


class Frozen(Protocol):
    """What is kept of limits."""

    center: float
    sigma_within: float
    parameters: dict[str, Any]


def drawn_panels(kind: str) -> tuple[str, ...]:
    """Downwards."""
    return (*PANELS[kind], *((VALUE,) if kind in RAW_BESIDE else ()))


def values_at(kind: str, point: Stored) -> dict[str, float | None]:
    """What is plotted, by panel."""
    if kind == "CUSUM":
        low = None if point.statistic_low is None else -point.statistic_low
        return {"CUSUM": point.statistic, LOW: low, VALUE: point.location}
    if kind in RAW_BESIDE:
        return {kind: point.statistic, VALUE: point.location}
    return dict(zip(PANELS[kind], (point.location, point.spread, point.within), strict=False))


def standard_of(kind: str, limits: Frozen, options: Mapping[str, Any]) -> Standard | None:
    """None where limits and options make no chart: nothing was judged by them, and nothing is drawn of them."""
    try:
        return Standard(kind, FrozenLimits(limits.center, limits.sigma_within), limits.parameters, options)
    except ValueError:
        return None


def lines_at(
    kind: str, standard: Standard | None, n: int, size: float | None = None, place: int | None = None
) -> dict[str, Lines | None]:
    """By panel; None where a panel has no point at this n. `place`: of an EWMA, see Standard.lines."""
    return {panel: standard.lines(panel, n, size, place) if standard else None for panel in PANELS[kind]}
