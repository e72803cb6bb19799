"""Reading a case: {"chart", "data", "subgroups", "params"} as fixtures/spc has them, from people and from files.

Bad cells count as missing and are told with their 0-based place; a parameter that cannot be used is refused by name
(Refusal). Nothing here calculates anything.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lines.errors import Code, Refusal
from quality.spc.errors import BAD_PARAMETER, BARE_LIMITS, TOO_LARGE, WRONG_SHAPE
from quality.spc.panels import FrozenLimits, Places
from quality.spc.tables import is_missing, parse
from quality.spc.variables import MR_MEAN, MR_MEDIAN, SUBGROUP_METHODS

Number: TypeAlias = float | None
Flags: TypeAlias = NDArray[np.bool_]

MOST_PLACES = 2_000_000

_MOVING = re.compile(r"MR(\d*)[-_ ]?(MEAN|MEDIAN|BAR)?")


class Method(NamedTuple):
    """How sigma is estimated: the engine's name, the span of moving ranges, and what the case calls it."""

    name: str
    span: int
    shown: str


@dataclass
class Case:
    """One case while it is worked on. `problems` collects what is wrong with single places of the data."""

    chart: str
    data: Any
    subgroups: Any
    params: Mapping[str, Any]
    problems: list[dict[str, Any]] = field(default_factory=list)

    def tell(self, place: int, code: Code, reason: str, member: int | None = None) -> None:
        """Note what is wrong at a place (0-based) and, in a subgroup, at which member."""
        where = {"place": place} if member is None else {"place": place, "member": member}
        self.problems.append({**where, "code": code.code, "reason": reason})

    # Parameters

    def number(self, *names: str, default: Number = None, above: Number = None, below: Number = None) -> Number:
        """The first of these parameters that is given. Raises Refusal where it is no number, or out of range."""
        for name in names:
            if not is_missing(self.params.get(name)):
                value, wrong = parse(self.params[name])
                if value is None or wrong:
                    raise Refusal(BAD_PARAMETER, f"{name}: {wrong.detail if wrong else 'is not a number'}")
                if (above is not None and not value > above) or (below is not None and not value < below):
                    bounds = " and ".join(
                        text
                        for text in (
                            f"above {above:g}" if above is not None else "",
                            f"below {below:g}" if below is not None else "",
                        )
                        if text
                    )
                    raise Refusal(BAD_PARAMETER, f"{name} has to be {bounds}, not {value:g}.")
                return value
        return default

    def given(self, name: str, default: float, *, above: Number = None, below: Number = None) -> float:
        """As `number`, with a default that is one."""
        value = self.number(name, above=above, below=below)
        return default if value is None else value

    @property
    def k(self) -> float:
        """Standard errors from the centre to a limit."""
        return self.given("k", 3.0, above=0)

    def frozen(self, *, aims: bool = False, needs_sigma: bool = True) -> tuple[Number, Number]:
        """Centre and sigma of single values as given, each None if not. Raises Refusal for bare limits, sigma < 0.

        `aims`: a target is the centre too (EWMA, CUSUM). Charts of counts need no sigma beside their centre.
        """
        center = self.number("center", "target") if aims else self.number("center")
        sigma = self.number("sigma", "sigma_within")
        if sigma is not None and sigma < 0:
            raise Refusal(BAD_PARAMETER, f"sigma has to be 0 or more, not {sigma:g}.")
        behind = sigma if needs_sigma else center
        if behind is None and any(not is_missing(self.params.get(name)) for name in ("lcl", "ucl")):
            raise Refusal(BARE_LIMITS, f"lcl and ucl came without {'sigma' if needs_sigma else 'a centre'}.")
        return center, sigma

    def phase1(self, m: int) -> Places | None:
        """Places that the limits rest on, as indices; None for all. `phase1` = [first, last], less `excluded`."""
        asked, excluded = self.params.get("phase1"), self.params.get("excluded") or []
        if asked is None and not excluded:
            return None
        places = np.arange(m)
        if asked is not None:
            if not _is_indices(asked) or len(asked) != 2 or not 0 <= asked[0] <= asked[1]:
                raise Refusal(BAD_PARAMETER, "phase1 has to be [first, last], places counted from 0.")
            places = np.arange(int(asked[0]), min(int(asked[1]) + 1, m))
        if not _is_indices(excluded):
            raise Refusal(BAD_PARAMETER, "excluded has to be a list of places counted from 0.")
        return np.setdiff1d(places, np.array(excluded, np.int64))

    def method(self, *, individuals: bool, default: str) -> Method:
        """The sigma method, by the names of cases (MR2-mean, UWAVE-R, ...) or of control plans (MR-MEAN, ...)."""
        shown = str(self.params.get("sigma_method") or default)
        asked = shown.strip().upper().replace("_", "-")
        if not individuals:
            if asked not in SUBGROUP_METHODS:
                raise Refusal(BAD_PARAMETER, f"sigma_method {shown}: there are {', '.join(SUBGROUP_METHODS)}.")
            return Method(asked, 2, shown)
        match = _MOVING.fullmatch(asked)
        if match is None:
            raise Refusal(BAD_PARAMETER, f"sigma_method {shown}: individuals have MR2-mean and MR2-median.")
        span = self.number("mr_span", default=float(match[1]) if match[1] else 2.0)
        if span is None or span != int(span) or not 2 <= span <= 100:
            raise Refusal(BAD_PARAMETER, "mr_span has to be a whole number from 2 to 100.")
        kind = MR_MEDIAN if match[2] == "MEDIAN" else MR_MEAN
        named = bool(self.params.get("sigma_method"))
        return Method(kind, int(span), shown if named else f"MR{int(span)}-mean")

    # Data

    def values(self) -> list[Number]:
        """Single values, shape (m,); lists of at most one value each are taken too. Raises Refusal for other shapes."""
        data = self._listed()
        flat = []
        for item in data:
            if _is_list(item):
                if len(item) > 1:
                    raise Refusal(WRONG_SHAPE, "This chart takes single values: a flat list.")
                flat.append(item[0] if item else None)
            else:
                flat.append(item)
        return [self._cell(item, place) for place, item in enumerate(flat)]

    def groups(self) -> list[list[Number]]:
        """One list for each subgroup. A flat list is cut by the sizes in `subgroups`, or by a whole number there.

        Raises Refusal for values of several variables and for sizes that do not add up.
        """
        data = self._listed()
        if not any(_is_list(item) for item in data):
            return [
                [self._cell(item, place) for item in group]
                for place, group in enumerate(_cut(data, self.subgroups if self.subgroups else self.params.get("n")))
            ]
        groups: list[list[Number]] = []
        for place, item in enumerate(data):
            if item is None:
                groups.append([])
                continue
            members = item if _is_list(item) else [item]
            if any(_is_list(member) for member in members):
                raise Refusal(WRONG_SHAPE, "A subgroup of this chart is a list of numbers.")
            groups.append([self._cell(member, place, at) for at, member in enumerate(members)])
        return groups

    @property
    def grouped(self) -> bool:
        """Are the data subgroups of several values, rather than single ones?"""
        data = self._listed()
        if any(_is_list(item) for item in data):
            return any(_is_list(item) and len(item) > 1 for item in data)
        sizes = self.subgroups
        if isinstance(sizes, int | float) and not isinstance(sizes, bool):
            return sizes > 1
        return _is_indices(sizes) and any(size > 1 for size in sizes) and sum(sizes) == len(data)

    def sizes(self, m: int) -> list[Number]:
        """Sample size or area of each point, 1 where none is given. One number stands for all."""
        asked = self.subgroups if self.subgroups is not None else self.params.get("n")
        if asked is None:
            return [1.0] * m
        sizes = list(asked) if _is_list(asked) else [asked] * m
        if len(sizes) != m:
            raise Refusal(WRONG_SHAPE, f"{m} counts have {len(sizes)} sizes.")
        return [self._cell(size, place) for place, size in enumerate(sizes)]

    def rows(self) -> list[list[Number]]:
        """Rows of p variables each. Raises Refusal where they are not all of one length."""
        data = self._listed()
        lengths = {len(item) for item in data if _is_list(item)}
        if len(lengths) != 1 or 0 in lengths or any(item is not None and not _is_list(item) for item in data):
            raise Refusal(WRONG_SHAPE, "This chart takes one list of variables for each place, all of one length.")
        p = lengths.pop()
        return [
            [None] * p if item is None else [self._cell(cell, place, at) for at, cell in enumerate(item)]
            for place, item in enumerate(data)
        ]

    def _listed(self) -> list[Any]:
        if not _is_list(self.data):
            raise Refusal(WRONG_SHAPE, "data has to be a list.")
        if len(self.data) > MOST_PLACES:
            raise Refusal(TOO_LARGE, f"At most {MOST_PLACES} places.")
        return list(self.data)

    def _cell(self, item: object, place: int, member: int | None = None) -> Number:
        value, wrong = parse(item, str(self.params.get("unit") or ""))
        if wrong:
            self.tell(place, wrong.code, wrong.detail, member)
        return value


def limits_of(center: Number, sigma: Number) -> FrozenLimits | None:
    """Both, or nothing to draw limits from."""
    return None if center is None or sigma is None else FrozenLimits(center, sigma)


def chosen_values(groups: Sequence[Sequence[Number]], chosen: Places | None) -> list[Number]:
    """The values of the chosen subgroups, flat."""
    taken = groups if chosen is None else [groups[place] for place in chosen.tolist()]
    return [value for group in taken for value in group]


def _cut(data: list[Any], sizes: Any) -> list[list[Any]]:
    if isinstance(sizes, int | float) and not isinstance(sizes, bool) and sizes == int(sizes) and sizes >= 1:
        return [data[start : start + int(sizes)] for start in range(0, len(data), int(sizes))]
    if _is_indices(sizes):
        if sum(sizes) == len(data):
            ends = np.cumsum(sizes).tolist()
            return [data[end - int(size) : end] for end, size in zip(ends, sizes, strict=True)]
        raise Refusal(WRONG_SHAPE, f"The sizes add up to {sum(sizes)}, and there are {len(data)} values.")
    return [[item] for item in data]


def _is_list(item: object) -> bool:
    return isinstance(item, Sequence) and not isinstance(item, str | bytes)


def _is_indices(item: object) -> bool:
    return _is_list(item) and all(
        isinstance(part, int | float) and not isinstance(part, bool) and part == int(part) and part >= 0
        for part in item  # type: ignore[attr-defined]  # a list by the first half
    )
