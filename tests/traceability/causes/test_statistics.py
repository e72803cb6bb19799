"""The statistics of common causes against definitions written out plainly, on small cases."""

import math
from fractions import Fraction
from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from traceability.causes.evidence import Axis, Evidence, Level, Name, indices
from traceability.causes.ranking import rank
from traceability.causes.scanning import best_windows, lay_out, shuffled_best
from traceability.causes.scoring import scorer
from traceability.causes.tails import lift, log_p_more, q_values

FEW = settings(max_examples=40, deadline=None)


@st.composite
def tables(draw: st.DrawFn) -> tuple[int, int, int, int]:
    total = draw(st.integers(2, 12))
    failed, n = draw(st.integers(0, total)), draw(st.integers(0, total))
    return n, draw(st.integers(max(0, n + failed - total), min(n, failed))), total, failed


def chances(n: int, total: int, failed: int) -> dict[int, Fraction]:
    """Of each number of failed ones among n of total, by counting ways."""
    ways = {k: math.comb(failed, k) * math.comb(total - failed, n - k) for k in range(min(n, failed) + 1) if n - k >= 0}
    return {k: Fraction(way, math.comb(total, n)) for k, way in ways.items() if way}


@FEW
@given(st.lists(tables(), min_size=1, max_size=3))
def test_the_exact_p_is_the_share_of_ways_with_as_many_failures(some: list[tuple[int, int, int, int]]) -> None:
    sums = {0: Fraction(1)}
    for n, _a, total, failed in some:
        new: dict[int, Fraction] = {}
        for before, p in sums.items():
            for k, q in chances(n, total, failed).items():
                new[before + k] = new.get(before + k, Fraction(0)) + p * q
        sums = new
    observed = sum(a for _n, a, _total, _failed in some)
    right = sum((p for k, p in sums.items() if k >= observed), Fraction(0))
    assert math.isclose(math.exp(log_p_more(some)), float(right), rel_tol=1e-9)


def test_far_tails_keep_their_size() -> None:
    """10 of 10 exposed of 100,000 are the 10 that failed: one way of C(100000, 10)."""
    right = -math.log(math.comb(100_000, 10))
    assert math.isclose(log_p_more([(10, 10, 100_000, 10)]), right, rel_tol=1e-9)
    twice = log_p_more([(10, 10, 100_000, 10), (10, 10, 100_000, 10)])
    assert math.isclose(twice, 2 * right, rel_tol=1e-9)


def test_lift_is_the_ratio_of_the_two_rates_with_its_interval() -> None:
    """By Katz's logarithm interval with one half added to each count, worked by hand: 12 of 40 against 6 of 360."""
    ratio, low, high = lift([(40, 12, 400, 18)])
    right = (12.5 / 41) / (6.5 / 361)
    reach = 1.959964 * math.sqrt(1 / 12.5 - 1 / 41 + 1 / 6.5 - 1 / 361)
    assert math.isclose(ratio, right, rel_tol=1e-9)
    assert math.isclose(low, right * math.exp(-reach), rel_tol=1e-4)
    assert math.isclose(high, right * math.exp(reach), rel_tol=1e-4)
    # Nobody else failed: finite all the same. A sample of good ones standing for ten each gives the rates of all.
    assert all(math.isfinite(each) for each in lift([(40, 12, 400, 12)]))
    sampled = lift([(40 - 28 + 3, 12, 12 + 3 + 6 + 36, 18)], weight_good=10)[0]
    assert math.isclose(sampled, ((12.5) / (12.5 + 35)) / (6.5 / (6.5 + 365)), rel_tol=1e-9)


@FEW
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_q_is_the_smallest_rate_at_which_the_step_up_rule_rejects(p: list[float]) -> None:
    found = q_values(p)
    for n, each in enumerate(p):
        # Step-up: rejected at rate r where some k-th smallest p, at least this one, is at most r k / m.
        rates = [value * len(p) / sum(other <= value for other in p) for value in p if value >= each]
        assert math.isclose(found[n], min(1.0, *rates) if rates else 1.0, rel_tol=1e-9, abs_tol=1e-12)


@st.composite
def webs(draw: st.DrawFn) -> tuple[list[tuple[int, float]], list[bool]]:
    """(unit, metre) of single pieces along one roll, and who failed."""
    n = draw(st.integers(4, 14))
    failed = draw(st.lists(st.booleans(), min_size=n + 6, max_size=n + 6).filter(lambda f: 0 < sum(f) < len(f)))
    at = draw(st.permutations(range(n)))
    return [(unit, 10.0 * place) for unit, place in enumerate(at)], failed


def likelihood(a: int, n: int, total: int, failed: int) -> float:
    def log(k: int, of: int) -> float:
        return k * math.log(k / of) if k else 0.0

    inside = log(a, n) + log(n - a, n)
    outside = log(failed - a, total - n) + log(total - n - failed + a, total - n)
    found = inside + outside - log(failed, total) - log(total - failed, total)
    return found if a * total > n * failed else 0.0


@FEW
@given(webs())
def test_the_best_window_is_the_best_of_all_windows(web: tuple[list[tuple[int, float]], list[bool]]) -> None:
    places, failed = web
    units = np.asarray([unit for unit, _at in places])
    begin = np.asarray([at for _unit, at in places])
    labels = np.asarray(failed)
    scored = scorer(labels, np.zeros(len(labels), np.int64))
    items = lay_out([Axis(Name("range", "R", "1"), units, begin, begin + 5)], scored)
    row = [failed[unit] for unit, _at in sorted(places, key=lambda pair: pair[1])]
    brute = [
        likelihood(sum(row[i:j]), j - i, len(failed), sum(failed))
        for i, j in combinations(range(len(row) + 1), 2)
        if sum(row[i:j]) >= 2 and j - i <= len(row) // 2
    ]
    best = max(brute, default=0.0)
    windows = best_windows(items, scored, np.flatnonzero(labels))
    assert math.isclose(max((w.score for w in windows), default=0.0), best, rel_tol=1e-9, abs_tol=1e-9)
    both = shuffled_best(items, scored, np.asarray([np.flatnonzero(labels)] * 2))
    assert np.allclose(both, best)


def test_neighbouring_pieces_of_one_unit_count_once() -> None:
    """Two jelly rolls of one cell lie side by side: one failed cell is no cluster."""
    labels = np.asarray([True, *[False] * 20])
    units = np.repeat(np.arange(21), 2)
    begin = np.arange(42, dtype=np.float64) * 15.75
    scored = scorer(labels, np.zeros(21, np.int64))
    items = lay_out([Axis(Name("range", "R", "1"), units, begin, np.add(begin, 15.75, dtype=np.float64))], scored)
    assert items.sizes.tolist() == [21]
    assert best_windows(items, scored, np.asarray([0])) == []


def level(kind: str, factor: str, name: str, units: list[int]) -> Level:
    return Level(Name(kind, factor, name), indices(units))


def test_the_same_units_are_one_finding_with_all_its_names() -> None:
    rng = np.random.default_rng(7)
    failed = np.zeros(400, dtype=bool)
    failed[:12] = True
    failed[rng.choice(np.arange(40, 400), 5, replace=False)] = True
    exposed = list(range(20))
    others = [level("station", "WELD", str(n), list(range(n * 100, n * 100 + 100))) for n in range(4)]
    levels = [level("lot", "LID", "A", exposed), level("tray", "FORM", "T1", exposed), *others]
    found = rank(Evidence(failed, levels), shuffles=199)
    first = found.factors[0]
    assert {name.kind for name in first.names} == {"lot", "tray"}
    assert (first.n_exposed, first.n_exposed_failed, first.n_other, first.n_other_failed) == (20, 12, 380, 5)
    assert first.is_finding and first.q < 1e-9 and first.family_p == 1 / 200
    # The station that had them all has nothing of its own.
    weld = next(factor for factor in found.factors if factor.names[0].kind == "station")
    assert weld.is_explained
    again = rank(Evidence(failed, levels), shuffles=199)
    assert [(f.score, f.family_p) for f in again.factors] == [(f.score, f.family_p) for f in found.factors]


def test_days_that_were_bad_altogether_accuse_no_lot_within_days() -> None:
    """On one day a third fails whatever it is made of, else nearly nothing. A lot of that day alone stands out against
    the whole span, and not against the same day."""
    rng = np.random.default_rng(3)
    day = np.repeat(np.arange(4), 100)
    failed = rng.random(400) < np.where(day == 2, 0.33, 0.02)
    lot = level("lot", "LID", "B", [n for n in range(200, 300) if n % 2])
    spread = level("lot", "LID", "C", [n for n in range(400) if n % 3 == 0])
    whole = rank(Evidence(failed, [lot, spread]), shuffles=199)
    daily = rank(Evidence(failed, [lot, spread], strata=day), shuffles=199)
    assert whole.findings
    assert not daily.findings
