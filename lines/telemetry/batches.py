"""A batch of signal values as columns: how it travels, which of it can be stored, how PostgreSQL takes it. Pure.

On disk and in the message a batch is an Arrow IPC stream (zstd) with the gateway's time of receipt and its notes in
the metadata. A note is what the gateway has to say besides values: a break, an overflow, that it is alive.
"""

import json
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

# A machine's clock may be this far off before its times are not believed (architecture: time, identity, errors).
AHEAD_TOLERANCE_US = 15 * 60 * 1_000_000
BEHIND_TOLERANCE_US = 30 * 86_400 * 1_000_000

# 2000-01-01 in microseconds since 1970-01-01: PostgreSQL counts timestamps from there.
_POSTGRES_EPOCH_US = 946_684_800_000_000
_DIGITS = 16  # of a time in microseconds between the years 2001 and 2286
_COPY_SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_COPY_END = b"\xff\xff"
_COPY_ROW = np.dtype(
    [
        ("fields", ">i2"),
        ("received_at_length", ">i4"),
        ("received_at", ">i8"),
        ("signal_id_length", ">i4"),
        ("signal_id", ">i8"),
        ("source_time_length", ">i4"),
        ("source_time", ">i8"),
        ("value_length", ">i4"),
        ("value", ">f8"),
        ("status_length", ">i4"),
        ("status", ">i8"),
    ]
)
_SCHEMA = pa.schema(
    [
        pa.field("signal_id", pa.int32(), nullable=False),
        pa.field("source_time", pa.int64(), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
        pa.field("status", pa.uint32(), nullable=False),
    ]
)

Mask = NDArray[np.bool_]
Note = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """Values in the order they arrived. All columns have one length."""

    received_at_us: int  # microseconds since 1970, UTC, by the gateway's clock
    signal_id: NDArray[np.int32]
    source_time_us: NDArray[np.int64]  # microseconds since 1970, UTC, by the machine's clock
    value: NDArray[np.float64]  # NaN where the machine sent no number
    status: NDArray[np.uint32]  # OPC UA status code, 0 is Good
    notes: tuple[Note, ...] = ()  # JSON objects, each with a "kind"

    def __len__(self) -> int:
        return len(self.signal_id)

    def where(self, mask: Mask | NDArray[np.intp]) -> Self:
        """The rows for which `mask` (n,) is true, or those with these positions, in that order."""
        columns = (self.signal_id[mask], self.source_time_us[mask], self.value[mask], self.status[mask])
        return type(self)(self.received_at_us, *columns, self.notes)


def make(
    received_at_us: int,
    signal_id: list[int],
    source_time_us: list[int],
    value: list[float],
    status: list[int],
    *,
    notes: tuple[Note, ...] = (),
) -> Batch:
    """A batch from four lists of one length."""
    return Batch(
        received_at_us,
        np.array(signal_id, np.int32),
        np.array(source_time_us, np.int64),
        np.array(value, np.float64),
        np.array(status, np.uint32),
        notes,
    )


def encode(batch: Batch) -> bytes:
    """An Arrow IPC stream, compressed by zstd. Equal batches give equal bytes. ValueError if a note has NaN."""
    metadata = {b"received_at_us": str(batch.received_at_us).encode()}
    if batch.notes:
        metadata[b"notes"] = json.dumps(batch.notes, allow_nan=False, sort_keys=True).encode()
    schema = _SCHEMA.with_metadata(metadata)
    columns = [batch.signal_id, batch.source_time_us, batch.value, batch.status]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_batch(pa.record_batch(arrays, schema=schema))
    return bytes(sink.getvalue())


def decode(content: bytes) -> Batch:
    """The batch that `encode` made. Raises ValueError if these bytes are not one."""
    try:
        table = pa.ipc.open_stream(content).read_all()
    except (pa.ArrowInvalid, OSError) as error:
        raise ValueError(f"not an Arrow stream: {error}") from error
    metadata = table.schema.metadata or {}
    received_at = metadata.get(b"received_at_us", b"")
    if not table.schema.equals(_SCHEMA) or not (received_at.isdigit() and len(received_at) == _DIGITS):
        raise ValueError(f"not a batch of samples: {table.schema}")
    if any(table.column(name).null_count for name in _SCHEMA.names):
        raise ValueError("a batch of samples has no empty values")
    signal_id, source_time, value, status = (table.column(name).to_numpy() for name in _SCHEMA.names)
    return Batch(int(received_at), signal_id, source_time, value, status, _notes(metadata.get(b"notes", b"[]")))


def _notes(text: bytes) -> tuple[Note, ...]:
    notes = json.loads(text)
    if not isinstance(notes, list) or not all(isinstance(note, dict) and "kind" in note for note in notes):
        raise ValueError("notes are a list of objects with a kind")
    return tuple(notes)


def is_finite(batch: Batch) -> Mask:
    """(n,) true where the machine sent a number."""
    return np.isfinite(batch.value)


def is_believable(batch: Batch) -> Mask:
    """(n,) true where the source time is at most 15 min ahead of receipt and 30 days behind it."""
    ahead_us = batch.source_time_us - np.int64(batch.received_at_us)
    return (ahead_us <= AHEAD_TOLERANCE_US) & (ahead_us >= -BEHIND_TOLERANCE_US)


def is_first(batch: Batch) -> Mask:
    """(n,) false where an earlier row has the same signal, source time, value and status."""
    columns = (batch.status, batch.value, batch.source_time_us, batch.signal_id)
    order = np.lexsort(columns)  # stable, so the first to arrive comes first among equals
    differs = np.zeros(len(batch), np.bool_)
    differs[:1] = True
    for column in columns:
        differs[1:] |= column[order][1:] != column[order][:-1]
    mask = np.zeros(len(batch), np.bool_)
    mask[order[differs]] = True
    return mask


def is_newest(batch: Batch) -> Mask:
    """(n,) true for one row of each signal: the greatest source time, the last to arrive among equals."""
    order = np.lexsort((batch.source_time_us, batch.signal_id))  # stable: arrival decides among equals
    signals = batch.signal_id[order]
    is_last = np.ones(len(batch), np.bool_)
    is_last[:-1] = signals[1:] != signals[:-1]
    mask = np.zeros(len(batch), np.bool_)
    mask[order[is_last]] = True
    return mask


def is_good(status: int) -> bool:
    """OPC UA severity: Good and Uncertain values may be used, Bad ones not."""
    return not status & 0x8000_0000


def copy_rows(batch: Batch) -> bytes:
    """COPY lines_sample (received_at, signal_id, source_time, value, status) FROM STDIN (FORMAT BINARY)."""
    rows = np.empty(len(batch), _COPY_ROW)
    rows["fields"] = 5
    for name in ("received_at", "signal_id", "source_time", "value", "status"):
        rows[f"{name}_length"] = 8
    rows["received_at"] = batch.received_at_us - _POSTGRES_EPOCH_US
    rows["signal_id"] = batch.signal_id
    rows["source_time"] = batch.source_time_us - _POSTGRES_EPOCH_US
    rows["value"] = batch.value
    rows["status"] = batch.status
    return _COPY_SIGNATURE + rows.tobytes() + _COPY_END
