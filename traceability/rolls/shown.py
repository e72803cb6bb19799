"""A roll's page: the drawing of what became of its metres, and everything at one metre."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from lines.orders.models import Tracking
from lines.templatetags.denchi import number
from traceability.rolls.drawing import (
    APART,
    AXIS_HEIGHT,
    LANE_HEIGHT,
    MOST_LANES,
    NARROWEST,
    SOURCE_HEIGHT,
    Box,
    Drawing,
    Scale,
    Sign,
    lane_top,
    rows_of,
    span,
)
from traceability.rolls.family import Family
from traceability.rolls.fates import (
    CUT,
    FATES,
    HELD,
    LEFT,
    LOST,
    SCRAPPED,
    SHIPPED,
    USED,
    RollFates,
    Seen,
    Source,
    Taken,
)
from traceability.rolls.maps import Piece

NEAR_M = 5.0  # marks up to this far from the metre that is asked for are told
MOST_ROWS = 400


def fate_word(fate: str) -> str:
    return {
        USED: _("used"),
        HELD: _("on hold"),
        SHIPPED: _("shipped"),
        SCRAPPED: _("scrapped"),
        CUT: _("cut out"),
        LOST: _("link deleted"),
        LEFT: _("left"),
    }[fate]


def draw(fates: RollFates, at_m: float | None) -> Drawing:
    """The whole roll, with a line at the metre that is asked for."""
    scale, drawing = Scale(fates.length_m), Drawing()
    drawing.ticks = scale.ticks()
    y = _draw_sources(drawing, fates.sources, scale, AXIS_HEIGHT)
    drawing.lanes_top = y
    lanes = min(fates.lanes, MOST_LANES)
    for n in range(1, lanes + 1):
        drawing.lanes.append((lane_top(y, n) + LANE_HEIGHT / 2, n))
        drawing.pieces += _merged([t for t in fates.taken if t.is_on(n)], n, scale, lane_top(y, n))
    drawing.lanes_bottom = lane_top(y, lanes) + LANE_HEIGHT
    drawing.height = drawing.lanes_bottom + 6
    for seen in fates.seen:
        drawing.signs.append(_sign(seen, scale, lanes, y))
    for held in fates.held_ranges:
        top, height = span(held.lane, lanes, y)
        x = scale.x(held.from_m)
        drawing.held.append(Box(x, top - 2, max(scale.x(held.to_m) - x, 2), height + 4, "held-range", held.reason))
    if at_m is not None:
        drawing.cursor_x = scale.x(at_m)
    return drawing


def _draw_sources(drawing: Drawing, sources: list[Source], scale: Scale, y: float) -> float:
    """Rows of batches, rolls and lots; the y below them."""
    for kind in (Tracking.SLURRY_BATCH, Tracking.ROLL, Tracking.LOT):
        of_kind = sorted((s for s in sources if s.tracking == kind), key=lambda source: source.from_m)
        if not of_kind:
            continue
        rows = rows_of(of_kind)
        for source, row in zip(of_kind, rows, strict=True):
            x = scale.x(source.from_m)
            box = Box(x, y + row * (SOURCE_HEIGHT + 2), max(scale.x(source.to_m) - x, 2), SOURCE_HEIGHT, kind.lower())
            box.title = f"{source.name} · {metres(source.from_m, source.to_m, source.delta_m)}"
            drawing.sources.append(box)
        height = (max(rows) + 1) * (SOURCE_HEIGHT + 2)
        drawing.rows.append((y + height / 2, kind.value))
        y += height + 2
    return y + APART


def _merged(pieces: Sequence[Taken], lane: int, scale: Scale, y: float) -> list[Box]:
    """A box for each piece; where they would be too narrow to see, one for those of a fate that follow each other."""
    boxes: list[Box] = []
    count = 0
    for piece in pieces:
        x, end = scale.x(piece.from_m), scale.x(piece.to_m)
        last = boxes[-1] if boxes else None
        narrow = last is not None and (end - x < NARROWEST or last.width < NARROWEST) and x - last.x - last.width < 0.5
        if last is not None and narrow and (last.kind, last.is_held) == (piece.fate, piece.is_held):
            count += 1
            last.width = round(end - last.x, 2)
            last.title = _("%(n)s pieces, %(fate)s") % {"n": number(count, 0), "fate": fate_word(piece.fate)}
            continue
        count = 1
        box = Box(x, y, max(round(end - x, 2), 0.6), LANE_HEIGHT, piece.fate, piece_words(piece))
        box.at_m, box.lane, box.is_held = round((piece.from_m + piece.to_m) / 2, 2), lane, piece.is_held
        boxes.append(box)
    return boxes


def piece_words(piece: Taken) -> str:
    """One line: metres, what became of them, in what."""
    parts = [metres(piece.from_m, piece.to_m, piece.delta_m), fate_word(piece.fate)]
    if piece.is_held and piece.fate != HELD:
        parts.append(fate_word(HELD))
    parts += [
        word for word in (piece.serial, piece.cell, piece.pack, piece.container, piece.site, piece.reason) if word
    ]
    return " · ".join(parts)


def metres(from_m: float, to_m: float, delta_m: float = 0.0) -> str:
    ends = f"{number(from_m, 1)} – {number(to_m, 1)} m" if to_m > from_m else f"{number(from_m, 1)} m"
    return f"{ends} ± {number(delta_m, 1)} m" if delta_m >= 0.05 else ends


def _sign(seen: Seen, scale: Scale, lanes: int, top: float) -> Sign:
    y, height = span(seen.lane, lanes, top)
    # Side A in the upper half of the lane, B in the lower one.
    y += height * {"A": 0.28, "B": 0.72}.get(seen.side, 0.5)
    x = scale.x(seen.from_m)
    words = [seen.name, metres(seen.from_m, seen.to_m), seen.side]
    return Sign(x, y, max(scale.x(seen.to_m) - x, 0), seen.code, " · ".join(word for word in words if word))


@dataclass(frozen=True)
class Share:
    """Metres of one fate, of the whole width."""

    fate: str
    word: str
    metres: float
    percent: float
    n_pieces: int


def shares(fates: RollFates) -> list[Share]:
    found = fates.metres
    pieces: defaultdict[str, int] = defaultdict(int)
    for piece in fates.taken:
        pieces[piece.fate] += 1
    whole = fates.length_m or 1.0
    return [Share(f, fate_word(f), found[f], 100 * found[f] / whole, pieces[f]) for f in FATES if pieces[f]]


@dataclass(frozen=True)
class Elsewhere:
    """The same metre on a roll before or after this one."""

    serial: str
    is_before: bool
    where: str
    lane: int | None
    at_m: float


@dataclass(frozen=True)
class Point:
    """Everything at one metre of one lane."""

    at_m: float
    lane: int
    here: list[Taken]  # certainly there
    near: list[Taken]  # only within the uncertainty of their ends
    sources: list[Source]
    seen: list[Seen]
    elsewhere: list[Elsewhere]


def point(fates: RollFates, family: Family, at_m: float, lane: int) -> Point:
    on_lane = [piece for piece in fates.taken if piece.is_on(lane)]
    here = [piece for piece in on_lane if piece.holds(at_m) or piece.from_m == at_m]
    return Point(
        at_m=at_m,
        lane=lane,
        here=here,
        near=[piece for piece in on_lane if piece.fate != LEFT and piece not in here and piece.may_hold(at_m)],
        sources=[s for s in fates.sources if s.from_m <= at_m <= s.to_m and s.lane in (None, lane)],
        seen=[
            seen
            for seen in fates.seen
            if seen.lane in (None, lane) and seen.from_m - NEAR_M <= at_m <= seen.to_m + NEAR_M
        ],
        elsewhere=_elsewhere(family, at_m, lane if fates.lanes > 1 else None),
    )


def _elsewhere(family: Family, at_m: float, lane: int | None) -> list[Elsewhere]:
    piece, found = Piece(at_m, at_m, lane), []
    for links, is_before in ((family.up, True), (family.down, False)):
        for link in links:
            own = link.output_id if is_before else link.input_id
            if own != family.roll.pk or not link.is_between_rolls or (segment := link.segment) is None:
                continue
            other = segment.to_parent(piece) if is_before else segment.to_child(piece)
            if other is not None and not other.is_inferred:
                serial = link.input_name if is_before else link.output_serial
                where = metres(other.from_m, other.to_m, other.delta_m)
                found.append(Elsewhere(serial, is_before, where, other.lane, round(other.from_m, 2)))
    return found
