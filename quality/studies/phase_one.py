"""Phase I of any live chart: mean and sigma of past points, and which rules they break on those limits. Pure.

A point that is left out is a gap: no window and no moving range reaches over it, and it counts for nothing. The charts
that remember (EWMA, CUSUM) and those of events (G, T) go on behind it from where they stood.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from quality.charts.subgroups import RATES, SHARES, THREE_WAY
from quality.spc.attributes import study_overdispersion, study_rates, study_shares
from quality.spc.panels import Floats, FrozenLimits, Study
from quality.spc.rare import study_g, study_t
from quality.spc.series import Plotted, Series, Violation
from quality.spc.three_way import study_three_way
from quality.spc.variables import INDIVIDUALS_METHODS, MR_MEAN, SUBGROUP_METHODS, study_individuals, study_subgroups

COUNTS = RATES | {"C"}
GOES_ON = frozenset({"EWMA", "CUSUM", "G", "T"})

# Fewer tell too little for limits that others are to rely on (ISO 7870-2: 25 subgroups; individuals: 100 values).
ENOUGH_POINTS, ENOUGH_VALUES = 25, 100


Chosen: TypeAlias = NDArray[np.bool_]


class Group(NamedTuple):
    """A past point with the values in it. Figures as of quality.spc.series.Plotted; `values` empty: only the point."""

    time_us: int
    location: float
    spread: float | None = None
    within: float | None = None
    n: int = 1
    size: float | None = None
    values: tuple[float, ...] = ()
    records: tuple[int, ...] = ()

    def plotted(self, place: int) -> Plotted:
        """As a point of that number, not judged."""
        return Plotted(place, self.time_us, self.location, self.spread, self.within, self.n, self.size)

    def as_json(self) -> dict[str, Any]:
        return {
            "t": self.time_us, "at": self.location, "spread": self.spread, "within": self.within, "n": self.n,
            "size": self.size, "v": list(self.values), "r": list(self.records),
        }  # fmt: skip

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Group":
        return cls(
            stored["t"], stored["at"], stored["spread"], stored["within"], stored["n"], stored["size"],
            tuple(stored["v"]), tuple(stored["r"]),
        )  # fmt: skip


@dataclass(frozen=True)
class Proposed:
    """What would be frozen: `limits` is None where the data cannot tell, and `reason` says why."""

    limits: FrozenLimits | None
    n_values: int
    method: str
    parameters: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True)
class Way:
    """How a plan charts: its columns of the same names."""

    chart: str
    rules: tuple[int, ...] = (1, 2)
    run_lengths: Mapping[str, int] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """Points on limits: what they plot as, which rules they break. `is_stable` of those that are not left out."""

    points: tuple[Plotted, ...]
    violations: tuple[Violation, ...]
    n_kept: int

    @property
    def is_stable(self) -> bool:
        return not self.violations

    @property
    def runs(self) -> int:
        """Points after one another that break the same rule on the same side are one alarm."""
        keys = {violation.key for violation in self.violations}
        place = {point.number: at for at, point in enumerate(self.points)}
        before = {point.number: self.points[at - 1].number for at, point in enumerate(self.points) if at}
        return sum(
            (before.get(number, -1), panel, rule, side) not in keys
            for number, panel, rule, side in keys
            if number in place
        )


def propose(chart: str, groups: Sequence[Group], method: str, left_out: Collection[int] = ()) -> Proposed:
    """Mean and sigma by the method, of the groups that are not left out (places, 0-based). Never raises for data."""
    chosen = np.ones(len(groups), np.bool_)
    chosen[[place for place in left_out if 0 <= place < len(groups)]] = False
    if not chosen.any():
        return Proposed(None, 0, method, reason="No point is left.")
    with np.errstate(over="ignore", invalid="ignore"):
        return _studied(chart, groups, method, chosen)


def _studied(chart: str, groups: Sequence[Group], method: str, chosen: Chosen) -> Proposed:
    locations = np.array([group.location for group in groups])
    if chart in SHARES | COUNTS:
        return _of_counts(chart, groups, locations, chosen)
    if chart in {"G", "T"}:
        return _proposed((study_g if chart == "G" else study_t)(locations, chosen=chosen))
    if chart in THREE_WAY:
        return _between_and_within(groups, method, chosen)
    if chart == "I-MR" or all(group.n == 1 for group in groups):
        known = method if method in INDIVIDUALS_METHODS else MR_MEAN
        return _proposed(study_individuals(locations, method=known, chosen=chosen))
    return _proposed(study_subgroups(_members(groups), method=_of_subgroups(method), chosen=chosen))


def _of_subgroups(method: str) -> str:
    return method if method in SUBGROUP_METHODS else SUBGROUP_METHODS[0]


def _members(groups: Sequence[Group]) -> list[list[float]]:
    return [list(group.values) or [group.location] for group in groups]


def _between_and_within(groups: Sequence[Group], method: str, chosen: Chosen) -> Proposed:
    study = study_three_way(_members(groups), method=_of_subgroups(method), chosen=chosen)
    if study.limits is None or study.sigma_mean is None or study.sigma_between is None:
        return Proposed(None, study.n_values, study.method, reason=study.reason)
    between = {"sigma_mean": study.sigma_mean, "sigma_between": study.sigma_between}
    return _finite(Proposed(study.limits, study.n_values, study.method, between))


def _of_counts(chart: str, groups: Sequence[Group], locations: Floats, chosen: Chosen) -> Proposed:
    sizes = np.array([1.0 if chart == "C" else group.size or math.nan for group in groups])
    if chart in SHARES:
        kind, counts = "P", locations if chart == "NP" else np.rint(locations * sizes)
        study = study_shares(counts, sizes, chosen=chosen)
        study = replace(study, n_values=int(np.nansum(sizes[chosen])))  # units, not samples
    else:
        kind, counts = "U", locations * sizes
        study = study_rates(counts, sizes, chosen=chosen)
    found = _proposed(study)
    if not chart.startswith("LANEY") or found.limits is None:
        return found
    spread = study_overdispersion(kind, counts, sizes, found.limits, chosen=chosen)
    if spread.sigma_z is None:
        return replace(found, limits=None, reason=spread.reason)
    return replace(found, parameters={"sigma_z": spread.sigma_z})


def _proposed(study: Study) -> Proposed:
    return _finite(Proposed(study.limits, study.n_values, study.method, reason=study.reason))


def _finite(found: Proposed) -> Proposed:
    numbers = [] if found.limits is None else [*found.limits, *found.parameters.values()]
    if all(math.isfinite(number) for number in numbers):
        return found
    return replace(found, limits=None, parameters={}, reason="The values are too large for a mean and a sigma.")


@dataclass(frozen=True)
class Look:
    """Past points on limits; `verdict` is None where there are no limits to judge by."""

    way: Way
    groups: tuple[Group, ...]
    proposed: Proposed
    verdict: Verdict | None
    left_out: frozenset[int] = frozenset()


def look(way: Way, groups: Sequence[Group], method: str, left_out: Collection[int] = ()) -> Look:
    """The groups on the limits that they propose themselves."""
    proposed = propose(way.chart, groups, method, left_out)
    return on_limits(way, groups, proposed, left_out)


def on_limits(way: Way, groups: Sequence[Group], given: Proposed, left_out: Collection[int] = ()) -> Look:
    """The groups on given limits."""
    verdict = judge(way, groups, given.limits, given.parameters, left_out) if given.limits else None
    return Look(way, tuple(groups), given, verdict, frozenset(left_out))


def judge(
    way: Way,
    groups: Sequence[Group],
    limits: FrozenLimits,
    parameters: Mapping[str, Any],
    left_out: Collection[int] = (),
) -> Verdict:
    """The groups one after another on these limits; numbers are their places."""
    out = set(left_out)
    points: list[Plotted] = []
    violations: list[Violation] = []
    for stretch in _stretches(way.chart, groups, out):
        series = Series(
            way.chart,
            limits,
            parameters=parameters,
            options=way.options,
            rules=way.rules,
            run_lengths=way.run_lengths,
        )
        for place in stretch:
            violations += series.insert(groups[place].plotted(place)).new
        points += series.points
    kept = len(points)
    points += [group.plotted(place) for place, group in enumerate(groups) if place in out]
    return Verdict(tuple(sorted(points, key=lambda point: point.number)), tuple(violations), kept)


def _stretches(chart: str, groups: Sequence[Group], out: set[int]) -> Iterable[list[int]]:
    """Places between the gaps; of a chart that goes on behind a gap all in one."""
    if chart in GOES_ON:
        yield [place for place in range(len(groups)) if place not in out]
        return
    stretch: list[int] = []
    for place in range(len(groups)):
        if place in out:
            if stretch:
                yield stretch
            stretch = []
        else:
            stretch.append(place)
    if stretch:
        yield stretch


def is_enough(chart: str, n_points: int, n_values: int) -> bool:
    """Whether the limits rest on as much as is usual."""
    if chart in {"I-MR", "EWMA", "CUSUM"} and n_points == n_values:
        return n_values >= ENOUGH_VALUES
    return n_points >= ENOUGH_POINTS
