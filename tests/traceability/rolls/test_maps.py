"""Maps of metres between rolls: against a model that carries single millimetre points, and what must always hold."""

from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil, floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traceability.rolls.maps import Piece, RollMap, Segment, Span, balance, compose

# Everything lies on a grid of millimetres; stretch is a whole multiple, so that the model needs no rounding.
MM = 1024  # not 1000: sums and differences of metres are exact then, as the model's whole numbers are
LANES = 3


@dataclass(frozen=True)
class Winding:
    """One winding of a roll into a child: what is cut out, turned, mirrored, spliced, on millimetres."""

    kept: tuple[tuple[int, int], ...]  # of the parent, in order of the child
    lane: int | None
    stretch: int
    is_reversed: bool
    is_flipped: bool
    is_mirrored: bool

    @property
    def length(self) -> int:
        return self.stretch * sum(end - start for start, end in self.kept)

    def segments(self, delta_m: float = 0.0) -> RollMap:
        found, done = [], 0
        for start, end in self.kept:
            long = self.stretch * (end - start)
            found.append(
                Segment(
                    start / MM,
                    end / MM,
                    done / MM,
                    (done + long) / MM,
                    self.lane,
                    self.is_reversed,
                    self.is_flipped,
                    self.is_mirrored,
                    delta_m,
                    LANES,
                )
            )
            done += long
        return RollMap(tuple(found))

    def points(self) -> dict[tuple[int, int], set[tuple[int, int]]]:
        """(millimetre, lane) of the child: those of the parent, one by one."""
        found: dict[tuple[int, int], set[tuple[int, int]]] = {}
        done = 0
        for start, end in self.kept:
            order = range(end - 1, start - 1, -1) if self.is_reversed else range(start, end)
            for mm in order:
                for _ in range(self.stretch):
                    for lane in range(1, LANES + 1):
                        if self.lane is None:
                            child_lane = LANES + 1 - lane if self.is_mirrored else lane
                            found.setdefault((done, child_lane), set()).add((mm, lane))
                        elif lane == self.lane:
                            for child_lane in range(1, LANES + 1):
                                found.setdefault((done, child_lane), set()).add((mm, lane))
                    done += 1
        return found


@st.composite
def windings(draw: st.DrawFn, length: int | None = None, stretch: int | None = None) -> Winding:
    length = length or draw(st.integers(4, 24))
    cuts = sorted(draw(st.sets(st.integers(0, length), min_size=2, max_size=6)))
    kept = [(a, b) for n, (a, b) in enumerate(pairwise(cuts)) if n % 2 == 0]
    return Winding(
        tuple(reversed(kept)) if draw(st.booleans()) else tuple(kept),
        draw(st.sampled_from([None, 1, 2, 3])),
        stretch or draw(st.integers(1, 3)),
        draw(st.booleans()),
        draw(st.booleans()),
        draw(st.booleans()),
    )


def covers(pieces: list[Piece]) -> set[tuple[int, int]]:
    """The millimetres, lane by lane, that pieces lie on, if only with a part of one."""
    return {
        (mm, lane)
        for piece in pieces
        for mm in range(floor(piece.from_m * MM + 1e-6), ceil(piece.to_m * MM - 1e-6))
        for lane in ((piece.lane,) if piece.lane is not None else range(1, LANES + 1))
    }


@given(windings(stretch=1), st.integers(0, 23), st.integers(1, 24), st.sampled_from([None, 1, 2, 3]))
@settings(max_examples=40, deadline=None)
def test_each_millimetre_goes_where_the_model_puts_it(w: Winding, start: int, long: int, lane: int | None) -> None:
    piece = Piece(start / MM, (start + long) / MM, lane)
    lanes = range(1, LANES + 1) if lane is None else (lane,)
    asked = {(mm, n) for mm in range(start, start + long) for n in lanes}
    made_of = w.points()
    expected = {child for child, parents in made_of.items() if parents & asked}
    assert covers(w.segments().to_child(piece)) == expected
    back = {parent for child, parents in made_of.items() if child in asked for parent in parents}
    assert covers(w.segments().to_parent(piece)) == back


@given(windings(), st.integers(0, 23), st.integers(1, 24), st.sampled_from(["", "A", "B"]))
@settings(max_examples=40, deadline=None)
def test_there_and_back_is_where_it_was(w: Winding, start: int, long: int, side: str) -> None:
    """Round trip: what comes back is the part of the piece that the child has, with its side, within delta."""
    parts = w.segments(0.001)
    piece = Piece(start / MM, (start + long) / MM, w.lane, side)
    back = [
        again
        for there in parts.to_child(piece)
        if not there.is_inferred
        for again in parts.to_parent(there)
        if not again.is_inferred
    ]
    kept = {mm for a, b in w.kept for mm in range(a, b)} & set(range(start, start + long))
    assert {mm for mm, _ in covers(back)} == kept
    assert {found.side for found in back} <= {side}
    assert all(found.delta_m >= piece.delta_m for found in back)


@given(windings(stretch=1), st.data())
@settings(max_examples=40, deadline=None)
def test_a_splice_changes_no_metres_before_it(w: Winding, data: st.DataObject) -> None:
    parts = w.segments()
    more = Segment(5.0, 6.0, w.length / MM, w.length / MM + 1.0, w.lane)
    spliced = RollMap((*parts.segments, more))
    start = data.draw(st.integers(0, max(w.length - 1, 0)))
    before = Piece(start / MM, w.length / MM)
    assert spliced.to_parent(before) == parts.to_parent(before)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_two_maps_in_a_row_are_one(data: st.DataObject) -> None:
    first = data.draw(windings(stretch=1))
    then = data.draw(windings(length=first.length, stretch=1))
    if first.lane is not None:
        then = replace(then, is_mirrored=False)
    start, long = data.draw(st.integers(0, 23)), data.draw(st.integers(1, 24))
    piece = Piece(start / MM, (start + long) / MM)
    step = [found for there in first.segments().to_child(piece) for found in then.segments().to_child(there)]
    once = compose(first.segments(), then.segments()).to_child(piece)
    assert {mm for mm, _ in covers(once)} == {mm for mm, _ in covers(step)}
    back_two, back_one = then.segments().to_parent(piece), compose(first.segments(), then.segments()).to_parent(piece)
    assert {mm for mm, _ in covers(back_one)} == {
        mm for mm, _ in covers([found for there in back_two for found in first.segments().to_parent(there)])
    }


@given(windings(), st.integers(0, 23), st.integers(1, 3), st.integers(0, 23), st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_forward_and_backward_agree(w: Winding, start: int, long: int, at: int, wide: int) -> None:
    """A piece of the child is of a piece of the parent if and only if that one is in it."""
    parts = w.segments()
    above, below = Piece(start / MM, (start + long) / MM), Piece(at / MM, (at + wide) / MM)
    forward = covers(parts.to_child(above)) & covers([below])
    backward = covers(parts.to_parent(below)) & covers([above])
    assert bool(forward) == bool(backward)


@given(windings(), st.integers(0, 23), st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_what_is_only_near_is_inferred_and_stays_so(w: Winding, start: int, delta: int) -> None:
    piece = Piece(start / MM, (start + 1) / MM, delta_m=delta / MM)
    inside = {mm for a, b in w.kept for mm in range(a, b)}
    there = w.segments().to_child(piece)
    assert any(not found.is_inferred for found in there) == (start in inside)
    for found in there:
        assert abs(found.delta_m - piece.delta_m * w.stretch) < 1e-9
        if found.is_inferred:
            assert delta > 0
            assert all(again.is_inferred for again in w.segments().to_parent(found))
    assert bool(there) == any(mm in inside for mm in range(start - delta, start + delta + 1))


@pytest.mark.parametrize("is_reversed", [False, True])
@pytest.mark.parametrize("at", [0.0, 10.0, 20.0, 4.0])
def test_a_point_is_never_between_two_pieces(is_reversed: bool, at: float) -> None:
    """Exactly where it was cut, it may be in either; at the ends of a roll it is in it; there and back the same."""
    two = RollMap(
        (
            Segment(0.0, 10.0, 0.0, 10.0, is_reversed=is_reversed),
            Segment(10.0, 20.0, 10.0, 20.0, is_reversed=is_reversed),
        )
    )
    found = two.to_child(Piece(at, at))
    assert len(found) == (2 if at == 10 else 1)
    assert all(Piece(at, at) in two.to_parent(each) for each in found)
    assert not any(each.is_inferred for each in found)


spans = st.lists(
    st.builds(
        lambda start, long, lane: Span(start / 2, (start + long) / 2, lane),
        st.integers(0, 20), st.integers(1, 6), st.sampled_from([None, 1, 2, 3]),
    ),
    max_size=7,
)  # fmt: skip


def halves(span: Span) -> set[tuple[int, int]]:
    lanes = range(1, LANES + 1) if span.lane is None else (span.lane,)
    return {(at, lane) for at in range(round(span.from_m * 2), round(span.to_m * 2)) for lane in lanes}


@given(spans, spans)
@settings(max_examples=40, deadline=None)
def test_the_length_balance_is_that_of_every_half_metre(used: list[Span], scrapped: list[Span]) -> None:
    told = balance(20.0, LANES, used, scrapped)
    gone: set[tuple[int, int]] = set().union(*(halves(span) for span in (*used, *scrapped)))
    cells = 2 * LANES
    assert abs(told.remaining_m - (20.0 - len(gone) / cells)) < 1e-9
    twice = sum(len(halves(span)) for span in (*used, *scrapped)) - len(gone)
    assert abs(told.twice_m - twice / cells) < 1e-9
    assert told.holds == (told.remaining_m >= -0.1 and told.twice_m <= 0.1)
