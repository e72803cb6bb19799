"""What a followed chart needs and no point changes: the rules of each panel, window lengths, lines for each n or size.

Settings are kept, because a worker picks the same charts up again and again.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from quality.spc.panels import FrozenLimits
from quality.spc.rules import ALLOWED, lengths_of
from quality.spc.standards import PANELS, Standard
from quality.spc.windows import Edges, edges_of

RunLengths: TypeAlias = Mapping[int, int] | Mapping[str, int]
Items: TypeAlias = tuple[tuple[Any, Any], ...]

MOVING = frozenset({"I-MR", "I-MR-R", "I-MR-S"})
"""Kinds with a moving range."""
REMEMBERING = frozenset({"EWMA", "CUSUM"})
"""Kinds whose statistic goes on from the point before."""

_SIZES = 256
_SETTINGS = 8192


def watched(kind: str) -> tuple[str, ...]:
    """Panels to look at. A CUSUM has two of one name: the upper sum, and minus the lower one."""
    return ("CUSUM", "CUSUM") if kind == "CUSUM" else PANELS[kind]


def history_of(kind: str, rules: Sequence[int], run_lengths: RunLengths | None) -> int:
    """How many points before a place have to be known to judge a point there."""
    lengths = lengths_of(run_lengths)
    longest = [lengths[rule] for name in PANELS[kind] for rule in rules if rule in ALLOWED[name]]
    return max([1 if kind in MOVING | REMEMBERING else 0, *(length - 1 for length in longest)])


class Watch:
    """One panel: its rules and lines."""

    def __init__(self, standard: Standard, name: str, rules: Sequence[int], lengths: Sequence[int]) -> None:
        self.standard = standard
        self.name = name
        self.rules = tuple(rule for rule in dict.fromkeys(rules) if rule in ALLOWED[name])
        self.lengths = lengths  # by rule
        self.longest = max([1, *(lengths[rule] for rule in self.rules)])
        self._edges: dict[tuple[int, float | None], Edges | None] = {}

    def edges(self, n: int, size: float | None, place: int) -> Edges | None:
        """Lines of a point of that n or size; `place`: how many own points stand before it."""
        if self.name == "EWMA":  # its limits depend on the place
            return self._make(n, size, place)
        key = n, size
        if key not in self._edges:
            if len(self._edges) >= _SIZES:
                self._edges.clear()  # areas that are never the same twice
            self._edges[key] = self._make(n, size, place)
        return self._edges[key]

    def _make(self, n: int, size: float | None, place: int) -> Edges | None:
        lines = self.standard.lines(self.name, n, size, place)
        return None if lines is None else edges_of(lines)


class Setting:
    """A kind of chart on its limits, with its rules. Raises ValueError as Standard and lengths_of do."""

    def __init__(
        self,
        kind: str,
        limits: FrozenLimits,
        *,
        parameters: Mapping[str, Any] | None,
        options: Mapping[str, Any] | None,
        rules: Sequence[int],
        run_lengths: RunLengths | None,
    ) -> None:
        self.standard = Standard(kind, limits, parameters, options)
        self.history = history_of(kind, rules, run_lengths)
        by_rule = lengths_of(run_lengths)
        lengths = [by_rule.get(rule, 0) for rule in range(max(by_rule) + 1)]
        self.watches = [Watch(self.standard, name, rules, lengths) for name in watched(kind)]


def setting_of(
    kind: str,
    limits: FrozenLimits,
    *,
    parameters: Mapping[str, Any] | None,
    options: Mapping[str, Any] | None,
    rules: Sequence[int],
    run_lengths: RunLengths | None,
) -> Setting:
    """The same again for the same arguments."""
    items = [tuple((given or {}).items()) for given in (parameters, options, run_lengths)]
    try:
        return _kept(kind, limits, parameters=items[0], options=items[1], rules=tuple(rules), run_lengths=items[2])
    except TypeError:  # an option that is a list or a table: not one of ours, and no key
        return Setting(kind, limits, parameters=parameters, options=options, rules=rules, run_lengths=run_lengths)


@lru_cache(maxsize=_SETTINGS)
def _kept(
    kind: str,
    limits: FrozenLimits,
    *,
    parameters: Items,
    options: Items,
    rules: tuple[int, ...],
    run_lengths: Items,
) -> Setting:
    return Setting(
        kind,
        limits,
        parameters=dict(parameters),
        options=dict(options),
        rules=rules,
        run_lengths=dict(run_lengths),
    )
