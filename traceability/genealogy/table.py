"""The picture's cards as a table: the units of one card, each with the links towards what was asked for."""

from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Page, Paginator
from django.db import connection

from traceability.genealogy.picture import AHEAD, AHEAD_OF_LOT, BEHIND, Card, Picture
from traceability.models import HoldUnit, Unit

ROWS_PER_PAGE = 50
MOST_LINKS = 3  # of one row; a slurry batch is in thousands of cells

# In the order of positions where the unit asked for has them; else newest first.
_UNITS = """
select u.id from walk join traceability_unit u on u.id = walk.unit_id
where u.definition_id is not distinct from %(kind)s::bigint and u.id is distinct from %(unit)s::bigint
order by (select min(l.position) from traceability_currentlink l
          where l.input_unit_id = u.id and l.output_id = %(unit)s), u.id desc
limit %(limit)s offset %(offset)s
"""
_LINKS = """, numbered as (
    select {row} as row_id, c.id, row_number() over (partition by {row} order by c.id) as nth,
           count(*) over (partition by {row}) as n
    from came c where {row} = any(%(rows)s) and (c.input_unit_id is not null or c.input_lot_id is not null)
)
select n.row_id, n.n, o.serial, i.serial, t.id, t.number, l.quantity, l.uom, l.position, l.lane, l.from_m, l.to_m,
       l.basis, r.operation, s.code, r.source_time
from numbered n join traceability_genealogylink l on l.id = n.id
join lines_operationrecord r on r.id = l.record_id join lines_station s on s.id = r.station_id
join traceability_unit o on o.id = l.output_id
left join traceability_unit i on i.id = l.input_unit_id left join traceability_lot t on t.id = l.input_lot_id
where n.nth <= %(most)s order by n.row_id, n.id
"""


@dataclass(frozen=True)
class RowLink:
    """One link of a row: the other end, and how much, where and when."""

    serial: str  # empty for a lot
    lot_id: int | None
    lot_number: str
    quantity: float | None
    uom: str
    position: int | None
    lane: int | None
    from_m: float | None
    to_m: float | None
    basis: str
    operation: str
    station: str
    at: datetime


@dataclass(frozen=True)
class Row:
    unit: Unit
    is_held: bool
    links: list[RowLink]  # the first few
    n_links: int

    @property
    def n_hidden(self) -> int:
        return self.n_links - len(self.links)


@dataclass(frozen=True)
class Table:
    """One page of the units of a card."""

    card: Card
    page: Page[int]
    rows: list[Row]


def card_of(picture: Picture, key: str) -> Card | None:
    """The card a table is wanted of; unless told, what stands nearest to the focus. None: there is only the focus."""
    cards = [card for card in picture.cards if not card.is_focus]
    chosen = next((card for card in cards if card.key == key), None)
    return chosen or min(cards, key=lambda card: (abs(card.column), card.column), default=None)


def table_of(picture: Picture, card: Card, page_number: str) -> Table:
    """A page of the card's units."""
    page: Page[int] = Paginator(range(card.n_units), ROWS_PER_PAGE).get_page(page_number)
    is_behind = card.column < 0
    walk = BEHIND if is_behind else AHEAD if picture.unit else AHEAD_OF_LOT
    asked = {
        "unit": picture.unit.pk if picture.unit else None,
        "lot": picture.lot.pk if picture.lot else None,
        "kind": card.definition.pk if card.definition else None,
        "limit": ROWS_PER_PAGE,
        "offset": max(page.start_index() - 1, 0),
        "most": MOST_LINKS,
    }
    with connection.cursor() as cursor:
        cursor.execute(walk + _UNITS, asked)
        ids = [row[0] for row in cursor.fetchall()]
        links = _LINKS.format(row="c.input_unit_id" if is_behind else "c.output_id")
        cursor.execute(walk + links, {**asked, "rows": ids})
        found: dict[int, tuple[int, list[RowLink]]] = {}
        for unit, n, output, serial, lot_id, number, *place in cursor.fetchall():
            other = output if is_behind else serial or ""
            found.setdefault(unit, (n, []))[1].append(RowLink(other, lot_id, number or "", *place))
    units = Unit.objects.in_bulk(ids)
    held = set(HoldUnit.objects.filter(unit__in=ids, released_at=None).values_list("unit_id", flat=True))
    none: tuple[int, list[RowLink]] = (0, [])
    rows = [Row(units[pk], pk in held, found.get(pk, none)[1], found.get(pk, none)[0]) for pk in ids if pk in units]
    return Table(card, page, rows)


@dataclass(frozen=True)
class Near:
    """What one unit was directly made of, and what it directly went into."""

    unit: Unit
    inputs: list[RowLink]
    outputs: list[RowLink]
    n_inputs: int
    n_outputs: int


_NEAR = """
select l.output_id = %(unit)s, o.serial, i.serial, t.id, t.number, l.quantity, l.uom, l.position, l.lane, l.from_m,
       l.to_m, l.basis, r.operation, s.code, r.source_time
from traceability_currentlink l
join lines_operationrecord r on r.id = l.record_id join lines_station s on s.id = r.station_id
join traceability_unit o on o.id = l.output_id
left join traceability_unit i on i.id = l.input_unit_id left join traceability_lot t on t.id = l.input_lot_id
where l.output_id = %(unit)s or l.input_unit_id = %(unit)s order by l.id limit %(limit)s
"""
MOST_NEAR = 8
_MOST_READ = 5_000


def near(unit: Unit) -> Near:
    """One step to both sides of a unit, for a card that is opened."""
    inputs: list[RowLink] = []
    outputs: list[RowLink] = []
    with connection.cursor() as cursor:
        cursor.execute(_NEAR, {"unit": unit.pk, "limit": _MOST_READ})
        for is_input, output, serial, lot_id, number, *place in cursor.fetchall():
            into = inputs if is_input else outputs
            into.append(RowLink((serial or "") if is_input else output, lot_id, number or "", *place))
    return Near(unit, inputs[:MOST_NEAR], outputs[:MOST_NEAR], len(inputs), len(outputs))


@dataclass(frozen=True)
class Ended:
    """A part that was taken out again at rework."""

    link: RowLink  # the other end
    is_part: bool  # it was in the unit asked for; else that one was in it
    ended_at: datetime
    reason: str


_ENDED = """
select l.output_id = %(unit)s, o.serial, coalesce(i.serial, ''), t.id, t.number, l.quantity, l.uom, l.position, l.lane,
       l.from_m, l.to_m, l.basis, r.operation, s.code, r.source_time, e.at, e.reason
from traceability_everlink l join traceability_linkend e on e.link_id = l.id
join lines_operationrecord r on r.id = l.record_id join lines_station s on s.id = r.station_id
join traceability_unit o on o.id = l.output_id
left join traceability_unit i on i.id = l.input_unit_id left join traceability_lot t on t.id = l.input_lot_id
where l.output_id = %(unit)s or l.input_unit_id = %(unit)s order by e.id limit %(limit)s
"""
MOST_ENDED = 100


def ended(unit: Unit) -> list[Ended]:
    """What was in the unit once, and what it was in once; both histories stay."""
    with connection.cursor() as cursor:
        cursor.execute(_ENDED, {"unit": unit.pk, "limit": MOST_ENDED})
        rows = cursor.fetchall()
    return [
        Ended(RowLink(serial if is_part else output, lot_id, number or "", *place), is_part, at, reason)
        for is_part, output, serial, lot_id, number, *place, at, reason in rows
    ]
