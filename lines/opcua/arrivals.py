"""What one PublishResponse brought, as columns. Pure.

Two modules make it: `plain` from what asyncua decoded, `fast` from the bytes themselves. They give the same for the
same message, so that whoever reads it need not know which of them ran.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NO_TIME = 0
SCALAR = -1


@dataclass(frozen=True, slots=True, eq=False)
class Arrived:
    """The values of one notification message, in the order in which they stand there, and what else it said.

    All arrays have the same length n. A message without values (keep-alive) has n = 0.
    """

    subscription_id: int
    sequence_number: int
    more_notifications: bool
    handle: NDArray[np.uint32]  # (n,) client handle of the monitored item
    element: NDArray[np.int32]  # (n,) SCALAR, else the index in the array (or the number of the field in a structure)
    source_time_us: NDArray[np.int64]  # (n,) microseconds since 1970; NO_TIME where none was given
    value: NDArray[np.float64]  # (n,) NaN: no number
    status: NDArray[np.uint32]  # (n,) OPC UA status code with its info bits
    refused: tuple[tuple[int, str], ...]  # (handle, error code) for each value that could not be taken as it was
    is_overflow: NDArray[np.bool_]  # (n,) the server's queue had run over before this value
    status_change: int | None = None  # status of a StatusChangeNotification: the subscription ended

    def __len__(self) -> int:
        return len(self.handle)
