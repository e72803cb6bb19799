"""What the stations gave, on disk as they gave it, and what of it the database has. Pure.

A station writes a value down before it hands it to its OPC UA server, with the kernel, not the disk: the file
survives a killed process. So a value that a killed server never gave to anybody counts as given, and the station's
own counter says so too.
"""

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RECORD = np.dtype([("signal_id", "<i4"), ("number", "<i4"), ("source_time_us", "<i8"), ("given_us", "<i8")])

Records = NDArray[np.void]


class Writer:
    """Appends a round of values in one write."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def add(self, records: list[tuple[int, int, int, int]]) -> None:
        """Each is (signal id, running number, source time in us, wall clock of the kit in us)."""
        os.write(self._file, np.array(records, RECORD).tobytes())


def read(paths: Iterable[Path]) -> Records:
    """All records of all files, also of one that is being written."""
    parts = [np.empty(0, RECORD)]
    for path in paths:
        content = path.read_bytes() if path.exists() else b""
        parts.append(np.frombuffer(content[: len(content) // RECORD.itemsize * RECORD.itemsize], RECORD))
    return np.concatenate(parts)


@dataclass(frozen=True)
class Count:
    """What became of the values that were given."""

    given: int
    stored: int  # of those given, each once
    missing: int
    doubled: int  # stored once more than given
    unknown: int  # different rows that were stored and never given

    def __str__(self) -> str:
        return ", ".join(f"{value} {name}" for name, value in vars(self).items())


def count(given: Records, ever: Records, stored: Iterable[tuple[int, int, float]]) -> Count:
    """`stored` are rows (signal id, source time in us, value); those not of `given` must at least be of `ever`."""
    truth = _keys(given)
    found = Counter(stored)
    known = truth & found.keys()
    others = found.keys() - truth
    return Count(
        given=len(truth),
        stored=len(known),
        missing=len(truth) - len(known),
        doubled=sum(found[each] - 1 for each in known),
        unknown=len(others - _keys(ever)) if others else 0,
    )


def _keys(records: Records) -> set[tuple[int, int, float]]:
    columns = (records["signal_id"], records["source_time_us"], records["number"].astype(float))
    return set(zip(*(column.tolist() for column in columns), strict=True))
