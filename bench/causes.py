"""The proof of the common-cause analysis: `python -m bench.causes [--plants 200] [--cells 1500] [--ill 30]`.

Needs no database. Prints, over as many seeded plants with one planted cause, in how many it is ranked first and called
a finding, by kind of cause; over as many without a cause, in how many anything is called one; then the same for causes
that make fewer units fail. In brackets the 95 % interval of a share (Clopper and Pearson). "Alone": nothing else has
rank 1; otherwise the failures do not tell some factors from the cause, and all of those share the rank.
"""

import argparse
import time
from collections import Counter
from dataclasses import dataclass, field

from scipy.stats import beta

from bench.cause_plants import KINDS, is_found, plant
from traceability.causes.ranking import SHUFFLES, rank

GOAL_FIRST, GOAL_FALSE = 0.95, 0.05
SEED_NONE = 10_000  # seeds of plants without a cause begin here


def interval(hits: int, of: int) -> tuple[float, float]:
    low = float(beta.ppf(0.025, hits, of - hits + 1)) if hits else 0.0
    high = float(beta.ppf(0.975, hits + 1, of - hits)) if hits < of else 1.0
    return low, high


def share(hits: int, of: int) -> str:
    low, high = interval(hits, of)
    return f"{hits}/{of} = {100 * hits / of:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"


@dataclass
class Tally:
    """Of plants with one cause each."""

    plants: int = 0
    first: int = 0
    strictly: int = 0  # before all others, those that share its rank too
    alone: int = 0
    called: int = 0
    sharing: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    first_by_kind: Counter[str] = field(default_factory=Counter)


def planted(plants: int, cells: int, ill: float, shuffles: int, *, tell: bool = False) -> Tally:
    """The kinds of cause in turn, a plant each."""
    tally = Tally(plants)
    for seed in range(plants):
        kind = KINDS[seed % len(KINDS)]
        made = plant(seed, kind, cells=cells, ill=ill)
        factors = rank(made.evidence, shuffles=shuffles).factors
        tally.by_kind[kind] += 1
        at = next((n for n, factor in enumerate(factors) if is_found(made, factor.names)), None)
        first = [factor for factor in factors if factor.rank == 1]
        if at is not None and factors[at].rank == 1:
            tally.first += 1
            tally.first_by_kind[kind] += 1
            tally.strictly += at == 0
            tally.alone += len(first) == 1
            tally.called += factors[at].is_finding
            tally.sharing += len(first)
        elif tell and factors:
            print(f"  seed {seed}: {made.cause} met {len(made.exposed)}, is number {at}; first {first[0].names[0]}")
    if tell:
        for kind in KINDS:
            print(f"  {kind:14} {share(tally.first_by_kind[kind], tally.by_kind[kind])}")
    return tally


def without(plants: int, cells: int, shuffles: int) -> int:
    """In how many plants without a cause anything is called a finding."""
    return sum(
        bool(rank(plant(SEED_NONE + seed, None, cells=cells).evidence, shuffles=shuffles).findings)
        for seed in range(plants)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plants", type=int, default=200)
    parser.add_argument("--cells", type=int, default=1500)
    parser.add_argument("--ill", type=float, default=30.0, help="units that the cause makes fail, on the average")
    parser.add_argument("--shuffles", type=int, default=SHUFFLES)
    asked = parser.parse_args()
    began = time.perf_counter()
    print(f"{asked.plants} plants of {asked.cells} cells, a cause behind {asked.ill:g} failures, 1.5 % fail anyway")
    tally = planted(asked.plants, asked.cells, asked.ill, asked.shuffles, tell=True)
    print(f"rank 1           {share(tally.first, asked.plants)}   goal: at least {100 * GOAL_FIRST:g} %")
    print(f"  at the top     {share(tally.strictly, asked.plants)}")
    print(f"  alone          {share(tally.alone, asked.plants)}; with rank 1 {tally.sharing / max(tally.first, 1):.2f}")
    print(f"and a finding    {share(tally.called, asked.plants)}")
    wrong = without(asked.plants, asked.cells, asked.shuffles)
    print(f"none, a finding  {share(wrong, asked.plants)}   goal: at most {100 * GOAL_FALSE:g} %")
    for fewer in (20.0, 12.0):
        tally = planted(asked.plants, asked.cells, fewer, asked.shuffles)
        print(f"behind {fewer:g} failures: rank 1 {share(tally.first, asked.plants)},"
              f" a finding {share(tally.called, asked.plants)}")  # fmt: skip
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
