"""Charts over many values, without a database: `python -m bench.spc`.

Floor: numpy's own mean, differences and comparisons over the same data, which any chart has to do once.
"""

import time
from collections.abc import Callable

import numpy as np

from quality.spc.rules import find
from quality.spc.variables import i_mr, study_individuals, study_subgroups, xbar_r

ROUNDS = 5


def best_cpu_s(work: Callable[[], object]) -> float:
    """CPU seconds of the best of some rounds: the others met a neighbour."""
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


def main() -> None:
    random = np.random.default_rng(1)
    individuals = random.normal(10, 1, 1_000_000)
    groups = random.normal(10, 1, (100_000, 5))

    def individuals_chart() -> None:
        limits = study_individuals(individuals).limits
        assert limits is not None  # noqa: S101 - a million normal values have a sigma
        pair = i_mr(individuals, limits)
        find(pair.location, (1, 2))
        find(pair.spread, (1,))

    def individuals_floor() -> None:
        ranges = np.abs(np.diff(individuals))
        center, sigma = individuals.mean(), ranges.mean() / 1.128
        np.flatnonzero(np.abs(individuals - center) > 3 * sigma)
        np.flatnonzero(ranges > 3.267 * ranges.mean())

    def subgroup_chart() -> None:
        limits = study_subgroups(groups).limits
        assert limits is not None  # noqa: S101 - as above
        pair = xbar_r(groups, limits)
        find(pair.location, (1, 2))
        find(pair.spread, (1,))

    def subgroup_floor() -> None:
        means, ranges = groups.mean(axis=1), np.ptp(groups, axis=1)
        center, sigma = means.mean(), ranges.mean() / 2.326 / 5**0.5
        np.flatnonzero(np.abs(means - center) > 3 * sigma)
        np.flatnonzero(ranges > 2.114 * ranges.mean())

    print("| work | CPU s | floor CPU s | times the floor |")
    print("|---|---|---|---|")
    for name, work, floor in (
        ("I-MR, rules 1 and 2, 1,000,000 individuals", individuals_chart, individuals_floor),
        ("Xbar-R, rules 1 and 2, 100,000 x 5", subgroup_chart, subgroup_floor),
    ):
        ours, least = best_cpu_s(work), best_cpu_s(floor)
        print(f"| {name} | {ours:.3f} | {least:.3f} | {ours / least:.1f} |")


if __name__ == "__main__":
    main()
