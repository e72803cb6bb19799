"""Which open holds cover what a visit made: pure, as the rows say.

A hold on a lot, a roll's metres, a unit or a tray covers what is made of it; one on a station or channel covers the
units whose visit ended there within its window; one because of a signal, those of them that are of its product, recipe,
channel and position.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from traceability.rolls.maps import Piece, Segment


@dataclass(frozen=True, slots=True)
class Cover:
    """A hold that was placed on more than named units. The empty fields are those its scope does not use."""

    hold_id: int
    scope: str
    unit_id: int | None  # ROLL_RANGE: the roll
    lot_id: int | None  # LOT: the held lot or one that it became part of
    channel: str
    lane: int | None  # None: all
    from_m: float | None  # None: from its start, to its end
    to_m: float | None
    window_from: datetime | None
    window_to: datetime | None
    # SIGNAL; empty: any
    product: str = ""
    recipe: str = ""
    characteristic: str = ""
    position: str = ""
    by_overlap: bool = False
    # ROLL_RANGE: a piece of the roll that is what became of the held metres
    delta_m: float = 0.0
    lanes: int | None = None  # of the roll


@dataclass(frozen=True, slots=True)
class Taken:
    """One input of one unit: a unit or a lot. Metres are on the input roll's own axis, `own_` ones on the output's."""

    output_id: int
    input_unit_id: int | None = None
    input_lot_id: int | None = None
    lane: int | None = None
    from_m: float | None = None
    to_m: float | None = None
    own_from_m: float | None = None
    own_to_m: float | None = None
    is_reversed: bool = False
    is_mirrored: bool = False
    delta_m: float | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A visit that ended: the unit, the formation channel it was on (empty: none), the machine's time corrected."""

    unit_id: int
    channel: str
    at: datetime
    started: datetime | None = None
    product: str = ""
    recipe: str = ""
    measured: frozenset[tuple[str, str]] = frozenset()  # characteristic, position


def takes_of(cover: Cover, taken: Taken) -> bool:
    """Whether this input is of what a hold of scope LOT or ROLL_RANGE covers. Metres that were not told may be any."""
    return piece_of(cover, taken) is not None


# All of a unit; what is no roll is never less.
WHOLE = Piece(-math.inf, math.inf)


def piece_of(cover: Cover, taken: Taken) -> Piece | None:
    """The metres of the output that are of what the hold covers: WHOLE where nobody told metres there; None: nothing.

    The same step as rolls/reach.py's.
    """
    is_told = taken.own_from_m is not None and taken.own_to_m is not None
    own = Piece(taken.own_from_m or 0.0, taken.own_to_m or 0.0, delta_m=taken.delta_m or 0.0) if is_told else WHOLE
    if cover.scope == "LOT":
        return own if taken.input_lot_id is not None and taken.input_lot_id == cover.lot_id else None
    if taken.input_unit_id is None or taken.input_unit_id != cover.unit_id:
        return None
    held = Piece(
        -math.inf if cover.from_m is None else cover.from_m,
        math.inf if cover.to_m is None else cover.to_m,
        cover.lane,
        delta_m=cover.delta_m,
    )
    segment = _segment(taken, cover.lanes)
    carried = segment.to_child(held)
    if carried is None or not is_told:
        return carried and WHOLE
    if taken.from_m is None:
        return replace(own, lane=carried.lane)
    return carried


def _segment(taken: Taken, lanes: int | None) -> Segment:
    """Metres that were not told may be any."""
    far = math.inf
    return Segment(
        -far if taken.from_m is None else taken.from_m,
        far if taken.to_m is None else taken.to_m,
        0.0 if taken.own_from_m is None else taken.own_from_m,
        1.0 if taken.own_to_m is None else taken.own_to_m,
        taken.lane,
        is_reversed=taken.is_reversed,
        is_mirrored=taken.is_mirrored,
        delta_m=taken.delta_m or 0.0,
        lanes=lanes,
    )


def saw(cover: Cover, seen: Seen) -> bool:
    """Whether the visit ended within the window, or overlaps it; both ends belong to it."""
    if cover.scope == "CHANNEL" and cover.channel != seen.channel:
        return False
    if cover.scope == "SIGNAL" and not _is_alike(cover, seen):
        return False
    begin = seen.started if cover.by_overlap and seen.started is not None else seen.at
    return (cover.window_from is None or cover.window_from <= seen.at) and (
        cover.window_to is None or begin <= cover.window_to
    )


def _is_alike(cover: Cover, seen: Seen) -> bool:
    """Of the product, recipe, channel and position that signalled."""
    return (
        cover.product in ("", seen.product)
        and cover.recipe in ("", seen.recipe)
        and cover.channel in ("", seen.channel)
        and (not cover.position or _may_have(cover, seen))
    )


def _may_have(cover: Cover, seen: Seen) -> bool:
    """It was measured at the position, or nobody said at which: not measured at all, as most are where few are."""
    positions = {position for code, position in seen.measured if code == cover.characteristic}
    return not positions or cover.position in positions


def covered(covers: Iterable[Cover], visits: Iterable[Seen], inputs: Iterable[Taken]) -> Iterator[tuple[int, int]]:
    """(hold, unit) for every unit that one of these holds covers, or metres of it. The holds are those of the visits'
    own station, channels and tray, and of lots and rolls among the inputs."""
    return ((hold_id, unit_id) for hold_id, unit_id, _ in covered_pieces(covers, visits, inputs))


def covered_pieces(
    covers: Iterable[Cover], visits: Iterable[Seen], inputs: Iterable[Taken]
) -> Iterator[tuple[int, int, Piece]]:
    """The same with the metres of the unit that the hold covers."""
    visits, inputs = list(visits), list(inputs)
    for cover in covers:
        if cover.scope == "TRAY":
            yield from ((cover.hold_id, seen.unit_id, WHOLE) for seen in visits)
        elif cover.scope in ("STATION", "CHANNEL", "SIGNAL"):
            yield from ((cover.hold_id, seen.unit_id, WHOLE) for seen in visits if saw(cover, seen))
        else:
            for taken in inputs:
                piece = piece_of(cover, taken)
                if piece is not None:
                    yield cover.hold_id, taken.output_id, piece
