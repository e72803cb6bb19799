"""Where along rolls failures lie together: the best window of each axis, for the observed failures and for shuffled
ones. Pure.

Source: J. Naus (1965) and M. Kulldorff (1997), scan statistics with windows of any length. The best window begins and
ends at a failed unit, since taking a good unit off its end only raises the score; so only pairs of failures are looked
at. A window takes at most half of its axis: more than that is the roll, which is a level of its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from traceability.causes.evidence import Axis, Floats, Ints
from traceability.causes.scoring import Scorer

LARGEST_SHARE = 0.5
_PAIRS_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class Items:
    """The pieces of all axes in one row, axis after axis, each along its metres."""

    unit: Ints
    axis: Ints
    from_m: Floats
    to_m: Floats
    sizes: Ints  # pieces of each axis
    rate_before: Floats  # running sum of the units' rates
    by_unit: Ints  # places of a unit's pieces, unit after unit
    first_of_unit: Ints


@dataclass(frozen=True, slots=True)
class Window:
    """The best window of an axis: its score and its pieces from place `first` to `last` of Items."""

    axis: int
    score: float
    first: int
    last: int


def lay_out(axes: Sequence[Axis], scorer: Scorer) -> Items:
    rows = [_in_order(axis) for axis in axes]
    unit = np.concatenate([row[0] for row in rows]) if rows else np.zeros(0, np.int64)
    sizes = np.asarray([len(row[0]) for row in rows], dtype=np.int64)
    order = np.argsort(unit, kind="stable")
    return Items(
        unit,
        np.repeat(np.arange(len(rows)), sizes),
        np.concatenate([row[1] for row in rows]) if rows else np.zeros(0),
        np.concatenate([row[2] for row in rows]) if rows else np.zeros(0),
        sizes,
        np.concatenate([[0.0], np.cumsum(scorer.rate[unit])]),
        order,
        np.searchsorted(unit[order], np.arange(scorer.n_units + 1)),
    )


def _in_order(axis: Axis) -> tuple[Ints, Floats, Floats]:
    """Pieces by their middle. Those of one unit that lie next to each other, as a cell's two jelly rolls do, are one:
    else a failed cell would count as a pair of failures."""
    middle = (axis.from_m + axis.to_m) / 2
    order = np.lexsort((middle, axis.units))
    unit, begin, end = axis.units[order], axis.from_m[order], axis.to_m[order]
    is_next = np.zeros(len(unit), dtype=bool)
    if len(unit) > 1:
        near = begin[1:] - end[:-1] <= (end[:-1] - begin[:-1]) + (end[1:] - begin[1:])
        is_next[1:] = (unit[1:] == unit[:-1]) & near
    starts = np.flatnonzero(~is_next)
    if len(starts):
        unit, begin, end = unit[starts], np.minimum.reduceat(begin, starts), np.maximum.reduceat(end, starts)
    along = np.argsort((begin + end) / 2, kind="stable")
    return unit[along], begin[along], end[along]


def best_windows(items: Items, scorer: Scorer, failed: Ints) -> list[Window]:
    """Of each axis that has at least two failures: its best window. `failed`: indices of failed units."""
    places, groups = _places(items, failed[None, :])
    best: dict[int, Window] = {}
    for at, other, scores in _pairs(items, scorer, places, groups):
        owners, tops = _tops(groups[at], scores)
        for axis, top in zip(owners.tolist(), tops.tolist(), strict=True):
            if top > 0 and (axis not in best or top > best[axis].score):
                n = int(np.flatnonzero((groups[at] == axis) & (scores == top))[0])
                best[axis] = Window(axis, top, int(places[at[n]]), int(places[other[n]]))
    return [best[axis] for axis in sorted(best)]


def _tops(groups: Ints, scores: Floats) -> tuple[Ints, Floats]:
    """The groups, each once, and the best score of each; `groups` is sorted."""
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    return groups[starts], np.maximum.reduceat(scores, starts)


def shuffled_best(items: Items, scorer: Scorer, failed: Ints) -> Floats:
    """`failed`: a row of failed units for each shuffle. The best score of each axis: shuffles x axes."""
    n_axes = len(items.sizes)
    best = np.zeros((len(failed), n_axes))
    if not len(items.unit):
        return best
    each = max(1, _PAIRS_AT_ONCE // max(1, len(items.unit) * failed.shape[1] // scorer.n_units * 8 + 1))
    for begin in range(0, len(failed), each):
        places, groups = _places(items, failed[begin : begin + each])
        part = best[begin : begin + each].reshape(-1)
        for at, _other, scores in _pairs(items, scorer, places, groups):
            owners, tops = _tops(groups[at], scores)
            part[owners] = np.maximum(part[owners], tops)
    return best


def _places(items: Items, failed: Ints) -> tuple[Ints, Ints]:
    """Places of the failed units' pieces in order, and for each its group: row of `failed` times axes, plus axis."""
    flat = failed.reshape(-1)
    counts = items.first_of_unit[flat + 1] - items.first_of_unit[flat]
    starts = np.repeat(items.first_of_unit[flat] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
    place = items.by_unit[starts + np.arange(counts.sum())]
    row = np.repeat(np.repeat(np.arange(len(failed)), failed.shape[1]), counts)
    order = np.argsort(row * np.int64(len(items.unit)) + place, kind="stable")
    place, row = place[order], row[order]
    return place, row * np.int64(len(items.sizes)) + items.axis[place]


def _pairs(items: Items, scorer: Scorer, places: Ints, groups: Ints) -> Iterator[tuple[Ints, Ints, Floats]]:
    """(first, last, scores) for pairs of failures in one group with 0, 1, 2 ... failures between them."""
    most = np.floor(items.sizes * LARGEST_SHARE).astype(np.int64)[items.axis[places]] if len(places) else places
    at = np.arange(len(places))
    step = 1
    while True:
        at = at[at + step < len(places)]
        other = at + step
        n = places[other] - places[at] + 1
        keep = (groups[at] == groups[other]) & (n <= most[at])
        at, other, n = at[keep], other[keep], n[keep]
        if not len(at):
            return
        step += 1
        expected = items.rate_before[places[other] + 1] - items.rate_before[places[at]]
        yield at, other, scorer.score(np.full(len(at), step, dtype=np.int64), n, expected)
