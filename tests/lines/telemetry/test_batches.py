"""Batches as columns: what goes in comes out, and each rule of what may be stored."""

import io
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lines.telemetry import batches
from lines.telemetry.batches import Batch

NOW_US = 1_790_000_000_000_000

rows = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.integers(-(2**62), 2**62) | st.integers(NOW_US, NOW_US + 3),
        st.floats() | st.sampled_from([0.0, -0.0, 1.0]),
        st.integers(0, 2**32 - 1) | st.just(0),
    )
)


def make(values: list[tuple[int, int, float, int]]) -> Batch:
    columns = list(map(list, zip(*values, strict=True))) or [[], [], [], []]
    return batches.make(NOW_US, *columns)


@given(rows)
def test_what_is_encoded_is_decoded_bit_for_bit(values: list[tuple[int, int, float, int]]) -> None:
    batch = make(values)
    found = batches.decode(batches.encode(batch))
    assert found.received_at_us == NOW_US
    for name in ("signal_id", "source_time_us", "value", "status"):
        assert getattr(found, name).tobytes() == getattr(batch, name).tobytes()
    assert batches.encode(batch) == batches.encode(found)


def test_notes_travel_with_values_or_alone() -> None:
    notes = (
        {"kind": "heartbeat", "backlog": 3, "servers": {"連": {"offset_ms": None}}},
        {"kind": "refused", "count": 2},
    )
    for values in ([], [1]):
        batch = batches.make(NOW_US, values, values, [float(v) for v in values], values, notes=notes)
        found = batches.decode(batches.encode(batch))
        assert (found.notes, len(found)) == (notes, len(values))
        assert found.where(batches.is_finite(found)).notes == notes
    with pytest.raises(ValueError, match="JSON"):
        batches.encode(batches.make(NOW_US, [], [], [], [], notes=({"kind": "x", "offset_ms": math.nan},)))


@pytest.mark.parametrize("content", [b"", b"not a batch", batches.encode(make([(1, 2, 3.0, 4)]))[:-40]])
def test_other_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="not an Arrow stream"):
        batches.decode(content)


@given(rows)
def test_repeats_and_newest_are_those_of_the_plain_rule(values: list[tuple[int, int, float, int]]) -> None:
    values = [row for row in values if math.isfinite(row[2])]
    first, newest = batches.is_first(make(values)), batches.is_newest(make(values))
    for n, row in enumerate(values):
        assert first[n] == (row not in values[:n])
        others = [other for m, other in enumerate(values) if other[0] == row[0] and m != n]
        later = [other for other in values[n + 1 :] if other[0] == row[0]]
        assert newest[n] == (all(other[1] <= row[1] for other in others) and all(other[1] < row[1] for other in later))


def test_times_are_believed_15_minutes_ahead_and_30_days_behind() -> None:
    minute, day = 60_000_000, 86_400_000_000
    offsets = [15 * minute, 15 * minute + 1, -30 * day, -30 * day - 1, -(2**62)]
    mask = batches.is_believable(make([(1, NOW_US + offset if offset > -(2**62) else 0, 1.0, 0) for offset in offsets]))
    assert mask.tolist() == [True, False, True, False, False]


def test_copy_rows_have_the_layout_of_postgresql() -> None:
    content = io.BytesIO(batches.copy_rows(make([(7, NOW_US + 5, 2.5, 0x80000000)])))
    assert content.read(19) == b"PGCOPY\n\xff\r\n\x00" + bytes(8)
    assert int.from_bytes(content.read(2)) == 5
    fields = [content.read(int.from_bytes(content.read(4))) for _ in range(5)]
    assert int.from_bytes(fields[1]) == 7
    assert int.from_bytes(fields[2]) - int.from_bytes(fields[0]) == 5
    assert np.frombuffer(fields[3], ">f8")[0] == 2.5
    assert int.from_bytes(fields[4]) == 0x80000000
    assert content.read() == b"\xff\xff"
