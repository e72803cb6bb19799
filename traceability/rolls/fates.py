"""What became of each metre of a roll, what it was made of, and what was seen on it: all on its own axis."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q

from lines.models import ReasonCode
from traceability.completeness.queries import lost_metres
from traceability.holds.models import Hold
from traceability.rolls.family import Family, RollLink
from traceability.rolls.maps import Piece
from traceability.rolls.models import RollCut, RollMark
from traceability.units.models import Unit

USED, HELD, SHIPPED, SCRAPPED, CUT, LOST, LEFT = "used", "held", "shipped", "scrapped", "cut", "lost", "left"
# As they are told: what somebody must look at first.
FATES = (HELD, LOST, SCRAPPED, CUT, SHIPPED, USED, LEFT)
MOST_MARKS = 2_000

# Where each of the units ended: what is around it, and whether anything of that is held, scrapped or away.
_ENDS = """
with recursive up (origin, unit_id) as (
    select id, id from unnest(%(units)s::bigint[]) as u (id)
    union
    select up.origin, l.output_id from up join traceability_currentlink l on l.input_unit_id = up.unit_id
)
select up.origin,
       bool_or(exists (select 1 from traceability_holdunit h where h.unit_id = u.id and h.released_at is null)),
       bool_or(u.state = 'SCRAPPED'),
       min(u.serial) filter (where d.tracking = 'CELL'), min(u.serial) filter (where d.tracking = 'PACK'),
       min(u.serial) filter (where d.tracking = 'CONTAINER'), min(site.code)
from up join traceability_unit u on u.id = up.unit_id
left join lines_materialdefinition d on d.id = u.definition_id
left join traceability_shippedunit s on s.unit_id = u.id and s.returned_at is null
left join traceability_shipment sent on sent.id = s.shipment_id
left join lines_datacentresite site on site.id = sent.site_id
group by 1
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """A piece of the roll and what became of it. Serials are empty where there is none."""

    from_m: float
    to_m: float
    lane: int | None  # None: the whole width
    delta_m: float
    fate: str
    serial: str = ""  # of the unit that took it
    cell: str = ""
    pack: str = ""
    container: str = ""
    site: str = ""
    reason: str = ""  # CUT: why
    is_held: bool = False

    @property
    def outermost(self) -> str:
        """What the cell is in now: its container, or its pack."""
        return self.container or self.pack

    def is_on(self, lane: int) -> bool:
        return self.lane is None or self.lane == lane

    def may_hold(self, at_m: float) -> bool:
        return self.from_m - self.delta_m <= at_m <= self.to_m + self.delta_m

    def holds(self, at_m: float) -> bool:
        return self.from_m <= at_m < self.to_m


@dataclass(frozen=True, slots=True)
class Seen:
    """A mark on the roll; `on` is the serial of the roll it was posted for, where that is another one."""

    from_m: float
    to_m: float
    lane: int | None
    side: str
    code: str
    name: str
    size_mm: float | None
    y_mm: float | None
    on: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Source:
    """What these metres were made of: a slurry batch, another roll, a bought lot."""

    from_m: float
    to_m: float
    lane: int | None
    delta_m: float
    name: str
    serial: str  # empty: a lot
    lot_id: int | None
    tracking: str
    is_inferred: bool


@dataclass(frozen=True, slots=True)
class HeldRange:
    from_m: float
    to_m: float
    lane: int | None
    hold_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class RollFates:
    """Everything of one roll. `length_m` is what was posted, or as far as anything on it reaches."""

    roll: Unit
    length_m: float
    lanes: int
    taken: list[Taken]
    sources: list[Source]
    seen: list[Seen]
    held_ranges: list[HeldRange]
    is_cut: bool

    @property
    def metres(self) -> dict[str, float]:
        """Metres of the whole width by fate; a lane of n counts an n-th."""
        found = dict.fromkeys(FATES, 0.0)
        for piece in self.taken:
            found[piece.fate] += (piece.to_m - piece.from_m) / (1 if piece.lane is None else self.lanes)
        return found


def fates_of(family: Family) -> RollFates:
    """All of it; the number of statements does not depend on the roll."""
    roll = family.roll
    ends = [link for link in family.down if not link.is_between_rolls]
    cuts = list(RollCut.objects.filter(roll__in={roll.pk, *family.rolls_below}))
    reach = [link.to_m for link in family.down if link.input_id == roll.pk and link.to_m is not None]
    length = roll.length_m or max(reach, default=0.0)
    lanes = roll.lanes or max((link.lane or 1 for link in family.down if link.input_id == roll.pk), default=1)
    taken = [*_taken_by(family, ends, length), *_cut_out(family, cuts)]
    taken += _left(taken, list(_lost(family, length)), length, lanes)
    return RollFates(
        roll=roll,
        length_m=length,
        lanes=lanes,
        taken=sorted(taken, key=lambda piece: (piece.from_m, piece.lane or 0)),
        sources=_sources(family, length),
        seen=_seen(family),
        held_ranges=_held_ranges(roll, length),
        is_cut=family.is_cut,
    )


def _taken_by(family: Family, ends: list[RollLink], length: float) -> Iterable[Taken]:
    ended = _ends({link.output_id for link in ends})
    for link in ends:
        if link.input_id is None:
            continue
        span = (link.from_m, link.to_m)
        if link.from_m is None or link.to_m is None:
            if link.input_id != family.roll.pk:
                continue
            span = (0.0, length)
        piece = Piece(span[0] or 0.0, span[1] or 0.0, link.lane, delta_m=link.delta_m)
        end = ended.get(link.output_id, _NOWHERE)
        for here in family.from_below(link.input_id, piece):
            metres = (here.from_m, here.to_m, here.lane, here.delta_m)
            where = (end.cell, end.pack, end.container, end.site)
            yield Taken(*metres, end.fate, link.output_serial, *where, is_held=end.is_held)


@dataclass(frozen=True, slots=True)
class _End:
    """Where a unit that took metres ended."""

    is_held: bool
    is_scrapped: bool
    cell: str
    pack: str
    container: str
    site: str

    @property
    def fate(self) -> str:
        return SCRAPPED if self.is_scrapped else SHIPPED if self.site else HELD if self.is_held else USED


_NOWHERE = _End(False, False, "", "", "", "")


def _ends(unit_ids: Collection[int]) -> dict[int, _End]:
    with connection.cursor() as cursor:
        cursor.execute(_ENDS, {"units": list(unit_ids)})
        return {row[0]: _End(row[1], row[2], *(word or "" for word in row[3:])) for row in cursor.fetchall()}


def _cut_out(family: Family, cuts: list[RollCut]) -> Iterable[Taken]:
    for cut in cuts:
        for here in family.from_below(cut.roll_id, Piece(cut.from_m, cut.to_m, cut.lane)):
            yield Taken(here.from_m, here.to_m, here.lane, here.delta_m, CUT, reason=cut.code)


def _lost(family: Family, length: float) -> Iterable[Taken]:
    """What deleted links told of its metres. One that told none is to all of the roll."""
    for each in lost_metres({family.roll.pk, *family.rolls_below}):
        start, end = each.from_m, each.to_m
        if start is None or end is None:
            if each.roll_id != family.roll.pk:
                continue
            start, end = 0.0, length
        for here in family.from_below(each.roll_id, Piece(start, end, each.lane)):
            yield Taken(here.from_m, here.to_m, here.lane, here.delta_m, LOST, each.serial)


def _left(taken: list[Taken], lost: list[Taken], length: float, lanes: int) -> Iterable[Taken]:
    """What nobody took, by lane: metres of deleted links, and what is left."""
    for lane in range(1, lanes + 1):
        spans = [(piece.from_m, piece.to_m) for piece in taken if piece.is_on(lane)]
        for start, end in _between(spans, 0.0, length):
            there = [piece for piece in lost if piece.is_on(lane) and piece.from_m < end and piece.to_m > start]
            for piece in there:
                yield Taken(max(piece.from_m, start), min(piece.to_m, end), lane, piece.delta_m, LOST, piece.serial)
            for free_start, free_end in _between([(piece.from_m, piece.to_m) for piece in there], start, end):
                yield Taken(free_start, free_end, lane, 0.0, LEFT)


def _between(spans: Iterable[tuple[float, float]], start: float, end: float) -> Iterable[tuple[float, float]]:
    """What no span covers. Less than a millimetre is rounding."""
    done = start
    for span_start, span_end in sorted(spans):
        if span_start - done > 1e-3:
            yield done, span_start
        done = max(done, span_end)
    if end - done > 1e-3:
        yield done, end


def _sources(family: Family, length: float) -> list[Source]:
    found: list[Source] = []
    for link in family.up:
        own = link.output_id == family.roll.pk
        start, end = (link.own_from_m, link.own_to_m) if link.own_from_m is not None else (0.0, link.output_length)
        if link.input_tracking == "LOT" and not own:
            continue  # foil of a roll further back stands on that roll's page
        if link.is_between_rolls and not own:
            continue
        if start is None or end is None:
            start, end = 0.0, length
        serial, is_inferred = "" if link.lot_id else link.input_name, link.basis == "MOUNTED"
        about = (link.input_name, serial, link.lot_id, link.input_tracking, is_inferred)
        there = family.from_above(link.output_id, Piece(start, end, delta_m=link.delta_m))
        found += [Source(here.from_m, here.to_m, here.lane, here.delta_m, *about) for here in there]
    return sorted(found, key=lambda source: (source.tracking == "LOT", source.tracking, source.from_m))


def _seen(family: Family) -> list[Seen]:
    rolls = {family.roll.pk, *family.rolls_below, *family.rolls_above}
    marks = list(RollMark.objects.filter(roll__in=rolls).select_related("roll", "record").order_by("id")[:MOST_MARKS])
    names = {code.code: code.name for code in ReasonCode.objects.filter(code__in={mark.code for mark in marks})}
    found = []
    for mark in marks:
        # A point is there too, and has no length.
        piece = Piece(mark.from_m, mark.to_m, mark.lane, mark.side)
        above = mark.roll_id in family.rolls_above
        there = family.from_above(mark.roll_id, piece) if above else family.from_below(mark.roll_id, piece)
        other = mark.roll.serial if mark.roll_id != family.roll.pk else ""
        for here in there:
            about = (mark.code, names.get(mark.code, mark.code), mark.size_mm, mark.y_mm)
            found.append(Seen(here.from_m, here.to_m, here.lane, here.side, *about, other, mark.record.source_time))
    return sorted(found, key=lambda seen: seen.from_m)


def _held_ranges(roll: Unit, length: float) -> list[HeldRange]:
    """Open holds on metres of this roll, or on all of it."""
    holds = Hold.objects.filter(Q(scope="ROLL_RANGE") | Q(scope="UNIT"), unit=roll, released_at=None).order_by("id")
    return [
        HeldRange(hold.from_m or 0.0, length if hold.to_m is None else hold.to_m, hold.lane, hold.pk, hold.reason)
        for hold in holds
    ]
