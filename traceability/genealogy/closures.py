"""Every link behind or ahead of a unit or lot, in one query however deep."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection
from django.db.models.expressions import RawSQL

from lines.models import MaterialDefinition
from lines.records.prepared import prepared_cursor
from traceability.genealogy.levels import Edge, Group, Member, Node, made_of, went_into
from traceability.models import HoldUnit, Lot, Unit
from traceability.rolls.reach import LINKS_BEHIND, ahead, behind, links_ahead

_LINK = (
    "output_id", "input_unit_id", "input_lot_id", "quantity", "uom", "position", "lane", "from_m", "to_m", "basis",
)  # fmt: skip
# Each link once, as several pieces of a roll may go along it. Only what lies in the metres behind or ahead.
_COLUMNS = ", ".join(f"l.{column}" for column in _LINK)
_EDGES = f"select distinct l.id, {_COLUMNS} from {{walked}} order by l.id"  # noqa: S608 - constants of this module
_MADE_OF = behind("select %s::bigint") + _EDGES.format(walked=LINKS_BEHIND)
_WENT_INTO = ahead("select %s::bigint, null::int, null::float8, null::float8") + _EDGES.format(walked=links_ahead())
# What was split off a lot, and what it was merged into, is of it too.
_LOTS_AHEAD = """
with recursive part(lot_id) as (
    select %s::bigint
    union
    select p.child_id from traceability_lotpart p join part on p.parent_id = part.lot_id
) select lot_id from part
"""
_LOTS_BEHIND = """
with recursive behind(lot_id) as (
    select unnest(%s::bigint[])
    union
    select p.parent_id from traceability_lotpart p join behind on p.child_id = behind.lot_id
) select p.child_id, p.parent_id, p.quantity
from traceability_lotpart p join behind on p.child_id = behind.lot_id order by p.id
"""
_REACHED = "select unit_id from reach"
_UNITS_AHEAD_OF_LOT = ahead(lots="select %s::bigint") + _REACHED


def _ids(sql: str, start: int) -> RawSQL:
    return RawSQL(sql, [start])  # noqa: S611 - the statements above, the id as a parameter


def units_ahead_of_lot(lot: Lot) -> RawSQL:
    """A subquery: ids of all units with something of this lot, or of a part of it, in them."""
    return _ids(_UNITS_AHEAD_OF_LOT, lot.pk)


def lots_ahead_of(lot: Lot) -> RawSQL:
    """A subquery: ids of this lot and of every lot with something of it."""
    return _ids(_LOTS_AHEAD, lot.pk)


def lot_parts_behind(lot_ids: Collection[int]) -> list[tuple[int, int, float]]:
    """(lot, lot it was made of, quantity) for these lots and all behind them; one statement."""
    if not lot_ids:
        return []
    with prepared_cursor() as cursor:
        cursor.execute(_LOTS_BEHIND, [list(lot_ids)])
        return list(cursor.fetchall())


MOST_SHOWN = 240


@dataclass(frozen=True)
class NamedMember:
    """A member with the unit or the lot it is."""

    member: Member
    unit: Unit | None
    lot: Lot | None
    is_held: bool


@dataclass(frozen=True)
class NamedGroup:
    """A group with its material's words. `definition` is None for a code that no plant data know."""

    code: str
    definition: MaterialDefinition | None
    members: list[NamedMember]
    groups: "list[NamedGroup]"
    has_positions: bool
    is_lots: bool

    @property
    def shown(self) -> list[NamedMember]:
        """As many as a page bears: a slurry batch is in thousands of cells. The API lists all."""
        return self.members[:MOST_SHOWN]

    @property
    def n_hidden(self) -> int:
        return max(len(self.members) - MOST_SHOWN, 0)

    @property
    def n_held(self) -> int:
        return sum(member.is_held for member in self.members)


@dataclass(frozen=True)
class Tree:
    groups: list[NamedGroup]
    lots: list[Lot]  # every lot in it once, by material, supplier and number
    n_units: int


def _edges(sql: str, unit: Unit) -> list[Edge]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [unit.pk])
        return [
            Edge(Node(False, output), Node(False, part) if part is not None else Node(True, lot), *rest)
            for _link, output, part, lot, *rest in cursor.fetchall()
        ]


def tree_behind(unit: Unit) -> Tree:
    """What a unit was made of, up to material lots."""
    edges = _edges(_MADE_OF, unit)
    parts = lot_parts_behind({edge.input.id for edge in edges if edge.input.is_lot})
    edges += [Edge(Node(True, lot), Node(True, part_of), quantity) for lot, part_of, quantity in parts]
    names = _Names({edge.input for edge in edges})
    return names.tree(made_of(Node(False, unit.pk), edges, names.materials))


def tree_ahead(unit: Unit) -> Tree:
    """What a unit went into, up to containers."""
    edges = _edges(_WENT_INTO, unit)
    names = _Names({edge.output for edge in edges})
    return names.tree(went_into(Node(False, unit.pk), edges, names.materials))


class _Names:
    """Everything a tree names, read at once."""

    def __init__(self, nodes: set[Node]) -> None:
        unit_ids = [node.id for node in nodes if not node.is_lot]
        self.units = Unit.objects.in_bulk(unit_ids)
        self.lots = Lot.objects.select_related("material").in_bulk([node.id for node in nodes if node.is_lot])
        by_id = MaterialDefinition.objects.in_bulk()
        self.definitions = {definition.code: definition for definition in by_id.values()}
        held = HoldUnit.objects.filter(unit__in=unit_ids, released_at=None)
        self.held = set(held.values_list("unit_id", flat=True))
        self.materials = {Node(True, lot.pk): lot.material_code for lot in self.lots.values()}
        for unit in self.units.values():
            definition = by_id.get(unit.definition_id) if unit.definition_id else None
            self.materials[Node(False, unit.pk)] = definition.code if definition else ""

    def tree(self, groups: list[Group]) -> Tree:
        by_name = sorted(self.lots.values(), key=lambda lot: (lot.material_code, lot.supplier, lot.number))
        return Tree(self._groups(groups), by_name, len(self.units))

    def _groups(self, groups: list[Group]) -> list[NamedGroup]:
        return [
            NamedGroup(
                code=group.material,
                definition=self.definitions.get(group.material),
                members=[self._member(member) for member in group.members],
                groups=self._groups(group.groups),
                has_positions=group.has_positions,
                is_lots=group.members[0].node.is_lot,
            )
            for group in groups
        ]

    def _member(self, member: Member) -> NamedMember:
        node = member.node
        if node.is_lot:
            return NamedMember(member, None, self.lots[node.id], False)
        return NamedMember(member, self.units[node.id], None, node.id in self.held)
