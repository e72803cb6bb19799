"""Which values of a subscription count as the newest ones had."""

import asyncio
from typing import Any
from unittest.mock import Mock

import numpy as np

from lines.opcua.arrivals import SCALAR, Arrived
from lines.opcua.connecting import now_us
from lines.opcua.following import ValueStream
from lines.opcua.handles import Handles, Numbers
from lines.opcua.remembering import Last
from lines.telemetry.batches import AHEAD_TOLERANCE_US

MINUTE_US = 60_000_000
SIGNAL = 7


def message(number: int, times_us: list[int]) -> Arrived:
    """One value of the signal for each time, the first 1."""
    n = len(times_us)
    return Arrived(
        subscription_id=1,
        sequence_number=number,
        more_notifications=False,
        handle=np.full(n, SIGNAL, np.uint32),
        element=np.full(n, SCALAR, np.int32),
        source_time_us=np.array(times_us, np.int64),
        value=np.arange(1, n + 1, dtype=np.float64),
        status=np.zeros(n, np.uint32),
        refused=(),
        is_overflow=np.zeros(n, np.bool_),
    )


def test_what_the_database_refuses_by_its_time_is_handed_on_but_no_newest_value() -> None:
    added: list[list[int]] = []

    def add(_signals: Any, times_us: Any, *_others: Any) -> int:
        added.append(times_us.tolist())
        return len(added)

    collector = Mock(add=add, durable=2)
    handles = Handles([Numbers(SIGNAL, (SIGNAL,), True)])
    callbacks: dict[str, Any] = dict.fromkeys(("missed", "stale", "overflowed"), Mock())
    stream = ValueStream(1, handles, collector, Last.none([SIGNAL]), 1, **callbacks)
    now = now_us()
    taken, refused = now + AHEAD_TOLERANCE_US - MINUTE_US, now + AHEAD_TOLERANCE_US + MINUTE_US
    asyncio.run(stream.take(message(1, [now, taken, refused])))
    asyncio.run(stream.take(message(2, [now + 1, refused + 1])))
    assert added == [[now, taken, refused], [now + 1, refused + 1]]
    assert (stream.seen_last.source_time_us.tolist(), stream.seen_last.value.tolist()) == ([taken], [2.0])
    assert stream.settle(is_frozen=False) == [1, 2]
    assert (stream.safe_last.source_time_us.tolist(), stream.safe_last.value.tolist()) == ([taken], [2.0])
