"""How many of a station's values came and how many are missing, from the station's own counter. Pure.

A station may count the values that it gives its OPC UA server (`<STATION>/Status/TelemetryCount`). What it counted
between two readings and what has come of that time must agree; what is missing when nothing more can come is lost.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class StationNews:
    """What one batch says of one station.

    `is_counted` tells the values of signals that the station counts: all its measurements but those with a deadband.
    """

    station_id: int
    source_time_us: NDArray[np.int64]  # (n,) of the measurements kept, each for the first time
    is_counted: NDArray[np.bool_]  # (n,)
    duplicates: int = 0  # measurements that were stored already
    # (m,) source times of counted measurements that came and could not be stored; 0 where the time was the reason.
    rejected_us: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    rejected: int = 0  # measurements that could not be stored, counted ones or not
    counter: list[tuple[int, int]] = field(default_factory=list)  # (source time, reading) of TelemetryCount, in order
