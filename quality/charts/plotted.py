"""What a control chart shows, ready to draw: one shape for the screen, a report and an export. Pure."""

from dataclasses import dataclass
from datetime import datetime

from quality.spc.panels import Lines


@dataclass(frozen=True)
class Signalled:
    """A rule violated at a point."""

    signal: int
    chart: str  # I, MR, XBAR or R
    rule: int
    side: int
    window_first: int
    alarm: int | None
    is_acknowledged: bool


@dataclass(frozen=True)
class PlottedPoint:
    """Values in the characteristic's unit; the lines are those of the limits the point was evaluated on."""

    number: int
    source_time: datetime  # in the plant's time zone
    location: float
    spread: float | None
    n: int
    records: tuple[int, ...]
    serials: tuple[str, ...]  # of the records, in their order
    limits_version: int
    location_lines: Lines
    spread_lines: Lines | None
    signals: tuple[Signalled, ...]


@dataclass(frozen=True)
class ChartLimits:
    """The limits in force, for points of the plan's subgroup size."""

    version: int
    center: float
    sigma_within: float
    n_values: int
    sigma_method: str
    valid_from: datetime
    author: str
    reason: str
    location: Lines
    spread: Lines


@dataclass(frozen=True)
class SpecLimits:
    version: int
    lsl: float | None
    target: float | None
    usl: float | None


@dataclass(frozen=True)
class ChartData:
    plan: str
    name_en: str
    name_ja: str
    characteristic_en: str
    characteristic_ja: str
    unit: str
    chart: str  # I-MR or XBAR-R
    rules: tuple[int, ...]
    limits: ChartLimits | None
    spec: SpecLimits | None
    points: tuple[PlottedPoint, ...]
