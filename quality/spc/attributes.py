"""Charts of counts: p, np, c and u with varying sizes, and Laney's p' and u' for overdispersed counts. Pure.

Limits are the normal approximation, k standard errors off the centre, clipped to the possible range ([0, 1], [0, n],
from 0 up). Laney (2002): with z_i the standardised point, sigma_z = mean |z_i - z_(i-1)| / d2(2) widens every limit;
no difference spans a gap. A frozen centre is a share (p, np: also where np varies with n), a rate (u) or a mean count
(c); sigma is that of one unit, sqrt(p (1 - p)) or sqrt(u), and follows from the centre.

A count that cannot be (negative, more than its sample, in a sample of no size) is a gap, named by `impossible`.
"""

import math
from typing import NamedTuple

import numpy as np

from quality.spc.constants import d2
from quality.spc.panels import WIDTH, Chart, Chosen, Floats, FrozenLimits, Lines, Panel, Study, Values, only

LEAST_SIZE = 1e-9  # areas may be parts of a unit; what is smaller is taken for 0, so that rates stay numbers
OF_THE_DISTRIBUTION = "NONE"  # what a plan calls the sigma method of these charts


class Overdispersion(NamedTuple):
    """Laney's sigma_z; 1 where the distribution alone explains the spread. None with the reason."""

    sigma_z: float | None
    reason: str = ""


def p_lines(share: float, n: float, *, sigma_z: float = 1.0, k: float = WIDTH) -> Lines:
    """Of the share nonconforming in a sample of n."""
    error = sigma_z * math.sqrt(max(0.0, share * (1 - share)) / n)
    return Lines(share, max(0.0, share - k * error), min(1.0, share + k * error), error)


def np_lines(share: float, n: float, *, k: float = WIDTH) -> Lines:
    """Of the number nonconforming in a sample of n."""
    error = math.sqrt(max(0.0, share * (1 - share)) * n)
    return Lines(n * share, max(0.0, n * share - k * error), min(n, n * share + k * error), error)


def u_lines(rate: float, area: float, *, sigma_z: float = 1.0, k: float = WIDTH) -> Lines:
    """Of the nonconformities per unit in an area of opportunity; a c chart is one of area 1."""
    error = sigma_z * math.sqrt(max(0.0, rate) / area)
    return Lines(rate, max(0.0, rate - k * error), rate + k * error, error)


def impossible(kind: str, counts: Values, sizes: Values | None = None) -> dict[int, str]:
    """Places whose count cannot be, with the reason; the charts leave them out as gaps. `kind`: P, NP, C or U."""
    found: dict[int, str] = {}
    x = _floats(counts)
    n = _sizes(sizes, x.size)
    for place in np.flatnonzero(np.isfinite(x)).tolist():
        if x[place] < 0:
            found[place] = "A count is not negative."
        elif not (math.isfinite(n[place]) and n[place] >= LEAST_SIZE):
            found[place] = "A count needs a sample or an area larger than 0."
        elif kind in {"P", "NP"} and x[place] > n[place]:
            found[place] = "More are nonconforming than the sample has units."
    return found


def study_shares(counts: Values, sizes: Values, *, chosen: Chosen = None) -> Study:
    """Phase I of p and np: all nonconforming over all inspected. Arrays of shape (m,); chosen: indices or a mask."""
    center, n_values, reason = _pooled(*_checked("P", counts, sizes), chosen)
    sigma = None if center is None else math.sqrt(center * (1 - center))
    return Study(center, sigma, n_values, OF_THE_DISTRIBUTION, reason)


def study_rates(counts: Values, areas: Values | None = None, *, chosen: Chosen = None) -> Study:
    """Phase I of u, and of c without areas: all nonconformities over the whole area."""
    center, n_values, reason = _pooled(*_checked("U", counts, areas), chosen)
    sigma = None if center is None else math.sqrt(center)
    return Study(center, sigma, n_values, OF_THE_DISTRIBUTION, reason)


def study_overdispersion(
    kind: str, counts: Values, sizes: Values, limits: FrozenLimits | None, *, chosen: Chosen = None
) -> Overdispersion:
    """Laney's sigma_z of a P or a U chart about the given centre, over the chosen places."""
    if limits is None:
        return Overdispersion(None, "There is no centre to tell the spread about.")
    x, n = _checked(kind, counts, sizes)
    single = _single_variance(kind, limits.center)
    if single <= 0:
        return Overdispersion(None, "The centre leaves no room for chance: nothing or everything is nonconforming.")
    z = (x / n - limits.center) / np.sqrt(single / n)
    steps = np.abs(np.diff(only(z, chosen)))
    steps = steps[np.isfinite(steps)]
    if not steps.size:
        return Overdispersion(None, "No two points follow each other: there is no moving range to tell sigma_z from.")
    return Overdispersion(float(steps.mean()) / d2(2))


def p(
    counts: Values, sizes: Values, limits: FrozenLimits | None, *, sigma_z: float | None = 1.0, k: float = WIDTH
) -> Chart:
    """Share nonconforming of each sample on given limits; p' with Laney's sigma_z (None: unknown, so no limits)."""
    x, n = _checked("P", counts, sizes)
    return Chart(
        "P" if sigma_z == 1 else "LANEY-P", (_rates("P", x, n, limits, sigma_z=sigma_z, k=k),), _facts(sigma_z)
    )


def np_(counts: Values, sizes: Values, limits: FrozenLimits | None, *, k: float = WIDTH) -> Chart:
    """Number nonconforming of each sample on given limits; centre and limits follow the sample's size."""
    x, n = _checked("NP", counts, sizes)
    share = _rates("P", x, n, limits, sigma_z=1.0, k=k)
    with np.errstate(invalid="ignore"):
        center, lcl, ucl, error = (line * n for line in (share.center, share.lcl, share.ucl, share.error))
    return Chart("NP", (Panel("NP", x, center, lcl, ucl, error),))


def c(counts: Values, limits: FrozenLimits | None, *, k: float = WIDTH) -> Chart:
    """Count of nonconformities in the same area each time, on given limits."""
    x, n = _checked("C", counts, None)
    return Chart("C", (_rates("C", x, n, limits, sigma_z=1.0, k=k),))


def u(
    counts: Values, areas: Values, limits: FrozenLimits | None, *, sigma_z: float | None = 1.0, k: float = WIDTH
) -> Chart:
    """Nonconformities per unit of each area on given limits; u' with Laney's sigma_z (None: unknown, so no limits)."""
    x, n = _checked("U", counts, areas)
    panel = _rates("U", x, n, limits, sigma_z=sigma_z, k=k)
    return Chart("U" if sigma_z == 1 else "LANEY-U", (panel,), _facts(sigma_z))


def _rates(kind: str, x: Floats, n: Floats, limits: FrozenLimits | None, *, sigma_z: float | None, k: float) -> Panel:
    points = x / n
    if limits is None or sigma_z is None:
        unknown = np.full(x.size, np.nan)
        return Panel(kind, points, unknown, unknown, unknown, unknown)
    here = np.isfinite(points)
    error = np.where(here, sigma_z * np.sqrt(_single_variance(kind, limits.center) / n), np.nan)
    center = np.where(here, limits.center, np.nan)
    most = 1.0 if kind == "P" else math.inf
    lcl, ucl = np.maximum(center - k * error, 0.0), np.minimum(center + k * error, most)
    return Panel(kind, points, center, lcl, ucl, error)


def _single_variance(kind: str, center: float) -> float:
    return max(0.0, center * (1 - center)) if kind in {"P", "NP"} else max(0.0, center)


def _pooled(x: Floats, n: Floats, chosen: Chosen) -> tuple[float | None, int, str]:
    x, n = only(x, chosen), only(n, chosen)
    here = np.isfinite(x)
    if not here.any():
        return None, 0, "There is no count to tell the centre from."
    return float(x[here].sum() / n[here].sum()), int(here.sum()), ""


def _checked(kind: str, counts: Values, sizes: Values | None) -> tuple[Floats, Floats]:
    x = _floats(counts)
    n = _sizes(sizes, x.size)
    with np.errstate(invalid="ignore"):
        possible = (x >= 0) & (n >= LEAST_SIZE) & np.isfinite(x) & np.isfinite(n)
        if kind in {"P", "NP"}:
            possible &= x <= n
    return np.where(possible, x, np.nan), np.where(possible, n, np.nan)


def _sizes(sizes: Values | None, m: int) -> Floats:
    """One size per count; a single one stands for all, and what is missing at the end has none."""
    if sizes is None:
        return np.ones(m)
    n = _floats(sizes)
    if n.size == 1:
        return np.full(m, n[0])
    return np.concatenate([n[:m], np.full(max(0, m - n.size), np.nan)])


def _floats(values: Values) -> Floats:
    return np.atleast_1d(np.array(values, dtype=np.float64))  # None becomes NaN


def _facts(sigma_z: float | None) -> dict[str, float | str | None]:
    return {} if sigma_z == 1 else {"sigma_z": sigma_z}
