"""Charts over many values and point by point, without a database; part of `python -m bench.spc`.

Floor: numpy's own mean, differences and comparisons over the same data, which any chart has to do once.
Peer: shewhart 0.1 from PyPI (`pip install shewhart`, the group "bench" of pyproject.toml), in the same process on the
same values, once; what both find is compared point by point.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from quality.spc.panels import Floats, FrozenLimits
from quality.spc.rules import Found, find
from quality.spc.series import Plotted, Series, history
from quality.spc.variables import i_mr, study_individuals, study_subgroups, xbar_r

ROUNDS = 5
ALL_RULES = tuple(range(1, 9))
CENTER, SIGMA = 10.0, 1.0


def best_cpu_s(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """CPU seconds of the best of some rounds: the others met a neighbour."""
    times = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


def individuals_chart(values: Floats) -> dict[int, Found]:
    chart = i_mr(values, study_individuals(values).limits)
    find(chart.spread, ALL_RULES)
    return find(chart.location, ALL_RULES)


def subgroup_chart(groups: Floats) -> dict[int, Found]:
    chart = xbar_r(groups, study_subgroups(groups).limits)
    find(chart.spread, ALL_RULES)
    return find(chart.location, ALL_RULES)


def individuals_floor(values: Floats) -> None:
    ranges = np.abs(np.diff(values))
    center, sigma = values.mean(), ranges.mean() / 1.128
    np.flatnonzero(np.abs(values - center) > 3 * sigma)
    np.flatnonzero(ranges > 3.267 * ranges.mean())


def subgroup_floor(groups: Floats) -> None:
    means, ranges = groups.mean(axis=1), np.ptp(groups, axis=1)
    center, sigma = means.mean(), ranges.mean() / 2.326 / 5**0.5
    np.flatnonzero(np.abs(means - center) > 3 * sigma)
    np.flatnonzero(ranges > 2.114 * ranges.mean())


def batch(individuals: Floats, groups: Floats) -> Iterator[str]:
    """A line of the table for each chart."""
    peer_i, peer_x = _peers(individuals, groups)
    for name, ours, least, peer in (
        (f"I-MR, eight rules, {len(individuals):,} individuals", partial(individuals_chart, individuals),
         partial(individuals_floor, individuals), peer_i),
        (f"Xbar-R, eight rules, {len(groups):,} x 5", partial(subgroup_chart, groups),
         partial(subgroup_floor, groups), peer_x),
    ):  # fmt: skip
        ours_s, floor_s = best_cpu_s(ours), best_cpu_s(least)
        if peer is None:
            peers = "not installed | "
        else:
            started = time.process_time()
            theirs = peer()
            peer_s = time.process_time() - started
            same = "the same points" if _agree(theirs, ours()) else "OTHER POINTS"
            peers = f"{peer_s:.2f} | {peer_s / ours_s:.0f} times ours, {same}"
        yield f"| {name} | {ours_s:.3f} | {floor_s:.3f} | {peers} |"


def _peers(individuals: Floats, groups: Floats) -> tuple[Callable[[], Any] | None, Callable[[], Any] | None]:
    try:
        pandas, shewhart = import_module("pandas"), import_module("shewhart")
    except ImportError:
        return None, None
    table = pandas.DataFrame({"value": groups.ravel(), "subgroup": np.repeat(np.arange(len(groups)), groups.shape[1])})
    return (
        lambda: shewhart.imr(individuals, rules="nelson"),
        lambda: shewhart.xbar_r(table, value="value", subgroup="subgroup", rules="nelson"),
    )


def _agree(theirs: Any, ours: dict[int, Found]) -> bool:
    """The points flagged on the first chart; theirs of rules 5 and 6 are read otherwise and left out."""
    flagged: dict[int, set[int]] = {rule: set() for rule in ours}
    for signal in theirs.signals:
        if signal.rule.startswith("nelson_"):
            flagged[int(signal.rule[-1])].update(signal.points)
    return all(flagged[rule] == set(ours[rule].all.tolist()) for rule in ours if rule not in (5, 6))


def followed(points: int = 20_000) -> Iterator[str]:
    """CPU a point on frozen limits: one after another, and each with its chart picked up anew."""
    values = np.random.default_rng(2).normal(CENTER, SIGMA, points).tolist()
    for kind, rules in (("I-MR", (1, 2)), ("I-MR", ALL_RULES), ("XBAR-R", ALL_RULES), ("EWMA", (1,)), ("CUSUM", (1,))):
        rows = [Plotted(i, i, x, spread=abs(x - 9), n=1 if kind != "XBAR-R" else 5) for i, x in enumerate(values)]
        stored = in_order(kind, rules, rows)
        us = [
            best_cpu_s(partial(work, kind, rules, some), 3) / points * 1e6
            for work, some in ((in_order, rows), (picked_up, stored))
        ]
        yield f"| {kind}, rules {', '.join(map(str, rules))} | {us[0]:.1f} | {us[1]:.1f} |"


def in_order(kind: str, rules: Sequence[int], rows: list[Plotted]) -> list[Plotted]:
    series = Series(kind, FrozenLimits(CENTER, SIGMA), rules=rules)
    return [series.insert(row).point for row in rows]


def picked_up(kind: str, rules: Sequence[int], rows: list[Plotted]) -> None:
    """Each point on its chart, which is made anew from the points before, as for every transaction of a worker."""
    known, limits = history(kind, rules), FrozenLimits(CENTER, SIGMA)
    for at in range(known, len(rows)):
        Series(kind, limits, rules=rules, earlier=rows[at - known : at], older=at - known).insert(rows[at])


def main(share: float = 1.0) -> None:
    """share: of the full size, for a quick look; the peer's Xbar-R takes time with the square of it."""
    random = np.random.default_rng(1)
    individuals = random.normal(CENTER, SIGMA, int(1_000_000 * share))
    groups = random.normal(CENTER, SIGMA, (int(100_000 * share), 5))
    print("| chart | CPU s | floor CPU s | shewhart CPU s | |\n|---|---|---|---|---|")
    for line in batch(individuals, groups):
        print(line, flush=True)
    print("\n| a new point | in order, CPU us | picked up again, CPU us |\n|---|---|---|")
    for line in followed():
        print(line, flush=True)
