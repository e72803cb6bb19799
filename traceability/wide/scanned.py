"""What gauges saw on the metres of a roll behind a unit: the mean of the scans there, over its share of the web."""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from traceability.models import RollScan

NEAREST_M = 10.0  # without a scan on the piece itself the nearest one counts, at most so far away


@dataclass(frozen=True, slots=True)
class Scans:
    """Of one roll and characteristic, by metre. `values`: scans x places across the web from the operator's side."""

    at: NDArray[np.float64]
    values: NDArray[np.float64]

    def mean(self, from_m: float, to_m: float, lane: int | None, lanes: int | None) -> float | None:
        """Over a piece; None: no scan is near."""
        first, last = int(np.searchsorted(self.at, from_m)), int(np.searchsorted(self.at, to_m, side="right"))
        if first == last:
            near = int(np.argmin(np.abs(self.at - (from_m + to_m) / 2)))
            if not from_m - NEAREST_M <= self.at[near] <= to_m + NEAREST_M:
                return None
            first, last = near, near + 1
        width = self.values.shape[1]
        begin, end = 0, width
        if lane is not None and lanes and 1 <= lane <= lanes <= width:
            begin, end = (lane - 1) * width // lanes, lane * width // lanes
        return float(self.values[first:last, begin:end].mean())


def scans_of(roll_ids: Collection[int], characteristics: Collection[str]) -> dict[tuple[int, str], Scans]:
    """By roll and characteristic. Sides count alike; of scans of several widths those of the usual one."""
    rows = (
        RollScan.objects.filter(roll__in=roll_ids, characteristic__in=characteristics)
        .order_by("roll_id", "characteristic", "at_m")
        .values_list("roll_id", "characteristic", "at_m", "values")
    )
    found = {}
    for key, group in groupby(rows.iterator(), key=lambda row: (row[0], row[1])):
        some = [(at, values) for _roll, _code, at, values in group if values]
        widths = [len(values) for _at, values in some]
        if widths:
            width = max(set(widths), key=widths.count)
            usual = [(at, values) for at, values in some if len(values) == width]
            found[key] = Scans(np.asarray([at for at, _v in usual]), np.asarray([values for _a, values in usual]))
    return found
