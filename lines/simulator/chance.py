"""Random numbers that depend only on what they are for, so that the order of events changes no value. Pure."""

import math
import random
from collections.abc import Iterator


def dice(seed: int, *parts: object) -> random.Random:
    """A generator of its own for (seed, parts), for example (seed, serial, operation, attempt)."""
    return random.Random("|".join([str(seed), *map(str, parts)]))


def autoregressive(rng: random.Random, sigma: float, phi: float = 0.9, start: float | None = None) -> Iterator[float]:
    """AR(1) deviations around 0 with standard deviation sigma: x[n] = phi x[n-1] + e, var(e) = (1 - phi^2) sigma^2."""
    x = rng.gauss(0, sigma) if start is None else start
    innovation = sigma * math.sqrt(1 - phi * phi)
    while True:
        yield x
        x = phi * x + rng.gauss(0, innovation)


def lognormal(rng: random.Random, median: float, sigma_log: float) -> float:
    return median * math.exp(rng.gauss(0, sigma_log))


def gamma(rng: random.Random, mean: float, sigma: float) -> float:
    """Gamma with this mean and standard deviation: right-skewed and never negative. Both must be above 0."""
    shape = (mean / sigma) ** 2
    return rng.gammavariate(shape, mean / shape)


def poisson(rng: random.Random, mean: float) -> int:
    """Knuth's product method; means here are below 20."""
    limit, count, product = math.exp(-mean), 0, rng.random()
    while product > limit:
        count += 1
        product *= rng.random()
    return count


def split_gauge(sigma: float, tolerance: float | None, share: float = 0.10) -> tuple[float, float]:
    """Split sigma into (process, gauge) so that both together give sigma again.

    `share` is gauge R&R as six sigma over the tolerance (USL - LSL), 5-15 % in this plant; without a tolerance,
    or where it would leave nothing for the process, the gauge gets 30 % of sigma.
    """
    gauge = sigma * 0.3 if tolerance is None else min(share * tolerance / 6, sigma * 0.6)
    return math.sqrt(sigma * sigma - gauge * gauge), gauge
