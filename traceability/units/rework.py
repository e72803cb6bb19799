"""Which visits of a unit belong to one rework loop. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class Visit(Protocol):
    """A record, as far as this module is concerned; in order of acceptance."""

    @property
    def operation(self) -> str: ...


@dataclass(frozen=True)
class Stretch:
    """Consecutive visits `first`..`last` (0-based, both included). `operations`: those visited more than once."""

    first: int
    last: int
    operations: tuple[str, ...]

    @property
    def is_rework(self) -> bool:
        return bool(self.operations)


def stretches(visits: Sequence[Visit]) -> list[Stretch]:
    """Cut a history into single visits and rework loops.

    A loop runs from the first visit of an operation to its last one, with everything between; loops that overlap
    are one. Every visit is in exactly one stretch.
    """
    last_of = {visit.operation: place for place, visit in enumerate(visits)}
    found: list[Stretch] = []
    first = 0
    while first < len(visits):
        last, place = first, first
        while place <= last:
            last = max(last, last_of[visits[place].operation])
            place += 1
        inside = [visit.operation for visit in visits[first : last + 1]]
        repeated = tuple(name for name in dict.fromkeys(inside) if inside.count(name) > 1)
        found.append(Stretch(first, last, repeated))
        first = last + 1
    return found
