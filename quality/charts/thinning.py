"""Fewer points that draw the same picture: of equal stretches the least and the greatest of each column. Pure."""

import numpy as np
from numpy.typing import NDArray

from quality.spc.panels import Floats, Places

AT_MOST = 1_200  # points on one drawing


def thinned(columns: list[Floats], kept: NDArray[np.bool_], at_most: int) -> Places:
    """Which places stay, ascending: about `at_most`, among them those of `kept` as far as they fit.

    Columns have shape (m,), in the order drawn; NaN is no value. The points are cut into stretches of equal number; of
    each column the least and the greatest value of a stretch stay, so that no peak is lost. Of more kept places than
    half of `at_most`, each second, third, ... stays. The first and the last point stay.
    """
    m = kept.size
    if m <= at_most:
        return np.arange(m)
    stretches = max(at_most // (4 * max(len(columns), 1)), 1)
    length = -(-m // stretches)
    chosen = np.zeros(m, bool)
    chosen[[0, m - 1]] = True
    for column in columns:
        padded = np.full(stretches * length, np.nan)
        padded[:m] = column
        rows = padded.reshape(stretches, length)
        has_any = np.isfinite(rows).any(axis=1)
        starts = np.arange(stretches)[has_any] * length
        low = np.where(np.isfinite(rows), rows, np.inf)[has_any].argmin(axis=1)
        high = np.where(np.isfinite(rows), rows, -np.inf)[has_any].argmax(axis=1)
        chosen[starts + low] = chosen[starts + high] = True
    places = np.flatnonzero(kept)
    step = max(-(-places.size // max(at_most // 2, 1)), 1)
    chosen[places[::step]] = True
    return np.flatnonzero(chosen)
