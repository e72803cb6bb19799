"""The drawing of a roll: metres to the right, one strip for each lane, above them what it was made of. Pure.

Read it as the web lies on the table: the operator's side on top, its first metre on the left. Shapes differ with each
fate, so that colour is never alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import floor, log10
from typing import Protocol

WIDTH, LEFT_ROOM, RIGHT_ROOM = 1240, 108, 30
SOURCE_HEIGHT, LANE_HEIGHT, APART = 22, 40, 6
AXIS_HEIGHT = 30
# Two pieces of one fate that would be narrower than this are drawn as one.
NARROWEST = 3.0
MOST_LANES = 24


class Piece(Protocol):
    """Anything that lies on metres of the roll."""

    @property
    def from_m(self) -> float: ...
    @property
    def to_m(self) -> float: ...
    @property
    def lane(self) -> int | None: ...


@dataclass
class Box:
    """A rectangle in px. `title` is shown beside the pointer; `at_m` and `lane` are where a click leads."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    title: str = ""
    at_m: float = 0.0
    lane: int = 1
    is_held: bool = False

    @property
    def text_x(self) -> float:
        return self.x + self.width / 2


@dataclass
class Sign:
    """A mark at a point of the drawing."""

    x: float
    y: float
    width: float
    kind: str
    title: str


@dataclass
class Drawing:
    height: float = 0.0
    plot_left: float = LEFT_ROOM
    plot_right: float = WIDTH - RIGHT_ROOM
    ticks: list[tuple[float, str]] = field(default_factory=list)
    lanes: list[tuple[float, int]] = field(default_factory=list)  # y of the middle, number
    rows: list[tuple[float, str]] = field(default_factory=list)  # y of the middle, kind of source
    sources: list[Box] = field(default_factory=list)
    pieces: list[Box] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)
    held: list[Box] = field(default_factory=list)
    lanes_top: float = 0.0
    lanes_bottom: float = 0.0
    cursor_x: float | None = None


class Scale:
    """Metres to px and back."""

    def __init__(self, length_m: float) -> None:
        self.length_m = max(length_m, 1e-6)
        self.width = WIDTH - LEFT_ROOM - RIGHT_ROOM

    def x(self, at_m: float) -> float:
        """px of a metre; what lies beyond the roll is at its end."""
        return round(LEFT_ROOM + min(max(at_m / self.length_m, 0.0), 1.0) * self.width, 2)

    def ticks(self) -> list[tuple[float, str]]:
        """About ten round metres."""
        step = 10 ** floor(log10(self.length_m / 5))
        step *= next(times for times in (1, 2, 5, 10) if self.length_m / (step * times) <= 12)
        count = int(self.length_m / step + 1e-9)
        decimals = 0 if step >= 1 else 1
        return [(self.x(n * step), f"{n * step:,.{decimals}f}".replace(",", "\u202f")) for n in range(count + 1)]


def rows_of(sources: Sequence[Piece]) -> list[int]:
    """The row of each source: what overlaps another one, as two batches in a transition zone do, stands below it."""
    ends: list[float] = []
    rows = []
    for source in sources:
        row = next((n for n, end in enumerate(ends) if source.from_m >= end - 1e-9), len(ends))
        if row == len(ends):
            ends.append(0.0)
        ends[row] = source.to_m
        rows.append(row)
    return rows


def lane_top(top: float, lane: int) -> float:
    return top + (lane - 1) * (LANE_HEIGHT + APART)


def span(lane: int | None, lanes: int, top: float) -> tuple[float, float]:
    """y and height of a lane's strip; of all of them where none is told or the roll has no such lane."""
    if lane is None or not 1 <= lane <= lanes:
        return top, lanes * (LANE_HEIGHT + APART) - APART
    return lane_top(top, lane), LANE_HEIGHT
