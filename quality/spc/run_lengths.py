"""How many points a chart runs before it signals, and how often it signals by chance alone. Pure.

Average run lengths (ARL) are zero-state: counted from the start of the chart. Shifts are in standard deviations of the
plotted point. Sources: Shewhart closed form; EWMA Crowder (1987); CUSUM Page (1954), two-sided with head start Lucas
and Crosier (1982); MEWMA Rigdon (1995). Their integral equations are solved by Gauss-Legendre quadrature, whose error
falls off exponentially here.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy import optimize, stats
from scipy.special import ndtr

from quality.spc import panel_laws as laws
from quality.spc.panels import WIDTH, Floats
from quality.spc.rules import ALLOWED
from quality.spc.smoothing import EWMA_WIDTH, INTERVAL, SLACK, WEIGHT
from quality.spc.standards import PANELS

_NODES = 120


# False signals of a whole chart


def false_signals_per_point(
    chart: str,
    rules: Sequence[int],
    run_lengths: Mapping[int, int] | Mapping[str, int] | None = None,
    *,
    size: float = 5,
    options: Mapping[str, float] | None = None,
) -> float:
    """Runs of signals that one point in control starts on average, all panels together: alarms per point by chance.

    `chart` is a chart type of a control plan (I-MR, XBAR-R, ..., T), `rules` those chosen for it (each panel takes
    those it may have), `run_lengths` other lengths by rule. `size` is the subgroup's, or the sample's or area's of an
    attribute chart. `options` as the plan's: lambda, L (EWMA), k, h (CUSUM), and center, the frozen share, rate or
    mean count; without it an attribute chart is taken as normal. Independent points and known limits are assumed.
    Raises ValueError for a chart that does not exist. Cached: the same question costs nothing the second time.
    """
    lengths = {int(rule): int(length) for rule, length in (run_lengths or {}).items()}
    numbers = {name: float(value) for name, value in (options or {}).items() if isinstance(value, int | float)}
    return _false_signals(
        chart, tuple(sorted(set(rules))), tuple(sorted(lengths.items())), float(size), tuple(sorted(numbers.items()))
    )


@lru_cache(maxsize=1024)
def _false_signals(
    chart: str,
    rules: tuple[int, ...],
    run_lengths: tuple[tuple[int, int], ...],
    size: float,
    options: tuple[tuple[str, float], ...],
) -> float:
    if chart not in PANELS:
        raise ValueError(f"There is no chart of the type {chart!r}.")
    lengths, given, total = dict(run_lengths), dict(options), 0.0
    for name in PANELS[chart]:
        chosen = [rule for rule in rules if rule in ALLOWED[name]]
        if name == "MR":
            total += laws.moving_range_rate() if chosen else 0.0
        elif name == "EWMA":
            total += ewma_rate(given.get("lambda", WEIGHT), given.get("L", EWMA_WIDTH)) if chosen else 0.0
        elif name == "CUSUM":
            total += 2 * cusum_rate(given.get("k", SLACK), given.get("h", INTERVAL)) if chosen else 0.0
        else:
            law = _law(chart, name, size, given.get("center", 0.0))
            total += sum(laws.rate(law, rule, lengths) for rule in chosen)
    return total


def _law(chart: str, name: str, size: float, center: float) -> laws.Law:
    if name == "R":
        return laws.range_law(max(2, round(size)))
    if name == "S":
        return laws.sd_law(max(2, round(size)))
    if name == "T":
        return laws.power_law()
    if name == "G":
        return _counted(name, center or 100.0, 1.0)
    if name in {"I", "XBAR"} or chart.startswith("LANEY") or center <= 0:
        return laws.normal_law()
    return _counted(name, center, size)


def _counted(chart: str, center: float, size: float) -> laws.Law:
    """Counts as they are: binomial, Poisson, geometric from 0."""
    if chart in {"P", "NP"}:
        n, share = max(1, round(size)), min(center, 1.0)
        mean, error, most = n * share, math.sqrt(n * share * (1 - share)), float(n)
        count: Any = stats.binom(n, share)
    elif chart == "G":
        mean, error, most = center, math.sqrt(center * (center + 1)), math.inf
        count = stats.geom(1 / (center + 1), loc=-1)
    else:
        mean = center * (size if chart == "U" else 1.0)
        error, most = math.sqrt(mean), math.inf
        count = stats.poisson(mean)
    points = np.arange(int(count.ppf(1e-15)), int(count.ppf(1 - 1e-15)) + 2, dtype=np.float64)
    mass = np.asarray(count.pmf(points), np.float64)
    return laws.counted_law(mass, points, mean, max(0.0, mean - WIDTH * error), min(most, mean + WIDTH * error))


def ewma_rate(weight: float, width: float) -> float:
    """Runs beyond either asymptotic limit per point in control; weight = lambda in (0, 1], width = L > 0.

    Raises ValueError beyond that.
    """
    if not (0 < weight <= 1 and 0 < width < 40):
        raise ValueError("lambda has to be above 0 and at most 1, L above 0 and below 40.")
    spread = math.sqrt(weight / (2 - weight))
    nodes, weights = _gauss(-width * spread, width * spread)
    density = np.exp(-0.5 * (nodes / spread) ** 2) / (spread * math.sqrt(2 * math.pi))
    leaves = ndtr((-width * spread - (1 - weight) * nodes) / weight) + ndtr(
        (-width * spread + (1 - weight) * nodes) / weight
    )
    return float(weights @ (density * leaves))


def cusum_rate(k: float, h: float) -> float:
    """Runs of one sum beyond h per point in control, the sum going on after a signal as it is plotted.

    The sum's long-run distribution is that of a Markov chain on steps of a twentieth of a standard error (Brook and
    Evans 1972), up to where the sum comes once in 1e9 points (its tail falls as exp(-2 k w)).
    """
    if k <= 0:
        return 0.0  # the sum has no drift back: it goes beyond h once and never ends
    top = max(h, 0.0) + min(10 / k, 60.0)
    step = max(0.05, k / 20, top / 1500)  # at most so many states
    edges = np.arange(0.0, top + step, step)
    middles = np.concatenate([[0.0], edges[:-1] + step / 2])
    # Column j > 0: the sum lands between edges j - 1 and j; column 0: at 0; the last one takes all above.
    below = ndtr(edges[None, :] + k - middles[:, None])
    moves = np.diff(below, axis=1, prepend=0.0)
    moves[:, -1] += 1 - below[:, -1]
    n = moves.shape[0]
    system = np.concatenate([(moves[:, :n].T - np.eye(n))[:-1], np.ones((1, n))])
    share = np.linalg.solve(system, np.concatenate([np.zeros(n - 1), [1.0]]))
    return max(0.0, float(share @ np.where(middles <= h, ndtr(middles - k - h), 0.0)))


# Average run lengths


def shewhart_arl(shift: float = 0.0, n: int = 1, width: float = WIDTH) -> float:
    """Of means of n values with limits `width` standard errors off; `shift` in standard deviations of one value."""
    moved = shift * math.sqrt(n)
    return 1 / float(ndtr(-width + moved) + ndtr(-width - moved))


def ewma_arl(weight: float, width: float, shift: float = 0.0, *, exact: bool = False) -> float:
    """Two-sided EWMA from its centre; weight = lambda, width = L; `exact`: time-varying limits, else asymptotic."""
    spread = math.sqrt(weight / (2 - weight))
    limit = width * spread
    nodes, weights = _gauss(-limit, limit)

    def kernel(to: Floats, start: Floats) -> Floats:
        z = (to[None, :] - (1 - weight) * start[:, None]) / weight - shift
        return np.asarray(np.exp(-0.5 * z * z) / (weight * math.sqrt(2 * math.pi)), np.float64)

    # L(u) = 1 + integral of L(v) f(v | u) dv over the limits.
    rest = np.linalg.solve(np.eye(nodes.size) - kernel(nodes, nodes) * weights, np.ones(nodes.size))
    if not exact:
        return 1 + float(kernel(nodes, np.zeros(1))[0] @ (weights * rest))
    total, at, mass, i = 0.0, np.zeros(1), np.ones(1), 0
    while (1 - weight) ** (2 * i) > 1e-10:
        total += float(mass.sum())  # P(no signal among the first i points)
        i += 1
        inside = limit * math.sqrt(1 - (1 - weight) ** (2 * i))
        to, each = _gauss(-inside, inside)
        mass = each * (mass @ kernel(to, at))
        at = to
    # From here on the limits stand: what is left of the run, from wherever the survivors are.
    later = 1 + kernel(nodes, at) @ (weights * rest)
    return total + float(mass @ later)


def cusum_arl(k: float, h: float, shift: float = 0.0, head_start: float = 0.0) -> float:
    """Two-sided tabular CUSUM, reference value k, decision interval h, both sums from `head_start`; all in sigma.

    Of the one-sided ones: ARL = (U(s) D(0) + D(s) U(0) - U(0) D(0)) / (U(0) + D(0)), exact while a signal of one sum
    means that the other is at 0 (Lucas and Crosier 1982); for s = 0 it is 1 / (1/U + 1/D).
    """
    up, down = _one_sided(k, h, shift), _one_sided(k, h, -shift)
    u0, d0 = up(0.0), down(0.0)
    us, ds = (up(head_start), down(head_start)) if head_start else (u0, d0)
    return (us * d0 + ds * u0 - u0 * d0) / (u0 + d0)


def _one_sided(k: float, h: float, shift: float) -> Callable[[float], float]:
    """ARL of one sum as a function of where it starts. L(u) = 1 + P(to 0 | u) L(0) + integral of L(v) f(v | u) dv."""
    nodes, weights = _gauss(0.0, h)

    def moves(start: Floats) -> Floats:
        z = nodes[None, :] - start[:, None] + k - shift
        inside = np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi) * weights
        return np.asarray(np.concatenate([ndtr(k - shift - start)[:, None], inside], axis=1), np.float64)

    places = np.concatenate([[0.0], nodes])
    lengths = np.linalg.solve(np.eye(places.size) - moves(places), np.ones(places.size))
    return lambda start: 1 + float(moves(np.array([start]))[0] @ lengths)


def mewma_arl(variables: int, weight: float, h4: float) -> float:
    """In-control ARL of a MEWMA of so many variables, asymptotic covariance, signal where T2 > h4.

    The squared length u of the moving average is itself a Markov chain: next u = lambda^2 chi'2(p, ((1 - lambda) /
    lambda)^2 u). With u = v^2 the integral has no singular end.
    """
    nodes, weights = _gauss(0.0, math.sqrt(h4 * weight / (2 - weight)))
    u = nodes * nodes
    scaled = u / weight**2
    center = ((1 - weight) / weight) ** 2 * u
    moves = stats.ncx2.pdf(scaled[None, :], variables, center[:, None]) / weight**2 * (2 * nodes * weights)
    lengths = np.linalg.solve(np.eye(nodes.size) - moves, np.ones(nodes.size))
    first = stats.chi2.pdf(scaled, variables) / weight**2 * (2 * nodes * weights)
    return 1 + float(first @ lengths)


# Designs: the limit that gives a wanted in-control ARL


@lru_cache(maxsize=256)
def ewma_L(weight: float, arl0: float = 370.0) -> float:
    """Width of asymptotic limits for an in-control ARL. Raises ValueError beyond 1 < arl0 <= 1e6."""
    return _root(lambda width: ewma_arl(weight, width), arl0)


@lru_cache(maxsize=256)
def cusum_h(k: float, arl0: float = 370.0) -> float:
    """Decision interval of a two-sided CUSUM for an in-control ARL. Raises ValueError beyond 1 < arl0 <= 1e6."""
    return _root(lambda h: cusum_arl(k, h), arl0)


@lru_cache(maxsize=256)
def mewma_h4(variables: int, weight: float, arl0: float = 200.0) -> float:
    """Limit of T2 of a MEWMA for an in-control ARL. Raises ValueError beyond 1 < arl0 <= 1e6."""
    return _root(lambda h4: mewma_arl(variables, weight, h4), arl0)


def _root(arl: Callable[[float], float], arl0: float) -> float:
    """The limit at which ln(arl) = ln(arl0): the run length grows about exponentially with it."""
    if not 1 < arl0 <= 1e6:
        raise ValueError(f"An average run length of {arl0} cannot be designed for.")
    low = high = 0.01
    while arl(high) < arl0:  # short steps: far beyond the wanted run length the equations lose their digits
        low, high = high, high * 1.5
    wanted = math.log(arl0)
    return float(optimize.brentq(lambda limit: math.log(arl(limit)) - wanted, low, high, xtol=1e-10))


def _gauss(low: float, high: float) -> tuple[Floats, Floats]:
    nodes, weights = _standard()
    half = (high - low) / 2
    return low + half * (nodes + 1), weights * half


@lru_cache(maxsize=1)
def _standard() -> tuple[Floats, Floats]:
    nodes, weights = leggauss(_NODES)
    return nodes, weights
