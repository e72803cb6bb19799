"""A roll with the rolls it was made of and those made of it: everything on any of them, told on this one's own axis."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.db import connection

from lines.orders.models import Tracking
from traceability.rolls.maps import Piece, Segment
from traceability.units.models import Unit

# The links below this roll as far as they lead to rolls, with what was made of any of them; and the links above it.
_LINKS = """
select l.id, l.input_unit_id, l.input_lot_id, l.output_id, l.lane, l.from_m, l.to_m, l.own_from_m, l.own_to_m,
       l.is_reversed, l.is_flipped, l.is_mirrored, coalesce(l.delta_m, 0), l.basis, l.quantity, l.uom,
       coalesce(i.serial, t.number), o.serial, coalesce(di.tracking, 'LOT'), dd.tracking, i.length_m, o.length_m,
       i.lanes
from roll join traceability_currentlink l on {here}
join traceability_unit o on o.id = l.output_id left join lines_materialdefinition dd on dd.id = o.definition_id
left join traceability_unit i on i.id = l.input_unit_id
left join lines_materialdefinition di on di.id = i.definition_id
left join traceability_lot t on t.id = l.input_lot_id
order by l.id limit %(most)s
"""
_ROLLS_BELOW = """
with recursive roll (unit_id) as (
    select %(roll)s::bigint
    union
    select l.output_id from roll join traceability_currentlink l on l.input_unit_id = roll.unit_id
    join traceability_unit o on o.id = l.output_id join lines_materialdefinition d on d.id = o.definition_id
    where d.tracking = 'ROLL'
)"""
_ROLLS_ABOVE = """
with recursive roll (unit_id) as (
    select %(roll)s::bigint
    union
    select l.input_unit_id from roll join traceability_currentlink l on l.output_id = roll.unit_id
    join traceability_unit i on i.id = l.input_unit_id join lines_materialdefinition d on d.id = i.definition_id
    where d.tracking = 'ROLL'
)"""
_DOWN = _ROLLS_BELOW + _LINKS.format(here="l.input_unit_id = roll.unit_id")
_UP = _ROLLS_ABOVE + _LINKS.format(here="l.output_id = roll.unit_id")
MOST_LINKS = 20_000
_DEEPEST = 12


@dataclass(frozen=True, slots=True)
class RollLink:
    """One link to or from a roll of the family."""

    link: int
    input_id: int | None
    lot_id: int | None
    output_id: int
    lane: int | None
    from_m: float | None
    to_m: float | None
    own_from_m: float | None
    own_to_m: float | None
    is_reversed: bool
    is_flipped: bool
    is_mirrored: bool
    delta_m: float
    basis: str
    quantity: float | None
    uom: str
    input_name: str  # serial, or number of the lot
    output_serial: str
    input_tracking: str
    output_tracking: str | None
    input_length: float | None
    output_length: float | None
    input_lanes: int | None

    @property
    def is_between_rolls(self) -> bool:
        return self.input_tracking == self.output_tracking == Tracking.ROLL

    @property
    def segment(self) -> Segment | None:
        """The segment of the map between its two rolls; None: nobody said where it lies, and how long they are."""
        start, end = _span(self.from_m, self.to_m, self.input_length)
        own_start, own_end = _span(self.own_from_m, self.own_to_m, self.output_length)
        if end is None or own_end is None or end <= start or own_end <= own_start:
            return None
        return Segment(
            parent_from=start,
            parent_to=end,
            child_from=own_start,
            child_to=own_end,
            lane=self.lane,
            is_reversed=self.is_reversed,
            is_flipped=self.is_flipped,
            is_mirrored=self.is_mirrored,
            delta_m=self.delta_m,
            lanes=self.input_lanes,
        )


def _span(from_m: float | None, to_m: float | None, length: float | None) -> tuple[float, float | None]:
    return (from_m, to_m) if from_m is not None else (0.0, length)


@dataclass(frozen=True, slots=True)
class Family:
    """The links around one roll, and the maps that they make."""

    roll: Unit
    down: list[RollLink]
    up: list[RollLink]
    is_cut: bool

    @property
    def rolls_below(self) -> set[int]:
        return {link.output_id for link in self.down if link.is_between_rolls}

    @property
    def rolls_above(self) -> set[int]:
        return {link.input_id for link in self.up if link.is_between_rolls and link.input_id is not None}

    def from_below(self, unit_id: int, piece: Piece) -> list[Piece]:
        """Where a piece of a roll made of this one lies on this one; only what is there for certain."""
        return list(self._climb(unit_id, piece, self._parents(), 0))

    def from_above(self, unit_id: int, piece: Piece) -> list[Piece]:
        """Where a piece of a roll that this one was made of lies on this one."""
        return list(self._fall(unit_id, piece, self._children(), 0))

    def _parents(self) -> dict[int, list[tuple[int, Segment]]]:
        found: dict[int, list[tuple[int, Segment]]] = defaultdict(list)
        for link in self.down:
            if link.is_between_rolls and link.input_id is not None and (segment := link.segment) is not None:
                found[link.output_id].append((link.input_id, segment))
        return found

    def _children(self) -> dict[int, list[tuple[int, Segment]]]:
        found: dict[int, list[tuple[int, Segment]]] = defaultdict(list)
        for link in self.up:
            if link.is_between_rolls and link.input_id is not None and (segment := link.segment) is not None:
                found[link.input_id].append((link.output_id, segment))
        return found

    def _climb(
        self, unit_id: int, piece: Piece, parents: dict[int, list[tuple[int, Segment]]], depth: int
    ) -> Iterator[Piece]:
        if unit_id == self.roll.pk:
            yield piece
        elif depth < _DEEPEST:
            for parent, segment in parents[unit_id]:
                found = segment.to_parent(replace(piece, delta_m=0.0))
                if found is not None and not found.is_inferred:
                    wider = replace(found, delta_m=found.delta_m + piece.delta_m)
                    yield from self._climb(parent, wider, parents, depth + 1)

    def _fall(
        self, unit_id: int, piece: Piece, children: dict[int, list[tuple[int, Segment]]], depth: int
    ) -> Iterator[Piece]:
        if unit_id == self.roll.pk:
            yield piece
        elif depth < _DEEPEST:
            for child, segment in children[unit_id]:
                found = segment.to_child(replace(piece, delta_m=0.0))
                if found is not None and not found.is_inferred:
                    wider = replace(found, delta_m=found.delta_m + piece.delta_m)
                    yield from self._fall(child, wider, children, depth + 1)


def family_of(roll: Unit) -> Family:
    """Two statements, however many rolls."""
    down, up = _read(_DOWN, roll.pk), _read(_UP, roll.pk)
    return Family(roll, down[:MOST_LINKS], up[:MOST_LINKS], max(len(down), len(up)) > MOST_LINKS)


def _read(sql: str, roll_id: int) -> list[RollLink]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"roll": roll_id, "most": MOST_LINKS + 1})
        return [RollLink(*row) for row in cursor.fetchall()]
