"""What a unit was made of, or went into, level by level. Pure.

Siblings of one material stand together, and what lies behind all of them stands below them once: a pack of 104
cells is a handful of groups down to its material lots, not a hundred equal branches.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

# Deeper than any route; keeps a wrong loop in the links from running for ever.
DEEPEST = 24


@dataclass(frozen=True, slots=True)
class Node:
    """A unit or a lot. `is_lot` tells whose id it is."""

    is_lot: bool
    id: int


@dataclass(frozen=True, slots=True)
class Edge:
    """One link of the genealogy. Metres lie on the input roll's own axis."""

    output: Node
    input: Node
    quantity: float | None = None
    uom: str = ""
    position: int | None = None
    lane: int | None = None
    from_m: float | None = None
    to_m: float | None = None
    basis: str = "RECORDED"  # traceability.genealogy.models.LinkBasis


@dataclass(slots=True)
class Member:
    """One unit or lot of a group, with all the links that lead to it from the level above."""

    node: Node
    edges: list[Edge] = field(default_factory=list)

    @property
    def positions(self) -> list[int]:
        return sorted({edge.position for edge in self.edges if edge.position is not None})

    @property
    def is_inferred(self) -> bool:
        """Nobody recorded it: it was mounted at the time."""
        return any(edge.basis == "MOUNTED" for edge in self.edges)

    @property
    def lanes(self) -> list[int]:
        return sorted({edge.lane for edge in self.edges if edge.lane is not None})

    @property
    def from_m(self) -> float | None:
        return min((edge.from_m for edge in self.edges if edge.from_m is not None), default=None)

    @property
    def to_m(self) -> float | None:
        return max((edge.to_m for edge in self.edges if edge.to_m is not None), default=None)

    @property
    def taken_m(self) -> float | None:
        """Metres taken; less than `to_m - from_m` where what lay between went elsewhere."""
        spans = [e.to_m - e.from_m for e in self.edges if e.to_m is not None and e.from_m is not None]
        return sum(spans) if spans else None

    @property
    def quantity(self) -> float | None:
        """Sum in `uom`; None where no link carries a quantity or units of measure are mixed."""
        amounts = [edge.quantity for edge in self.edges if edge.quantity is not None]
        return sum(amounts) if amounts and len({e.uom for e in self.edges if e.quantity is not None}) == 1 else None

    @property
    def uom(self) -> str:
        return next((edge.uom for edge in self.edges if edge.quantity is not None), "")


@dataclass(slots=True)
class Group:
    """All members of one material at one level, in order of position, then of first use."""

    material: str
    members: list[Member]
    groups: "list[Group]"
    n_above: int  # how many units of the level above they were counted over

    @property
    def has_positions(self) -> bool:
        return self.n_above == 1 and any(member.positions for member in self.members)


def made_of(root: Node, edges: Iterable[Edge], materials: Mapping[Node, str]) -> list[Group]:
    """Groups of what `root` was made of. `edges`: every link behind it; `materials`: the code of each node."""
    behind: dict[Node, list[tuple[Node, Edge]]] = {}
    for edge in edges:
        behind.setdefault(edge.output, []).append((edge.input, edge))
    return _groups({root}, behind, materials, 0)


def went_into(root: Node, edges: Iterable[Edge], materials: Mapping[Node, str]) -> list[Group]:
    """Groups of what `root` went into; the same the other way round."""
    ahead: dict[Node, list[tuple[Node, Edge]]] = {}
    for edge in edges:
        ahead.setdefault(edge.input, []).append((edge.output, edge))
    return _groups({root}, ahead, materials, 0)


def _groups(
    above: set[Node], links: Mapping[Node, list[tuple[Node, Edge]]], materials: Mapping[Node, str], depth: int
) -> list[Group]:
    if depth == DEEPEST:
        return []
    found: dict[str, dict[Node, Member]] = {}
    for parent in sorted(above, key=lambda node: node.id):
        for node, edge in links.get(parent, ()):
            members = found.setdefault(materials.get(node, ""), {})
            members.setdefault(node, Member(node)).edges.append(edge)
    groups = []
    for material, members in found.items():
        ordered = sorted(members.values(), key=lambda member: (member.positions or [0])[0])
        below = _groups(set(members), links, materials, depth + 1)
        groups.append(Group(material, ordered, below, len(above)))
    # Units before lots: the way on leads through them.
    return sorted(groups, key=lambda group: group.members[0].node.is_lot)
