"""The run rules point by point, on frozen limits: a new point costs a look at the last ones, nothing is recomputed.

Gives the same violations as quality.spc.rules over the whole panel (the tests hold one against the other).
"""

from collections import deque
from dataclasses import dataclass, field

from quality.spc.panels import Lines
from quality.spc.rules import ALLOWED, RUN_LENGTHS, slack

RUN_LENGTH = RUN_LENGTHS[2]

HISTORY = RUN_LENGTH - 1  # earlier points that a Follower has to be shown before the first new one


@dataclass(frozen=True)
class Violation:
    """One satisfied window that ends at the point just added; `length` counts its points."""

    rule: int
    side: int
    length: int


@dataclass
class Follower:
    """One panel (I, MR, XBAR or R) followed point by point."""

    chart: str
    rules: tuple[int, ...]
    _sides: deque[int] = field(default_factory=lambda: deque(maxlen=HISTORY))

    def __post_init__(self) -> None:
        self.rules = tuple(rule for rule in self.rules if rule in ALLOWED[self.chart])

    def add(self, point: float | None, lines: Lines | None) -> list[Violation]:
        """Take the next point in order; None, for the point or its lines, is a gap."""
        if point is None or lines is None or not lines.error > 0:
            self.reset()
            return []
        found = []
        if 1 in self.rules:
            beyond = _side(point, lines.lcl, lines.ucl, lines.error)
            if beyond:
                found.append(Violation(1, beyond, 1))
        side = _side(point, lines.center, lines.center, lines.error)
        if 2 in self.rules and side and len(self._sides) == HISTORY and all(s == side for s in self._sides):
            found.append(Violation(2, side, RUN_LENGTH))
        self._sides.append(side)
        return found

    def reset(self) -> None:
        """A gap, or new limits: windows start afresh."""
        self._sides.clear()


def _side(point: float, below: float, above: float, error: float) -> int:
    return int(point - above > slack(above, error)) - int(below - point > slack(below, error))
