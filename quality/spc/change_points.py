"""When a process began to change, estimated from a chart that signalled; and when it counts as verified.

Points are standardised: z = (point - centre) / standard error of the point, N(0, 1) while the process is in control.
Points are given oldest first; the last one is the one that signalled. Places are 0-based; NaN: no point there.

- Step: from place t on the mean is another one, of unknown size. The log likelihood, less that of no change, is
  S(t)^2 / 2k with S(t) the sum of the k points from t on; its maximum is the estimate of Samuel, Pignatiello and
  Calvin, "Identifying the time of a step change with X-bar control charts", Quality Engineering 10 (1998) 521-527.
- Drift: from place t on the mean grows by the same amount with each point. With weights w = 1, 2, ... from t on it is
  (sum w z)^2 / 2 sum w^2; the estimate of Perry and Pignatiello, "Estimation of the change point of a normal process
  mean with a linear trend disturbance in SPC", Quality Technology and Quantitative Management 3 (2006) 325-334.
- Scale: from place t on the standard deviation is another one. Of ratios q = s^2 / sigma^2 with f degrees of freedom:
  F/2 (V - 1 - ln V), F the sum of f from t on and V = sum f q / F; the step change of a process variance, Samuel,
  Pignatiello and Calvin, Quality Engineering 10 (1998) 529-538.

All places whose log likelihood is within DROP of the best one stay possible (a likelihood interval; DROP = 2 leaves out
what is less than a seventh as likely as the best, exp(-2) = 0.135).
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from quality.spc.panels import Floats

DROP = 2.0
# A mean of n standardised points in control is N(0, 1/n): beyond two of its standard errors it does not count as good.
# Of 8 points after a change by 2 sigma, 1 in 7,800 passes; of points in control 19 in 20 do.
GOOD_ENOUGH = 2.0

Model = Literal["STEP", "DRIFT", "SCALE"]


@dataclass(frozen=True, slots=True)
class Change:
    """An estimated change.

    `place`: the most likely first point that was changed; `earliest`: the first place that stays possible. `size`:
    STEP: standard errors of a point; DRIFT: standard errors a point; SCALE: ratio of the standard deviations.
    `support`: log likelihood above that of no change.
    """

    model: Model
    place: int
    earliest: int
    size: float
    support: float


def change_of_mean(z: ArrayLike, side: int = 0, drop: float = DROP) -> Change | None:
    """The step or the drift that fits better, with the places that are possible under either.

    z: standardised points, shape (m,), the last one signalled. side: +1 or -1 where the signal says in which direction
    the mean changed, 0: either. None: no point, or none that speaks for a change in that direction.
    """
    z = np.asarray(z, dtype=float)
    known = np.isfinite(z)
    if not known.any():
        return None
    found = [_likelihood(model, z, known, side) for model in ("STEP", "DRIFT")]
    best = max(float(support.max()) for support, _ in found)
    if not best > 0:
        return None
    earliest = min(int(np.argmax(support >= best - drop)) for support, _ in found if support.max() >= best - drop)
    model: Model = "STEP" if found[0][0].max() >= best else "DRIFT"
    support, size = found[0] if model == "STEP" else found[1]
    place = int(support.argmax())
    return Change(model, place, min(earliest, place), float(size[place]), best)


def _likelihood(model: str, z: Floats, known: np.ndarray, side: int) -> tuple[Floats, Floats]:
    """Log likelihood above no change, and estimated size, for a change at each place; shape (m,) both."""
    total = _from_here(np.where(known, z, 0.0))
    count = _from_here(known.astype(float))
    if model == "STEP":
        weight = count
    else:
        # sum of (i - t + 1) z[i] over i >= t is the sum from t on of the sums from there on.
        total = _from_here(total)
        place = np.arange(1.0, z.size + 1)
        first, second = _from_here(known * place), _from_here(known * place**2)
        before = place - 1
        weight = second - 2 * before * first + before**2 * count
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.where(weight > 0, total / weight, 0.0)
    support = size * total / 2
    support[~known] = 0.0  # a change is told from the first point that shows it
    if side:
        support[size * side < 0] = 0.0
    return support, size


def change_of_scale(ratios: ArrayLike, df: ArrayLike, side: int = 0, drop: float = DROP) -> Change | None:
    """The place from which on the spread is another one.

    ratios: s^2 / sigma^2 of each subgroup, shape (m,), s^2 an estimate of its variance; df: its degrees of freedom.
    side: +1 wider, -1 narrower, 0 either. None: no subgroup, or none that speaks for a change in that direction.
    """
    q, f = np.asarray(ratios, dtype=float), np.asarray(df, dtype=float)
    known = np.isfinite(q) & (q >= 0) & (f > 0)
    if not known.any():
        return None
    freedom = _from_here(np.where(known, f, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        v = np.where(freedom > 0, _from_here(np.where(known, f * q, 0.0)) / freedom, 1.0)
        support = freedom / 2 * (v - 1 - np.log(np.maximum(v, 1e-12)))
    support[~known] = 0.0
    if side:
        support[(v - 1) * side < 0] = 0.0
    place = int(support.argmax())
    best = float(support[place])
    if not best > 0:
        return None
    return Change("SCALE", place, int(np.argmax(support >= best - drop)), math.sqrt(float(v[place])), best)


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What is suspect at a signal: all points from `place` on.

    `change`: what was estimated, if anything; `verified`: the first point of the last verification that passed before
    the signal, None: none did.
    """

    place: int
    change: Change | None
    verified: int | None


def suspect_from(
    change: Change | None, z: ArrayLike, broken: ArrayLike, window_first: int, verify_points: int
) -> Suspicion:
    """The earliest of: what the estimate leaves possible, the rule's own window, the last verification's first point.

    z, broken: as of `last_verified`, the last point signalled. window_first: place of the first point of the rule's
    window. verify_points: so many points in control verify the process; 0: none do, so that a verification bounds
    nothing. Where it was never verified, all points are suspect.
    """
    verified = last_verified(z, broken, verify_points)
    places = [window_first]
    if change is not None:
        places.append(change.earliest)
    if verify_points:
        places.append(verified or 0)
    return Suspicion(min(places), change, verified)


def is_verified(z: ArrayLike) -> bool:
    """Whether these points, none of which signals, show a process on its centre: their mean within two of its standard
    errors. No point shows nothing."""
    z = np.asarray(z, dtype=float)
    return bool(z.size and np.isfinite(z).all() and abs(z.sum()) <= GOOD_ENOUGH * math.sqrt(z.size))


def last_verified(z: ArrayLike, broken: ArrayLike, n: int) -> int | None:
    """The first of the last `n` points in a row, before the last point, that verify the process.

    z: standardised points, shape (m,), the last one signalled. broken: whether a signal ends at the point, shape (m,).
    None: nowhere n points in a row do, or n is 0.
    """
    z, bad = np.asarray(z, dtype=float), np.asarray(broken, dtype=bool)
    for first in range(z.size - 1 - n, -1, -1) if n else ():
        window = slice(first, first + n)
        if not bad[window].any() and is_verified(z[window]):
            return first
    return None


def first_verified(z: ArrayLike, broken: ArrayLike, n: int) -> int | None:
    """The place of the point that ends the first `n` points in a row that verify the process; z, broken: what came
    after the signal. None: not yet, or n is 0."""
    z, bad = np.asarray(z, dtype=float), np.asarray(broken, dtype=bool)
    for end in range(n, z.size + 1) if n else ():
        window = slice(end - n, end)
        if not bad[window].any() and is_verified(z[window]):
            return end - 1
    return None


def _from_here(values: Floats) -> Floats:
    """Sums from each place to the end."""
    sums: Floats = np.cumsum(values[::-1])[::-1]
    return sums
