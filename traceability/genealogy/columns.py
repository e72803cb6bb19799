"""Which kinds of unit stand beside which, left to right in time. Pure.

A kind stands as far from the one asked for as the longest way between them, so that every line leads to the right.
"""

from collections.abc import Hashable, Iterable
from typing import TypeVar

Kind = TypeVar("Kind", bound=Hashable)


def ranks(focus: Kind, edges: Iterable[tuple[Kind, Kind]], *, ahead: bool) -> dict[Kind, int]:
    """Columns of the kinds that `edges`, pairs (input, output), join to the focus, which is in column 0.

    Behind the focus they are negative, ahead of it positive. A loop in the pairs ends: a kind is never placed further
    away than there are kinds. A pair of one kind with itself (a cell re-made of a cell) says nothing about columns.
    """
    onward: dict[Kind, set[Kind]] = {}
    kinds = {focus}
    for earlier, later in edges:
        near, far = (earlier, later) if ahead else (later, earlier)
        kinds |= {near, far}
        if far not in (near, focus):
            onward.setdefault(near, set()).add(far)
    found = {focus: 0}
    changed = [focus]
    for _ in range(len(kinds)):
        moved = []
        for near in changed:
            for far in onward.get(near, ()):
                if found.get(far, 0) < found[near] + 1 <= len(kinds):
                    found[far] = found[near] + 1
                    moved.append(far)
        changed = list(dict.fromkeys(moved))
    return found if ahead else {kind: -rank for kind, rank in found.items()}
