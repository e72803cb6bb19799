"""What failed units have in common: every shared thing tested against the comparable good units, and ranked. Pure.

Many things are tested at once, and most are entangled: a batch is a part of its lots, a lane a part of its roll, two
of them may hold the very same units. So:

- Sets of the same units are one hypothesis with several names: nothing in the data can tell them apart.
- They are ordered by the logarithm of their likelihood ratio less that of the number of answers to the same question:
  one channel of 64 has to stand out more than one shift of three, a window of a roll more than a whole lot.
- `family_p` is the chance that shuffled failures give any set or window an order as high (the maximum statistic over
  all of them; P. Westfall and S. Young 1993), whatever their entanglement.
- `q` is Benjamini and Hochberg's over exact p, where a window's counts times the windows of its axis (Bonferroni).
- A finding has both at most `alpha`. With no cause there are then at most `alpha` analyses with any finding.
- `p_after` asks again of the others among units with the first one and among units without it: large means that
  the first explains it.
- What the first explains and is behind it by less than 1.92, the half of chi-squared's 95 % point, shares its rank:
  the failures do not say which of them it was. It is told so, and never as an order of merit.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_matrix

from traceability.causes.evidence import Evidence, Flags, Floats, Ints, Level, Name
from traceability.causes.scanning import Items, best_windows, lay_out, shuffled_best
from traceability.causes.scoring import Scorer, scorer
from traceability.causes.tails import Table, lift, log_p_more, q_values

ALPHA = 0.05
SHUFFLES = 999
FEWEST = 3  # units that a set needs to be looked at, and pieces that an axis needs
MOST_TOLD = 100
TOLD_APART = 1.92  # of log likelihood
_SMALLEST_P = 1e-300
_CELLS_AT_ONCE = 20_000_000


@dataclass(frozen=True, slots=True)
class Factor:
    """One set of units, or the best window of one axis. `scan_p`: chance of as good a window anywhere on its axis."""

    names: tuple[Name, ...]
    units: Ints
    n_exposed: int
    n_exposed_failed: int
    n_other: int
    n_other_failed: int
    lift: float
    lift_low: float
    lift_high: float
    score: float
    p: float
    q: float
    family_p: float
    scan_p: float | None
    is_finding: bool
    rank: int = 1
    p_after: float | None = None
    likeness: float = 1.0  # units shared with the first, of all that either has

    @property
    def is_explained(self) -> bool:
        """The first one accounts for it."""
        return self.p_after is not None and self.p_after > ALPHA


@dataclass(frozen=True, slots=True)
class Ranked:
    factors: tuple[Factor, ...]
    n_tested: int
    n_units: int
    n_failed: int
    shuffles: int
    alpha: float

    @property
    def findings(self) -> list[Factor]:
        return [factor for factor in self.factors if factor.is_finding]


@dataclass(slots=True)
class _Set:
    names: list[Name]
    units: Ints
    discount: float
    windows: int = 1  # that were tried for it
    axis: int | None = None


def rank(
    evidence: Evidence,
    *,
    shuffles: int = SHUFFLES,
    alpha: float = ALPHA,
    seed: int = 1,
    tick: Callable[[float], None] | None = None,
) -> Ranked:
    """The factors, best first, at most MOST_TOLD. The same evidence and seed give the same answer.

    `tick` is told the share done from time to time; what it raises ends the work.
    """
    tell = tick or (lambda _done: None)
    failed = np.asarray(evidence.failed, dtype=bool)
    n_units, n_failed = evidence.n_units, evidence.n_failed
    if not 0 < n_failed < n_units:
        return Ranked((), 0, n_units, n_failed, 0, alpha)
    groups = evidence.groups
    scored = scorer(failed, groups)
    sets = _distinct(evidence.levels, n_units)
    axes = [axis for axis in evidence.axes if len(np.unique(axis.units)) >= FEWEST]
    items = lay_out(axes, scored)
    axis_discounts = _axis_discounts([axis.name for axis in axes], items)
    chances = _Chances(failed, groups, shuffles, seed)
    highest, axis_highest = _shuffled(sets, items, axis_discounts, scored, chances, tick=tell)

    windows, without = [], len(axes)
    for window in best_windows(items, scored, np.flatnonzero(failed)):
        part = slice(window.first, window.last + 1)
        name = replace(
            axes[window.axis].name,
            from_m=float(items.from_m[part].min()),
            to_m=float(items.to_m[part].max()),
        )
        tried = _n_windows(int(items.sizes[window.axis]))
        units = np.unique(items.unit[part])
        windows.append(_Set([name], units, float(axis_discounts[window.axis]), tried, window.axis))
        without -= 1
    all_sets = _merged(sets, windows)
    shown = [_judged(each, evidence, scored, failed, groups) for each in all_sets]
    # An axis without two failures has no window: its hypothesis counts all the same.
    q = q_values([factor.p for factor in shown] + [1.0] * without)
    told = []
    for each, factor, rate in zip(all_sets, shown, q, strict=False):
        family = (1 + int((highest >= factor.score - 1e-9).sum())) / (shuffles + 1)
        scan = None
        if each.axis is not None:
            reached = axis_highest[:, each.axis] >= factor.score - 1e-9
            scan = (1 + int(reached.sum())) / (shuffles + 1)
        is_finding = family <= alpha and rate <= alpha
        told.append(replace(factor, q=rate, family_p=family, scan_p=scan, is_finding=is_finding))
    told.sort(key=lambda factor: (-factor.score, factor.p, factor.names[0].factor, factor.names[0].level))
    tell(1.0)
    # Only what failed more often than the rest.
    first = [f for f in told if f.n_exposed_failed * n_units > f.n_exposed * n_failed][:MOST_TOLD]
    return Ranked(
        tuple(_beside_first(first, failed, groups)), len(all_sets) + without, n_units, n_failed, shuffles, alpha
    )


def _distinct(levels: Sequence[Level], n_units: int) -> list[_Set]:
    """Levels that can tell anything, those of the same units together."""
    found: dict[bytes, _Set] = {}
    answers: dict[tuple[str, str], int] = {}
    kept = []
    for level in levels:
        if FEWEST <= len(level.units) <= n_units - 1:
            kept.append(level)
            answers[level.name.question] = answers.get(level.name.question, 0) + 1
    for level in kept:
        discount = math.log(answers[level.name.question])
        known = found.setdefault(level.units.tobytes(), _Set([], level.units, discount))
        known.names.append(level.name)
        known.discount = min(known.discount, discount)
    return list(found.values())


def _merged(sets: list[_Set], windows: list[_Set]) -> list[_Set]:
    """Windows of the same units as another window or level stand with it."""
    found = {each.units.tobytes(): each for each in sets}
    merged = list(sets)
    for window in windows:
        known = found.get(window.units.tobytes())
        if known is None:
            found[window.units.tobytes()] = window
            merged.append(window)
            continue
        known.names += window.names
        if known.axis is not None and window.discount < known.discount:
            known.discount, known.windows, known.axis = window.discount, window.windows, window.axis
    return merged


def _n_windows(size: int) -> int:
    """Runs of 2 up to half of so many pieces."""
    longest = size // 2
    return max(1, sum(size - n + 1 for n in range(2, longest + 1)))


def _axis_discounts(names: Sequence[Name], items: Items) -> Floats:
    """ln of how many windows that tell different things one question has: places times doublings of length."""
    tried: dict[tuple[str, str], float] = {}
    for name, size in zip(names, items.sizes.tolist(), strict=True):
        tried[name.question] = tried.get(name.question, 0.0) + size * (1 + math.log2(max(size, 1)))
    return np.asarray([math.log(tried[name.question]) for name in names], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _Chances:
    """Shuffles of the failures among the units of each stratum."""

    failed: Flags
    groups: Ints
    shuffles: int
    seed: int


def _shuffled(
    sets: list[_Set],
    items: Items,
    axis_discounts: Floats,
    scored: Scorer,
    chances: _Chances,
    *,
    tick: Callable[[float], None],
) -> tuple[Floats, Floats]:
    """For each shuffle: the highest score of all, and the highest of each axis; both less the discounts."""
    rng, shuffles = np.random.default_rng(chances.seed), chances.shuffles
    n_units, n_failed = len(chances.failed), int(chances.failed.sum())
    sizes = np.asarray([len(each.units) for each in sets], dtype=np.int64)
    discounts = np.asarray([each.discount for each in sets])
    rows = np.repeat(np.arange(len(sets)), sizes)
    columns = np.concatenate([each.units for each in sets]) if sets else np.zeros(0, np.int64)
    member = csr_matrix((np.ones(len(rows), np.int32), (rows, columns)), shape=(len(sets), n_units))
    expected = np.asarray(member @ scored.rate, dtype=np.float64)[:, None]
    highest = np.full(shuffles, -np.inf)
    axis_highest = np.full((shuffles, len(items.sizes)), -np.inf)
    each = max(1, min(100, _CELLS_AT_ONCE // (n_units + len(sets) + 1)))
    for begin in range(0, shuffles, each):
        count = min(each, shuffles - begin)
        chosen = _draw(rng, count, chances.failed, chances.groups)
        part = slice(begin, begin + count)
        if sets:
            where = (chosen.reshape(-1), np.repeat(np.arange(count), n_failed))
            labels = csr_matrix((np.ones(count * n_failed, np.int32), where), shape=(n_units, count))
            found = (member @ labels).toarray().astype(np.int64)
            scores = scored.score(found, sizes[:, None], expected) - discounts[:, None]
            highest[part] = scores.max(axis=0)
        if len(items.sizes):
            best = shuffled_best(items, scored, chosen) - axis_discounts
            axis_highest[part] = best
            highest[part] = np.maximum(highest[part], best.max(axis=1))
        tick(0.9 * (begin + count) / shuffles)
    return highest, axis_highest


def _draw(rng: np.random.Generator, count: int, failed: Flags, groups: Ints) -> Ints:
    """Rows of units called failed by chance: as many in each stratum as failed there."""
    parts = []
    for group in range(int(groups.max()) + 1):
        units = np.flatnonzero(groups == group)
        n_failed = int(failed[units].sum())
        if n_failed == len(units):
            parts.append(np.broadcast_to(units, (count, n_failed)))
        elif n_failed:
            order = np.argpartition(rng.random((count, len(units))), n_failed - 1, axis=1)[:, :n_failed]
            parts.append(units[order])
    return np.concatenate(parts, axis=1)


def _tables(units: Ints, failed: Flags, strata: Ints) -> list[Table]:
    totals, failures = np.bincount(strata), np.bincount(strata, weights=failed)
    n = np.bincount(strata[units], minlength=len(totals))
    a = np.bincount(strata[units], weights=failed[units], minlength=len(totals))
    return [(int(n[s]), int(a[s]), int(totals[s]), int(failures[s])) for s in range(len(totals)) if totals[s]]


def _judged(each: _Set, evidence: Evidence, scored: Scorer, failed: Flags, groups: Ints) -> Factor:
    tables = _tables(each.units, failed, groups)
    n, a = len(each.units), int(failed[each.units].sum())
    expected = np.asarray([scored.rate[each.units].sum()])
    score = float(scored.score(np.asarray([a]), np.asarray([n]), expected)[0]) - each.discount
    p = math.exp(min(0.0, max(log_p_more(tables) + math.log(each.windows), math.log(_SMALLEST_P))))
    ratio, low, high = lift(tables, evidence.weight_good)
    return Factor(
        tuple(each.names), each.units, n, a, evidence.n_units - n, evidence.n_failed - a, ratio, low, high, score,
        p, 1.0, 1.0, None, False,
    )  # fmt: skip


def _beside_first(factors: list[Factor], failed: Flags, groups: Ints) -> list[Factor]:
    if not factors:
        return []
    first = factors[0].units
    within = np.zeros(len(failed), dtype=np.int64)
    within[first] = 1
    strata = groups * 2 + within
    sharing: list[Factor] = [factors[0]]
    others: list[Factor] = []
    for factor in factors[1:]:
        p = math.exp(log_p_more(_tables(factor.units, failed, strata)))
        both = len(np.intersect1d(first, factor.units, assume_unique=True))
        either = len(first) + factor.n_exposed - both
        told = replace(factor, p_after=max(p, _SMALLEST_P), likeness=both / either)
        is_near = factors[0].score - factor.score < TOLD_APART
        (sharing if is_near and told.is_explained else others).append(told)
    return sharing + [replace(factor, rank=n) for n, factor in enumerate(others, start=len(sharing) + 1)]
