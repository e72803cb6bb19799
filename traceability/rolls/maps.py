"""Metres of a parent roll and of the roll made from it: piecewise linear, never one factor for a whole roll. Pure.

Every roll has one axis, in metres from its own start; lanes count from 1, sides are A and B. A map is a table of
segments, as the genealogy links between the two rolls tell them. Where a rewind turns the roll round a segment is
reversed; stretch is the segment's own length over the length it was made of. Metres run from their start up to, but not
with, their end; a point on an end is in both pieces that meet there. (Length bookkeeping, own formulation.)

`delta_m` says how far the ends may lie off, by the encoders. It grows along the way: by stretch, and by what each
segment adds. What only lies within it is `is_inferred`.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

OTHER_SIDE = {"A": "B", "B": "A", "": ""}
# Of the length that a balance may miss: encoders, and what nobody tells at the ends (README of the plant data).
BALANCE_TOLERANCE = 0.005


@dataclass(frozen=True, slots=True)
class Piece:
    """Metres of one roll. `lane` None: any, or all; `side` empty: both."""

    from_m: float
    to_m: float
    lane: int | None = None
    side: str = ""
    delta_m: float = 0.0
    is_inferred: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a parent, and where it lies on the child. `lane` is the parent's, None: its whole width; `lanes`:
    how many the parent has, where they are told."""

    parent_from: float
    parent_to: float
    child_from: float
    child_to: float
    lane: int | None = None
    is_reversed: bool = False
    is_flipped: bool = False
    is_mirrored: bool = False
    delta_m: float = 0.0
    lanes: int | None = None

    @property
    def stretch(self) -> float:
        """Metres of the child for one of the parent."""
        return (self.child_to - self.child_from) / (self.parent_to - self.parent_from)

    def to_child(self, piece: Piece) -> Piece | None:
        """Where a piece of the parent lies on the child; None: not in this segment, not even within delta."""
        if piece.lane is not None and self.lane is not None and piece.lane != self.lane:
            return None
        lane = None if self.lane is not None else self._other(piece.lane)
        ends = (self.parent_from, self.parent_to, self.child_from, self.child_to)
        return self._carried(piece, lane, ends, self.stretch)

    def to_parent(self, piece: Piece) -> Piece | None:
        """Where a piece of the child lies on the parent; None: not in this segment, not even within delta."""
        # A segment of one lane is the child's whole width, however it is parted there.
        lane = self.lane if self.lane is not None else self._other(piece.lane)
        ends = (self.child_from, self.child_to, self.parent_from, self.parent_to)
        return self._carried(piece, lane, ends, 1 / self.stretch)

    def _other(self, lane: int | None) -> int | None:
        if not self.is_mirrored or lane is None:
            return lane
        return self.lanes + 1 - lane if self.lanes is not None else None

    def _carried(
        self, piece: Piece, lane: int | None, ends: tuple[float, float, float, float], stretch: float
    ) -> Piece | None:
        start, end, other_start, other_end = ends
        if not touches(piece.from_m, piece.to_m, start, end, piece.delta_m + self.delta_m):
            return None
        first, last = (min(max(at, start), end) for at in (piece.from_m, piece.to_m))
        if self.is_reversed:
            carried = (other_end - (last - start) * stretch, other_end - (first - start) * stretch)
        else:
            carried = (other_start + (first - start) * stretch, other_start + (last - start) * stretch)
        return Piece(
            *carried,
            lane=lane,
            side=OTHER_SIDE[piece.side] if self.is_flipped else piece.side,
            delta_m=piece.delta_m * stretch + self.delta_m,
            is_inferred=piece.is_inferred or not touches(piece.from_m, piece.to_m, start, end),
        )


def touches(from_m: float, to_m: float, start: float, end: float, delta_m: float = 0.0) -> bool:
    """Whether metres share one with those from `start` up to `end`, or would within `delta_m`.

    A point on an end is in it: where it lies exactly on a cut, both pieces are suspect, whichever way they run.
    """
    if delta_m > 0 and from_m - delta_m < end and to_m + delta_m > start:
        return True
    return start <= from_m <= end if from_m == to_m else from_m < end and to_m > start


@dataclass(frozen=True, slots=True)
class RollMap:
    """All segments between one parent and one child. They may overlap nowhere on one lane of the parent."""

    segments: tuple[Segment, ...]

    def to_child(self, piece: Piece) -> list[Piece]:
        """The pieces of the child that a piece of the parent became, in order of the segments."""
        return [found for segment in self.segments if (found := segment.to_child(piece)) is not None]

    def to_parent(self, piece: Piece) -> list[Piece]:
        """The pieces of the parent that a piece of the child was made of."""
        return [found for segment in self.segments if (found := segment.to_parent(piece)) is not None]


def compose(first: RollMap, then: RollMap) -> RollMap:
    """The map from a grandparent to a grandchild. Lanes within a lane are told by the outer one."""
    return RollMap(tuple(s for a in first.segments for b in then.segments if (s := _composed(a, b)) is not None))


def _composed(first: Segment, then: Segment) -> Segment | None:
    start, end = max(first.child_from, then.parent_from), min(first.child_to, then.parent_to)
    if start >= end:
        return None
    # Without uncertainty: what is cut here is where the two segments meet, not what is known of it.
    exact = Piece(start, end)
    back = replace(first, delta_m=0.0).to_parent(exact)
    on = replace(then, delta_m=0.0).to_child(exact)
    assert back is not None and on is not None  # noqa: S101 - both hold it
    lane = first.lane if first.lane is not None else first._other(then.lane)
    return Segment(
        parent_from=back.from_m,
        parent_to=back.to_m,
        child_from=on.from_m,
        child_to=on.to_m,
        lane=lane,
        is_reversed=first.is_reversed != then.is_reversed,
        is_flipped=first.is_flipped != then.is_flipped,
        is_mirrored=first.is_mirrored != then.is_mirrored,
        delta_m=first.delta_m * then.stretch + then.delta_m,
        lanes=first.lanes or then.lanes,
    )


@dataclass(frozen=True, slots=True)
class Span:
    """Metres of a roll with their lane (None: the whole width) that somebody took: an output, or scrap."""

    from_m: float
    to_m: float
    lane: int | None = None

    @property
    def length_m(self) -> float:
        return self.to_m - self.from_m


@dataclass(frozen=True, slots=True)
class Balance:
    """Where the metres of a roll went, as metres of the whole width (a lane of n counts an n-th)."""

    length_m: float
    used_m: float
    scrapped_m: float
    twice_m: float  # that more than one took

    @property
    def remaining_m(self) -> float:
        return self.length_m - (self.used_m + self.scrapped_m - self.twice_m)

    @property
    def holds(self) -> bool:
        """Nothing beyond the roll and nothing twice, within the tolerance."""
        within = BALANCE_TOLERANCE * self.length_m
        return self.remaining_m >= -within and self.twice_m <= within


def balance(length_m: float, lanes: int | None, used: Iterable[Span], scrapped: Iterable[Span]) -> Balance:
    """The length balance of one roll: used + scrapped + remaining = its length, with what was taken twice told apart.
    `lanes` None: one."""
    n = lanes or 1
    used, scrapped = list(used), list(scrapped)
    covered = 0.0
    for lane in range(1, n + 1):
        on = sorted((s.from_m, s.to_m) for s in (*used, *scrapped) if n == 1 or s.lane in (None, lane))
        reached = -math.inf
        for start, end in on:
            covered += max(0.0, end - max(start, reached)) / n
            reached = max(reached, end)
    used_m, scrapped_m = _metres(used, n), _metres(scrapped, n)
    return Balance(length_m, used_m, scrapped_m, max(0.0, used_m + scrapped_m - covered))


def _metres(spans: Iterable[Span], lanes: int) -> float:
    return sum(span.length_m / (lanes if span.lane is not None else 1) for span in spans)
