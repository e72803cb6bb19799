"""The truth's own walk through genealogy: piece by piece over its lines, with nothing of the product in it.

Three answers to a question: by the metres that machines posted, by these and what lies so near an end of them that it
`may` be in (each machine says how far its metres may be off, and on the way that adds up), and by the true metres,
which machines do not know.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from tests.e2e.truth import Truth, name_of_input

Lane = int | None
Piece = tuple[str, Lane, float | None, float | None]  # unit or lot, lane, metres; None: all of it


@dataclass
class Web:
    """Links by output and by input. `unanswered`: units of which a result was not answered when the machines stopped,
    so that nobody knows which of their links are stored; `without`: those, and what was made of them."""

    truth: Truth
    unanswered: frozenset[str]

    def __post_init__(self) -> None:
        gone = {(part["output"], part["serial"]) for part in self.truth.removed}
        self.by_output: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.by_input: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for link in self.truth.links:
            if (link["output"], link.get("input_serial")) in gone:
                continue
            self.by_output[link["output"]].append(link)
            self.by_input[name_of_input(link)].append(link)
        self.without = self.unanswered.union(*(self.ahead((name, None, None, None)) for name in self.unanswered))

    def ahead(self, start: Piece, *, may: bool = False, true: bool = False) -> set[str]:
        """Every unit that something of this piece is in, or may be."""
        found: set[str] = set()
        seen: set[tuple[Any, ...]] = set()
        open_ones: list[tuple[Any, ...]] = [(*start, 0.0)]
        while open_ones:
            name, lane, *metres = open_ones.pop()
            for link in self.by_input.get(name, ()):
                if lane is not None and link["lane"] is not None and link["lane"] != lane:
                    continue
                ends = _ends(link, true)
                own = _own(link)
                carried = _carried(link, metres, ends, own, may=may)
                if carried is None:
                    continue
                onto = None if own[0] is None or link["lane"] is not None else self._lane(link, lane)
                piece = (link["output"], onto, *carried)
                found.add(link["output"])
                if piece not in seen:
                    seen.add(piece)
                    open_ones.append(piece)
        return found

    def behind(self, serial: str, *, may: bool = False) -> set[str]:
        """Everything a unit is made of, or may be, by posted metres: serials, and lots as `supplier number`."""
        found: set[str] = set()
        seen: set[tuple[Any, ...]] = set()
        open_ones: list[tuple[Any, ...]] = [(serial, None, None, None, 0.0)]
        while open_ones:
            name, lane, *metres = open_ones.pop()
            for link in self.by_output.get(name, ()):
                ends, own = _ends(link, False), _own(link)
                carried = _carried(link, metres, own, ends, may=may)
                if carried is None:
                    continue
                below = link["lane"] if link["lane"] is not None else self._lane(link, lane)
                piece = (name_of_input(link), below, *carried)
                found.add(piece[0])
                if piece not in seen:
                    seen.add(piece)
                    open_ones.append(piece)
        return found

    def _lane(self, link: dict[str, Any], lane: Lane) -> Lane:
        if lane is None or not link.get("mirrored"):
            return lane
        return int(self.truth.webs[link["input_serial"]]["lanes"]) + 1 - lane


Ends = tuple[float | None, float | None]


def _ends(link: dict[str, Any], true: bool) -> Ends:
    names = ("true_from_m", "true_to_m") if true and link["from_m"] is not None else ("from_m", "to_m")
    return link[names[0]], link[names[1]]


def _own(link: dict[str, Any]) -> Ends:
    return link.get("own_from_m"), link.get("own_to_m")


def _carried(
    link: dict[str, Any], piece: list[Any], here: Ends, there: Ends, *, may: bool
) -> tuple[float | None, float | None, float] | None:
    """The piece on the link's other end, and how far it may be off; None: it does not lie on this end."""
    (a, b, off_m), (start, end) = piece, here
    link_off_m = (link.get("delta_m") or 0.0) if may else 0.0
    if start is None or end is None or a is None:
        # All of it, either because it is no roll or because all of the roll is asked for.
        return *there, link_off_m
    near_m = off_m + link_off_m
    if not (a - near_m < end and b + near_m > start) and not (a == b and start <= a <= end):
        return None
    if there[0] is None or there[1] is None:
        return None, None, 0.0
    stretch = (there[1] - there[0]) / (end - start)
    first, last = min(max(a, start), end), min(max(b, start), end)
    off_m = off_m * stretch + link_off_m
    if link.get("reversed"):
        return there[1] - (last - start) * stretch, there[1] - (first - start) * stretch, off_m
    return there[0] + (first - start) * stretch, there[0] + (last - start) * stretch, off_m
