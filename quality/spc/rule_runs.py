"""Average run length of a chart of independent normal points under a set of Nelson's rules. Pure.

Rules 1, 2 and 5 to 8 see only which zone a point falls in: the chart is a Markov chain on what the rules remember
(Champ and Woodall 1987), solved exactly. Rules 3 and 4 compare values, which no finite chain holds: sets with one of
them are simulated with a fixed seed, from a start to the first signal again and again, to about 0.25 % (one standard
error). Every window is full: two points beyond two sigma do not make two of three before the third point.
"""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array, eye_array
from scipy.sparse.linalg import splu
from scipy.special import ndtr

from quality.spc.rules import RUN_LENGTHS

EDGES = (-math.inf, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, math.inf)
_STREAMS, _STEPS, _SIGNALS, _SEED = 10_000, 2_000, 400_000, 20_260_501  # so many steps, or signals if they come first


def rule_arl(rules: Sequence[int], shift: float = 0.0, run_lengths: Mapping[int, int] | None = None) -> float:
    """Points to the first signal of any of the rules, the mean moved by `shift` standard deviations of a point.

    Raises ValueError without a rule. Cached; sets with rule 3 or 4 take about two seconds the first time.
    """
    return rule_run_length(rules, shift, run_lengths)[0]


def rule_run_length(
    rules: Sequence[int], shift: float = 0.0, run_lengths: Mapping[int, int] | None = None
) -> tuple[float, float]:
    """Mean and standard deviation of the points to the first signal; see `rule_arl`."""
    lengths = {**RUN_LENGTHS, **(run_lengths or {})}
    chosen = tuple(sorted(set(rules)))
    if not chosen or not set(chosen) <= set(RUN_LENGTHS):
        raise ValueError(f"Rules are numbers from 1 to 8, at least one of them, not {list(rules)}.")
    return _moments(chosen, abs(float(shift)), tuple(lengths[rule] for rule in chosen))


@lru_cache(maxsize=256)
def _moments(rules: tuple[int, ...], shift: float, lengths: tuple[int, ...]) -> tuple[float, float]:
    of = dict(zip(rules, lengths, strict=True))
    return _simulated(of, shift) if {3, 4} & set(rules) else _exact(of, shift)


class _Memory(NamedTuple):
    """What the rules remember of the points so far; recent ones last."""

    side: int  # signed length of the run on one side
    two: tuple[int, ...]  # +1 above two sigma, -1 below, of the last window but one point
    one: tuple[int, ...]  # the same of one sigma
    inside: int  # points in a row within one sigma
    outside: int


def _exact(rules: dict[int, int], shift: float) -> tuple[float, float]:
    edges = np.array(EDGES) - shift
    chances = np.diff(ndtr(edges))
    start = _Memory(0, (), (), 0, 0)
    places, waiting = {start: 0}, [start]
    rows: list[int] = []
    columns: list[int] = []
    moves: list[float] = []
    while waiting:
        memory = waiting.pop()
        for zone in range(-4, 4):  # 0: from the centre to one sigma above; -1: from there to one below
            after = _next(memory, zone, rules)
            if after is None:
                continue
            if after not in places:
                places[after] = len(places)
                waiting.append(after)
            rows.append(places[memory])
            columns.append(places[after])
            moves.append(float(chances[zone + 4]))
    stays = csr_array((moves, (rows, columns)), shape=(len(places), len(places)))
    solve = splu((eye_array(len(places)) - stays).tocsc()).solve
    means = solve(np.ones(len(places)))
    # E T^2 = (2 N - I) N 1 with N = (I - Q)^-1 (Kemeny and Snell 1960).
    squares = 2 * solve(means) - means
    return float(means[0]), math.sqrt(float(squares[0] - means[0] ** 2))


def _next(memory: _Memory, zone: int, rules: dict[int, int]) -> _Memory | None:
    """The memory after a point in that zone; None: a rule signals."""
    sign, depth = (1, zone) if zone >= 0 else (-1, -1 - zone)  # depth 0: within one sigma, ..., 3: beyond three
    if 1 in rules and depth == 3:
        return None
    side = memory.side + sign if memory.side * sign > 0 else sign
    if 2 in rules and abs(side) >= rules[2]:
        return None
    flags = []
    for rule, reach, seen in ((5, 2, memory.two), (6, 1, memory.one)):
        flag = sign if depth >= reach else 0
        window = (*seen, flag)
        if rule in rules:
            if flag and len(window) == rules[rule] and window.count(flag) >= rules[rule] - 1:
                return None
            flags.append(window[-(rules[rule] - 1) :])
        else:
            flags.append(())
    inside, outside = (memory.inside + 1, 0) if depth == 0 else (0, memory.outside + 1)
    if (7 in rules and inside >= rules[7]) or (8 in rules and outside >= rules[8]):
        return None
    return _Memory(
        side if 2 in rules else 0, flags[0], flags[1], inside if 7 in rules else 0, outside if 8 in rules else 0
    )


def _simulated(rules: dict[int, int], shift: float) -> tuple[float, float]:
    """Mean of many runs from start to signal: all points over all signals, the charts starting anew after each."""
    random = np.random.default_rng(_SEED)
    n = _STREAMS
    before, age = np.zeros(n), np.zeros(n, np.int16)
    side, step, turns, inside, outside = (np.zeros(n, np.int16) for _ in range(5))
    two, one = np.zeros((rules.get(5, 1), n), np.int8), np.zeros((rules.get(6, 1), n), np.int8)
    settled, signals, points, ended, ages = False, 0, 0, 0, 0
    for i in range(_STEPS):
        x = random.standard_normal(n) + shift
        age += 1
        size = np.abs(x)
        sign = np.where(x > 0, 1, -1).astype(np.int16)
        found = size > 3 if 1 in rules else np.zeros(n, bool)
        if 2 in rules:
            side = np.where(side * sign > 0, side + sign, sign)
            found |= np.abs(side) >= rules[2]
        if {3, 4} & set(rules):
            # `step` counts steps in one direction, signed; `turns` counts steps that turned, one after another.
            way = np.where(x > before, 1, -1).astype(np.int16)
            first = age == 1
            turns = np.where(first, 0, np.where(step * way < 0, turns + 1, 1))
            step = np.where(first, 0, np.where(step * way > 0, step + way, way))
            if 3 in rules:
                found |= np.abs(step) >= rules[3] - 1
            if 4 in rules:
                found |= turns >= rules[4] - 1
        for rule, reach, window in ((5, 2, two), (6, 1, one)):
            if rule in rules:
                window[i % rules[rule]] = flag = np.where(size > reach, sign, 0).astype(np.int8)
                full = (flag != 0) & (age >= rules[rule])
                found |= full & ((window == flag).sum(axis=0) >= rules[rule] - 1)
        inside, outside = np.where(size <= 1, inside + 1, 0), np.where(size > 1, outside + 1, 0)
        if 7 in rules:
            found |= inside >= rules[7]
        if 8 in rules:
            found |= outside >= rules[8]
        signals += int(found.sum())
        if settled or i >= _STEPS // 3 or signals > _SIGNALS // 3:
            settled = True
            points, ended, ages = points + n, ended + int(found.sum()), ages + int(age.sum(dtype=np.int64))
        before = x
        for counted in (age, side, step, turns, inside, outside):
            counted[found] = 0
        if signals > _SIGNALS:
            break
    # A renewal process that has settled signals once in E T points, and its mean age is E T (T + 1) / (2 E T).
    mean = points / ended
    square = mean * (2 * ages / points - 1)
    return mean, math.sqrt(max(0.0, square - mean * mean))
