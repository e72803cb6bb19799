"""Good plain numbers are looked up by a shorter way; it gives what the long one gives."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lines.opcua.arrivals import SCALAR, Arrived
from lines.opcua.handles import Handles, Numbers

# Two plain numbers, an array, a plain number; 4 is followed by nobody.
HANDLES = Handles(
    [Numbers(3, (30,), True), Numbers(1, (10,), True), Numbers(2, (20, 21), False), Numbers(9, (90,), True)]
)


def message(items: list[tuple[int, int, float]]) -> Arrived:
    n = len(items)
    return Arrived(
        subscription_id=1,
        sequence_number=1,
        more_notifications=False,
        handle=np.array([item[0] for item in items], np.uint32),
        element=np.array([item[1] for item in items], np.int32),
        source_time_us=np.arange(n, dtype=np.int64),
        value=np.array([item[2] for item in items], np.float64),
        status=np.zeros(n, np.uint32),
        refused=(),
        is_overflow=np.zeros(n, np.bool_),
    )


@given(
    st.lists(
        st.tuples(st.sampled_from([1, 3, 9]), st.just(SCALAR), st.floats())
        | st.tuples(st.sampled_from([1, 2, 3, 4, 9]), st.sampled_from([SCALAR, 0, 1, 2]), st.floats()),
        max_size=5,
    )
)
def test_the_short_way_gives_what_the_long_one_gives(items: list[tuple[int, int, float]]) -> None:
    arrived = message(items)
    # Something refused, of a handle that nobody follows, sends the same values the long way.
    short, long = HANDLES.rows(arrived), HANDLES.rows(replace(arrived, refused=((4, "none"),)))
    assert short.signal_id.tolist() == long.signal_id.tolist()
    assert short.source_time_us.tolist() == long.source_time_us.tolist()
    assert np.array_equal(short.value, long.value, equal_nan=True)
    assert short.status.tolist() == long.status.tolist()
    assert (short.refused, short.unknown) == (long.refused, long.unknown)
    assert [each.dtype for each in (short.signal_id, short.status)] == [
        each.dtype for each in (long.signal_id, long.status)
    ]
