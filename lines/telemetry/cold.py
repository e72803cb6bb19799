"""Sealed samples as Parquet: how they are written, proved and read. Pure.

One file holds samples of one day of receipt, sorted by signal and source time, in row groups of one signal where the
signal has many values. Any reader of Parquet understands it (DuckDB, Spark, pandas).
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

# Fewer rows than this share a row group with the next signal's; more than the second are cut.
_GROUP_ROWS = 20_000
_MOST_ROWS = 1_000_000
# A column whose numbers repeat, as a sensor's do at its resolution, is a dictionary and short indexes.
_DICTIONARY_SHARE = 0.2
_TIME = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [
        pa.field("signal_id", pa.int32(), nullable=False),
        pa.field("source_time", _TIME, nullable=False),
        pa.field("received_at", _TIME, nullable=False),
        pa.field("value", pa.float64(), nullable=False),
        pa.field("status", pa.uint32(), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True)
class Rows:
    """Samples as columns (n,); times in microseconds since 1970, UTC."""

    signal_id: NDArray[np.int32]
    source_time_us: NDArray[np.int64]
    received_at_us: NDArray[np.int64]
    value: NDArray[np.float64]
    status: NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.signal_id)

    @property
    def columns(self) -> tuple[NDArray[Any], ...]:
        return (self.signal_id, self.source_time_us, self.received_at_us, self.value, self.status)

    def where(self, mask: NDArray[np.bool_] | NDArray[np.intp] | slice) -> Self:
        """The rows for which `mask` (n,) is true, or those with these positions."""
        return type(self)(*[column[mask] for column in self.columns])

    @classmethod
    def joined(cls, parts: Sequence["Rows"]) -> "Rows":
        """All rows of all parts, in their order."""
        if len(parts) == 1:
            return parts[0]
        if not parts:
            times = np.empty(0, np.int64)
            return cls(np.empty(0, np.int32), times, times, np.empty(0, np.float64), np.empty(0, np.uint32))
        return cls(*[np.concatenate(columns) for columns in zip(*[part.columns for part in parts], strict=True)])


class Writer:
    """Writes rows that come in order of signal and source time. `proof` is to be compared with `proof_of` the file."""

    def __init__(self, sink: IO[bytes]) -> None:
        self._sink = sink
        self._parts: list[Rows] = []
        self._waiting = 0
        self._file: pq.ParquetWriter | None = None
        self.proof: list[str] = []
        self.rows = 0

    def write(self, rows: Rows) -> None:
        """Rows of one signal, or of several."""
        for start in range(0, len(rows), _MOST_ROWS):
            self._parts.append(rows.where(slice(start, start + _MOST_ROWS)))
            self._waiting += len(self._parts[-1])
            if self._waiting >= _GROUP_ROWS:
                self._write_group()

    def close(self) -> None:
        """Write what waits and the footer."""
        if self._waiting or self._file is None:
            self._write_group()
        assert self._file is not None  # noqa: S101 - _write_group opened it
        self._file.close()

    def _write_group(self) -> None:
        rows = Rows.joined(self._parts)
        self._parts, self._waiting = [], 0
        if self._file is None:
            self._file = pq.ParquetWriter(self._sink, SCHEMA, **_options(rows))
        self._file.write_table(_table(rows), row_group_size=_MOST_ROWS)
        self.proof += [_digest(rows)] if len(rows) else []
        self.rows += len(rows)


def proof_of(source: IO[bytes]) -> list[str]:
    """What `Writer.proof` was, if this file holds exactly the rows that were written. ValueError: no such file."""
    file = _open(source)
    return [_digest(_rows(file.read_row_group(n))) for n in range(file.num_row_groups)]


def read(source: IO[bytes], signals: Sequence[int], since_us: int, until_us: int) -> Iterator[Rows]:
    """The rows of these signals with a source time in [since_us, until_us), in pieces. ValueError: no such file."""
    file = _open(source)
    for number in range(file.num_row_groups):
        group = file.metadata.row_group(number)
        first, last = (group.column(0).statistics.min, group.column(0).statistics.max)
        times = group.column(1).statistics
        if not any(first <= signal <= last for signal in signals):
            continue
        if _us(times.max) < since_us or _us(times.min) >= until_us:
            continue
        rows = _rows(file.read_row_group(number))
        is_wanted = (rows.source_time_us >= since_us) & (rows.source_time_us < until_us)
        if first != last or len(signals) == 0:
            is_wanted &= np.isin(rows.signal_id, np.array(signals, np.int32))
        yield rows if is_wanted.all() else rows.where(is_wanted)


def _open(source: IO[bytes]) -> pq.ParquetFile:
    try:
        file = pq.ParquetFile(source)
    except (pa.ArrowInvalid, OSError) as error:
        raise ValueError(f"not a Parquet file: {error}") from error
    if not file.schema_arrow.equals(SCHEMA):
        raise ValueError(f"not a file of samples: {file.schema_arrow}")
    return file


def _options(first: Rows) -> dict[str, Any]:
    repeats = len(np.unique(first.value)) <= _DICTIONARY_SHARE * max(len(first), 1)
    dictionaries = ["signal_id", "status", *(["value"] if repeats else [])]
    encodings = {"source_time": "DELTA_BINARY_PACKED", "received_at": "DELTA_BINARY_PACKED"}
    return {
        "compression": "zstd",
        "compression_level": 6,
        "use_dictionary": dictionaries,
        "column_encoding": encodings if repeats else {**encodings, "value": "BYTE_STREAM_SPLIT"},
        "store_schema": True,
    }


def _table(rows: Rows) -> pa.Table:
    arrays = [pa.array(column, field.type) for column, field in zip(rows.columns, SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def _rows(table: pa.Table) -> Rows:
    integers = [
        pc.cast(column, pa.int64()) if field.type == _TIME else column
        for column, field in zip(table.columns, SCHEMA, strict=True)
    ]
    return Rows(*[column.to_numpy() for column in integers])


def _digest(rows: Rows) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for column in rows.columns:
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()


def _us(moment: Any) -> int:
    """A column's least or greatest time, which pyarrow gives as a datetime."""
    return int(np.datetime64(moment.replace(tzinfo=None), "us").astype(np.int64))
