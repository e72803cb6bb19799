"""The genealogy of one unit or lot as a picture: one card for each kind of unit, counted by the database.

A pack of 104 cells and a lot in ten thousand are a dozen cards each: what is drawn does not grow with the plant.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from lines.models import DataCentreSite, MaterialDefinition
from traceability.genealogy.columns import ranks
from traceability.genealogy.starts import WHOLE
from traceability.rolls.reach import CURRENT, LINKS_BEHIND, ahead, behind, links_ahead
from traceability.units.models import Lot, Unit

SHOWN_MEMBERS = 3
SHOWN_LOTS = 2
MOST_LOTS = 500
WIDE = 8  # columns

# `walk`: every unit on one side of the focus, and the focus. `came`: the links between them, each once.
_CAME = "l.id, l.output_id, l.input_unit_id, l.input_lot_id, l.quantity, l.uom, l.basis"
_FOCUS = ", walk as (select unit_id, is_inferred from reach union all select %(unit)s, false)"


def _came(along: str, more: str = "") -> str:
    return f", came as materialized (select distinct {_CAME} from {along}{more})"  # noqa: S608 - constants of ours


_FROM_LOTS = f" union all select {_CAME} from lot join {CURRENT} l on l.input_lot_id = lot.lot_id"  # noqa: S608 - ours
BEHIND = behind("select %(unit)s::bigint") + _FOCUS + _came(LINKS_BEHIND)
AHEAD = ahead(f"select %(unit)s::bigint, {WHOLE}") + _FOCUS + _came(links_ahead())
_IN_WALK = ", walk as (select unit_id, is_inferred from reach)"
AHEAD_OF_LOT = ahead(lots="select %(lot)s::bigint") + _IN_WALK + _came(links_ahead(), _FROM_LOTS)
_PICTURE = f"""
, edges as (
    select o.definition_id as later, i.definition_id as earlier, c.input_lot_id is not null as is_lot, count(*) as n,
           count(*) filter (where c.basis = 'MOUNTED') as inferred
    from came c join traceability_unit o on o.id = c.output_id left join traceability_unit i on i.id = c.input_unit_id
    group by 1, 2, 3
), cards as (
    select u.definition_id as kind, u.state, count(*) as n, min(u.created_at) as first, max(u.created_at) as last,
           count(*) filter (where exists (
               select 1 from traceability_holdunit h where h.unit_id = u.id and h.released_at is null)) as held,
           count(*) filter (where walk.is_inferred) as inferred,
           (array_agg(u.serial order by u.id))[1:{SHOWN_MEMBERS}] as serials, min(u.id) as first_id
    from walk join traceability_unit u on u.id = walk.unit_id group by 1, 2
), used as (
    select o.definition_id as kind, c.input_lot_id as lot, count(*) as n, sum(c.quantity) as quantity,
           min(c.uom) as uom, count(distinct c.uom) as uoms, bool_or(c.basis = 'MOUNTED') as inferred
    from came c join traceability_unit o on o.id = c.output_id where c.input_lot_id is not null
    group by 1, 2 order by 1, 2 limit {MOST_LOTS + 1}
), places as (
    select u.definition_id as kind, count(distinct p.tray) as trays,
           count(distinct p.channel) filter (where p.channel <> '') as channels
    from walk join traceability_trayplacement p on p.unit_id = walk.unit_id
    join traceability_unit u on u.id = p.unit_id group by 1
), away as (
    select s.site_id as site, u.definition_id as kind, count(*) as n, (array_agg(distinct s.number))[1:{SHOWN_MEMBERS}]
               as shipments, count(distinct s.id) as n_shipments
    from walk join traceability_shippedunit w on w.unit_id = walk.unit_id and w.returned_at is null
    join traceability_shipment s on s.id = w.shipment_id join traceability_unit u on u.id = w.unit_id group by 1, 2
)
select (select json_agg(e) from edges e), (select json_agg(c) from cards c), (select json_agg(u) from used u),
       (select json_agg(p) from places p), (select json_agg(a) from away a)
"""  # noqa: S608 - constants of this module


@dataclass(frozen=True)
class UsedLot:
    """A lot that went into units of one card."""

    lot: Lot
    quantity: float | None  # None: not told, or in several units of measure
    uom: str
    n_times: int
    is_inferred: bool


@dataclass(frozen=True)
class Material:
    """Lots of one material that went into units of one card."""

    code: str
    definition: MaterialDefinition | None
    lots: list[UsedLot]

    @property
    def shown(self) -> list[UsedLot]:
        return self.lots[:SHOWN_LOTS]

    @property
    def n_hidden(self) -> int:
        return max(len(self.lots) - SHOWN_LOTS, 0)


@dataclass
class Card:
    """All units of one kind on one side. `definition` None: serials that no rule knows."""

    key: str
    column: int
    definition: MaterialDefinition | None
    is_focus: bool = False
    n_units: int = 0
    n_held: int = 0
    n_inferred: int = 0  # somewhere on the way it was mounted, or overlaps only within the uncertainty
    states: dict[str, int] = field(default_factory=dict)
    serials: list[str] = field(default_factory=list)  # the first few
    materials: list[Material] = field(default_factory=list)
    n_trays: int = 0
    n_channels: int = 0
    first: datetime | None = None
    last: datetime | None = None

    @property
    def code(self) -> str:
        return self.definition.code if self.definition else "-"

    @property
    def n_hidden(self) -> int:
        return self.n_units - len(self.serials)

    @property
    def n_scrapped(self) -> int:
        return self.states.get("SCRAPPED", 0)

    @property
    def n_shipped(self) -> int:
        return self.states.get("SHIPPED", 0)


@dataclass
class SiteCard:
    """A data centre with what is there of it."""

    key: str
    site: DataCentreSite
    n_units: int = 0  # shipped units: containers, packs
    n_shipments: int = 0
    shipments: list[str] = field(default_factory=list)  # numbers of the first few


@dataclass(frozen=True)
class Line:
    """From a card to the one that was made of it."""

    earlier: str
    later: str
    n_links: int
    n_inferred: int


@dataclass(frozen=True)
class Picture:
    """Columns left to right in time; in each the cards from top to bottom."""

    unit: Unit | None
    lot: Lot | None
    columns: list[list[Card]]
    sites: list[SiteCard]
    lines: list[Line]
    n_behind: int
    n_ahead: int
    n_lots: int
    n_links: int
    n_inferred: int
    is_cut: bool  # more lots than are named

    @property
    def is_wide(self) -> bool:
        """More columns than a small screen has room for at their full width."""
        return len(self.columns) + bool(self.sites) > WIDE

    @property
    def cards(self) -> list[Card]:
        return [card for column in self.columns for card in column]


@dataclass
class _Side:
    edges: list[dict[str, Any]]
    cards: list[dict[str, Any]]
    used: list[dict[str, Any]]
    places: list[dict[str, Any]]
    away: list[dict[str, Any]]


def _side(sql: str, **asked: int) -> _Side:
    with connection.cursor() as cursor:
        cursor.execute(sql + _PICTURE, asked)
        return _Side(*(rows or [] for rows in cursor.fetchone()))


def picture_of_unit(unit: Unit) -> Picture:
    """Everything that the unit was made of and went into."""
    behind, ahead = _side(BEHIND, unit=unit.pk), _side(AHEAD, unit=unit.pk)
    drawn = _Drawn()
    focus = unit.definition_id
    drawn.add(behind, focus, is_ahead=False)
    drawn.add(ahead, focus, is_ahead=True)
    card = drawn.card(False, focus, 0)
    card.is_focus, card.serials, card.n_units = True, [unit.serial], 1
    return drawn.picture(unit, None)


def picture_of_lot(lot: Lot) -> Picture:
    """Everything that a lot went into; the lots that it was split off or merged of are on its own page."""
    drawn = _Drawn()
    drawn.card(True, None, 0).is_focus = True
    drawn.add(_side(AHEAD_OF_LOT, lot=lot.pk), None, is_ahead=True, from_lot=True)
    return drawn.picture(None, lot)


class _Drawn:
    """Puts both sides together."""

    def __init__(self) -> None:
        self.definitions = MaterialDefinition.objects.in_bulk()
        self.by_code = {definition.code: definition for definition in self.definitions.values()}
        self.cards: dict[str, Card] = {}
        self.lines: list[Line] = []
        self.counts = {"behind": 0, "ahead": 0, "links": 0, "inferred": 0}
        self.lots: set[int] = set()
        self.sites: dict[int, SiteCard] = {}
        self.is_cut = False

    def card(self, is_ahead: bool, kind: int | None, column: int) -> Card:
        """The focus is one card, whichever side it is seen from."""
        key = "focus" if column == 0 else f"{'a' if is_ahead else 'b'}{kind or 0}"
        if key not in self.cards:
            self.cards[key] = Card(key, column, self.definitions.get(kind) if kind else None)
        return self.cards[key]

    def add(self, side: _Side, focus: int | None, *, is_ahead: bool, from_lot: bool = False) -> None:
        start = "lot" if from_lot else focus
        pairs = [
            ("lot" if edge["is_lot"] else edge["earlier"], edge["later"])
            for edge in side.edges
            if from_lot or not edge["is_lot"]
        ]
        column = ranks(start, pairs, ahead=is_ahead)
        column.update({row["kind"]: column.get(row["kind"], 1 if is_ahead else -1) for row in side.cards})
        for row in side.cards:
            card = self.card(is_ahead, row["kind"], column[row["kind"]])
            if card.column == 0:
                continue
            _count(card, row)
            self.counts["ahead" if is_ahead else "behind"] += row["n"]
        for edge in side.edges:
            self.counts["links"] += edge["n"]
            self.counts["inferred"] += edge["inferred"]
            if edge["is_lot"] and not from_lot:
                continue
            earlier = "focus" if edge["is_lot"] else self._key(is_ahead, edge["earlier"], column)
            later = self._key(is_ahead, edge["later"], column)
            if earlier != later:
                self.lines.append(Line(earlier, later, edge["n"], edge["inferred"]))
        for row in side.places:
            card = self.card(is_ahead, row["kind"], column[row["kind"]])
            card.n_trays, card.n_channels = row["trays"], row["channels"]
        if is_ahead:
            self._add_sites(side, column)
        if not from_lot:
            self._add_lots(side, is_ahead, column)

    def _add_sites(self, side: _Side, column: dict[Any, int]) -> None:
        sites = DataCentreSite.objects.in_bulk({row["site"] for row in side.away})
        for row in side.away:
            card = self.sites.setdefault(row["site"], SiteCard(f"s{row['site']}", sites[row["site"]]))
            card.n_units += row["n"]
            card.n_shipments += row["n_shipments"]
            card.shipments += row["shipments"]
            self.lines.append(Line(self._key(True, row["kind"], column), card.key, row["n"], 0))

    def _key(self, is_ahead: bool, kind: int | None, column: dict[Any, int]) -> str:
        return self.card(is_ahead, kind, column[kind]).key

    def _add_lots(self, side: _Side, is_ahead: bool, column: dict[Any, int]) -> None:
        self.is_cut |= len(side.used) > MOST_LOTS
        rows = side.used[:MOST_LOTS]
        lots = Lot.objects.in_bulk({row["lot"] for row in rows})
        self.lots |= lots.keys()
        by_card: dict[str, dict[str, list[UsedLot]]] = {}
        for row in rows:
            lot = lots[row["lot"]]
            used = UsedLot(lot, row["quantity"] if row["uoms"] == 1 else None, row["uom"], row["n"], row["inferred"])
            by_card.setdefault(self._key(is_ahead, row["kind"], column), {}).setdefault(lot.material_code, []).append(
                used
            )
        for key, materials in by_card.items():
            self.cards[key].materials = [
                Material(code, self.by_code.get(code), used) for code, used in materials.items()
            ]

    def picture(self, unit: Unit | None, lot: Lot | None) -> Picture:
        places = sorted({card.column for card in self.cards.values()})
        columns = [_in_order(card for card in self.cards.values() if card.column == place) for place in places]
        counts = self.counts
        return Picture(
            unit=unit,
            lot=lot,
            columns=columns,
            sites=sorted(self.sites.values(), key=lambda card: card.site.code),
            lines=self.lines,
            n_behind=counts["behind"],
            n_ahead=counts["ahead"],
            n_lots=len(self.lots),
            n_links=counts["links"],
            n_inferred=counts["inferred"],
            is_cut=self.is_cut,
        )


def _count(card: Card, row: dict[str, Any]) -> None:
    first, last = (datetime.fromisoformat(row[end]) for end in ("first", "last"))
    card.n_units += row["n"]
    card.n_held += row["held"]
    card.n_inferred += row["inferred"]
    card.states[row["state"]] = row["n"]
    card.serials = sorted([*card.serials, *row["serials"]])[:SHOWN_MEMBERS]
    card.first = min(card.first or first, first)
    card.last = max(card.last or last, last)


def _in_order(cards: Iterable[Card]) -> list[Card]:
    """As the plant's data list them: one electrode above the other in every column."""
    return sorted(cards, key=lambda card: card.definition.pk if card.definition else 0)
