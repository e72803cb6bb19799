"""What a control chart shows, ready to draw: one shape for the screen, a report and an export. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from quality.spc.panels import Lines


@dataclass(frozen=True)
class Signalled:
    """A rule violated at a point."""

    signal: int
    chart: str  # the panel: I, MR, XBAR, ...
    rule: int
    side: int
    window_first: int  # number of the first point of the window
    alarm: int | None
    is_acknowledged: bool
    is_superseded: bool = False  # a late point showed that its window does not hold
    cause: tuple[str, str] = ("", "")  # what was found, English and Japanese


@dataclass(frozen=True)
class PlottedPoint:
    """Values in the characteristic's unit, by panel; the lines are those of the limits the point was evaluated on.

    A panel without a value or without lines at this point is absent or None. `source_time` is in the plant's time
    zone, None where only the order is known. The lower sums of a CUSUM chart are the values of "CUSUM_LOW".
    """

    number: int
    source_time: datetime | None
    n: int
    values: Mapping[str, float | None]
    lines: Mapping[str, Lines | None]
    records: tuple[int, ...] = ()
    serials: tuple[str, ...] = ()  # of the records, in their order
    limits_version: int | None = None
    signals: tuple[Signalled, ...] = ()
    size: float | None = None  # attribute charts: sample size or area
    is_late: bool = False
    is_excluded: bool = False


@dataclass(frozen=True)
class ChartLimits:
    """The limits in force, with the lines of a point of the plan's subgroup size by panel."""

    version: int
    center: float
    sigma_within: float
    n_values: int
    sigma_method: str
    valid_from: datetime
    author: str
    reason: str
    lines: Mapping[str, Lines | None]


@dataclass(frozen=True)
class SpecLimits:
    version: int
    lsl: float | None
    target: float | None
    usl: float | None


@dataclass(frozen=True)
class Change:
    """A 4M change at the station: MAN, MACHINE, MATERIAL or METHOD."""

    at: datetime
    kind: str
    text_en: str
    text_ja: str


@dataclass(frozen=True)
class ChartData:
    plan: str
    name_en: str
    name_ja: str
    characteristic_en: str
    characteristic_ja: str
    unit: str
    chart: str  # the kind, as a plan has it: I-MR, XBAR-R, ...
    panels: tuple[str, ...]  # as drawn, downwards
    rules: tuple[int, ...]
    limits: ChartLimits | None
    spec: SpecLimits | None
    points: tuple[PlottedPoint, ...]  # in order of time
    changes: tuple[Change, ...] = ()
    stream: str = ""
    places: tuple[int, ...] = ()  # of each point in the whole span, where fewer are drawn; empty: one after another
    n_points: int = 0  # of the whole span; 0: as many as are drawn

    @property
    def is_thinned(self) -> bool:
        return bool(self.places)

    @property
    def drawn_at(self) -> Sequence[int]:
        """Where along the drawing each point stands."""
        return self.places or range(len(self.points))
