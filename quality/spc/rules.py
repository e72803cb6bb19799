"""Run rules (Nelson 1984) over a whole panel: rule 1, a point beyond a limit; rule 2, nine on one side.

Both readings of "what is flagged" are reported: `end`, the last point of each satisfied window, and `all`, every
point of it. Beyond is strict: a point on a line is not beyond it, and one on the centre breaks a run. A gap resets
every window. With zero sigma nothing signals: limits that coincide with the centre tell nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from quality.spc.panels import Floats, Panel

Places: TypeAlias = NDArray[np.int64]
Number = TypeVar("Number", float, Floats)

ROUNDING = 4 * float(np.finfo(np.float64).eps)

RUN_LENGTH = 9  # rule 2

# Which rules may run on which chart: a moving range is correlated with its neighbour, so runs on it mean nothing.
ALLOWED = {"I": range(1, 9), "XBAR": range(1, 9), "R": range(1, 5), "MR": range(1, 2)}


@dataclass(frozen=True)
class Found:
    """Satisfied windows of one rule: shape (k,) for `end`, `side` (+1 above, -1 below) and `first`."""

    rule: int
    end: Places
    side: Places
    first: Places
    all: Places


def slack(line: Number, error: Number) -> Number:
    """How far off a line still counts as on it: rounding of decimal data, a billionth of a standard error."""
    return 1e-9 * error + ROUNDING * abs(line)


def sides(points: Floats, below: Floats, above: Floats, error: Floats) -> Places:
    """+1 strictly over the line `above`, -1 strictly under `below`, 0 otherwise or where nothing can be said."""
    with np.errstate(invalid="ignore"):
        over = points - above > slack(above, error)
        under = below - points > slack(below, error)
    return np.where(error > 0, over.astype(np.int64) - under.astype(np.int64), 0)


def rule_1(panel: Panel) -> Found:
    """A point strictly beyond a control limit."""
    side = sides(panel.points, panel.lcl, panel.ucl, panel.error)
    end = np.flatnonzero(side)
    return Found(1, end, side[end], end, end)


def rule_2(panel: Panel, run_length: int = RUN_LENGTH) -> Found:
    """`run_length` points in a row strictly on one side of the centre (Western Electric 8, AIAG 7)."""
    side = sides(panel.points, panel.center, panel.center, panel.error)
    place = np.arange(side.size)
    # Where the present run began: the last place at which the side differs from the one before it.
    starts = np.maximum.accumulate(np.where(np.diff(side, prepend=0) != 0, place, 0))
    end = np.flatnonzero((side != 0) & (place - starts + 1 >= run_length))
    first = end - run_length + 1
    # +1 where windows open, -1 after they close: inside any of them the sum is positive.
    depth = np.bincount(first, minlength=side.size + 1) - np.bincount(end + 1, minlength=side.size + 1)
    return Found(2, end, side[end], first, np.flatnonzero(np.cumsum(depth) > 0))


RULES: dict[int, Callable[[Panel], Found]] = {1: rule_1, 2: rule_2}


def western_electric(panel: Panel) -> dict[int, Found]:
    """Western Electric 1-4: beyond 3 sigma, 2 of 3 beyond 2, 4 of 5 beyond 1, 8 on one side. Nelson's 1, 5, 6 and 2."""
    raise NotImplementedError


def end_any(panel: Panel, rule: int) -> Places:
    """Rules 5 and 6 read otherwise: the last point of each satisfied window, itself beyond or not."""
    raise NotImplementedError


def end_both(panel: Panel) -> Places:
    """Rule 8 read otherwise: of its windows only those with points on both sides."""
    raise NotImplementedError


def find(panel: Panel, rules: Sequence[int], run_lengths: Mapping[int, int] | None = None) -> dict[int, Found]:
    """The chosen Nelson rules on one panel, by number. Rules that may not run on this panel are left out.

    run_lengths: other lengths than Nelson's, in points: {2: 8}; of rule 5 and 6 all but one of them have to be beyond.
    """
    return {rule: RULES[rule](panel) for rule in rules if rule in RULES and rule in ALLOWED[panel.name]}
