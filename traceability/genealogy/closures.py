"""Every link behind or ahead of a unit or lot, in one query however deep."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q
from django.db.models.expressions import RawSQL

from lines.models import MaterialDefinition
from traceability.genealogy.levels import Edge, Group, Node, made_of, went_into
from traceability.genealogy.models import GenealogyLink
from traceability.models import Hold, Lot, Unit

# `union` without `all` drops what was seen, so a wrong loop in the links ends too.
_UNITS_BEHIND = """
with recursive behind(unit_id) as (
    select %s::bigint
    union
    select link.input_unit_id from traceability_genealogylink link
    join behind on link.output_id = behind.unit_id where link.input_unit_id is not null
) select unit_id from behind
"""
_UNITS_AHEAD = """
with recursive ahead(unit_id) as (
    select %s::bigint
    union
    select link.output_id from traceability_genealogylink link
    join ahead on link.input_unit_id = ahead.unit_id
) select unit_id from ahead
"""
_UNITS_AHEAD_OF_LOT = """
with recursive ahead(unit_id) as (
    select output_id from traceability_genealogylink where input_lot_id = %s
    union
    select link.output_id from traceability_genealogylink link
    join ahead on link.input_unit_id = ahead.unit_id
) select unit_id from ahead
"""
_COLUMNS = ("output_id", "input_unit_id", "input_lot_id", "quantity", "uom", "position", "lane", "from_m", "to_m")


def _ids(sql: str, start: int) -> RawSQL:
    return RawSQL(sql, [start])  # noqa: S611 - the statements above, the id as a parameter


def units_ahead_of_lot(lot: Lot) -> RawSQL:
    """A subquery: ids of all units with something of this lot in them."""
    return _ids(_UNITS_AHEAD_OF_LOT, lot.pk)


@dataclass
class Tree:
    """Groups with everything a page names in them."""

    groups: list[Group]
    units: dict[int, Unit] = field(default_factory=dict)
    lots: dict[int, Lot] = field(default_factory=dict)
    definitions: dict[str, MaterialDefinition] = field(default_factory=dict)
    held: set[int] = field(default_factory=set)  # ids of units with an open hold

    @property
    def lot_list(self) -> list[Lot]:
        return sorted(self.lots.values(), key=lambda lot: (lot.material_code, lot.supplier, lot.number))


def _edges(condition: Q) -> list[Edge]:
    rows = GenealogyLink.objects.filter(condition).order_by("id").values_list(*_COLUMNS)
    return [
        Edge(Node(False, output), Node(False, unit) if unit is not None else Node(True, lot), *rest)
        for output, unit, lot, *rest in rows
    ]


def tree_behind(unit: Unit) -> Tree:
    edges = _edges(Q(output_id__in=_ids(_UNITS_BEHIND, unit.pk)))
    tree, materials = _named({edge.input for edge in edges} | {edge.output for edge in edges})
    tree.groups = made_of(Node(False, unit.pk), edges, materials)
    return tree


def tree_ahead(unit: Unit) -> Tree:
    edges = _edges(Q(input_unit_id__in=_ids(_UNITS_AHEAD, unit.pk)))
    tree, materials = _named({edge.output for edge in edges})
    tree.groups = went_into(Node(False, unit.pk), edges, materials)
    return tree


def _named(nodes: Iterable[Node]) -> tuple[Tree, dict[Node, str]]:
    nodes = set(nodes)
    unit_ids = [node.id for node in nodes if not node.is_lot]
    lot_ids = [node.id for node in nodes if node.is_lot]
    tree = Tree([])
    tree.units = Unit.objects.in_bulk(unit_ids)
    tree.lots = Lot.objects.in_bulk(lot_ids)
    by_id = MaterialDefinition.objects.in_bulk()
    tree.definitions = {definition.code: definition for definition in by_id.values()}
    tree.held = set(Hold.objects.filter(unit__in=unit_ids, released_at=None).values_list("unit_id", flat=True))
    materials: dict[Node, str] = {}
    for unit in tree.units.values():
        definition = by_id.get(unit.definition_id) if unit.definition_id else None
        materials[Node(False, unit.pk)] = definition.code if definition else ""
    for lot in tree.lots.values():
        materials[Node(True, lot.pk)] = lot.material_code
    return tree, materials
