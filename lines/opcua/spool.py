"""Batches on disk until the database has them. One file per sequence number, complete or not there. Pure.

A file is written beside its place, flushed to the disk, renamed, and then the folder is flushed, once for all files of
a moment: after a power cut a file is whole or absent, and what `flush` has seen is there. The folder keeps the name of
the source for ever, and the newest batch until there is a newer one, so a restart goes on where it stopped and knows
the next number without asking anybody.
"""

import fcntl
import os
import secrets
from pathlib import Path
from threading import Lock
from typing import IO

_SUFFIX = ".arrow"
_BLOCK = 4096


def claim(folder: Path) -> IO[str] | None:
    """The folder for this process, until the file is closed or the process ends however it does; None: it is taken."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = (folder / "lock").open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


class Spool:
    """One gateway's folder. `source` names it in the database. `limit_bytes` is what it should not grow beyond.

    May be used from several threads, with one of them writing. `highest` is the greatest number that is sure to have
    been used; 0: none is known.
    """

    def __init__(self, folder: Path, line_code: str, limit_bytes: int = 2**31) -> None:
        self._folder = folder
        self.limit_bytes = limit_bytes
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left_over in folder.glob("*.tmp"):
            left_over.unlink()
        name = folder / "source"
        if not name.exists():
            self._put(name, f"{line_code}-{secrets.token_hex(4)}".encode())
        self.source = name.read_text()
        self._lock = Lock()
        self._size = {int(path.stem): _on_disk(path.stat().st_size) for path in folder.glob(f"*{_SUFFIX}")}
        self._size_bytes = sum(self._size.values())
        self._written = max(self._size, default=0)
        self._left_over: set[int] = set()  # removed, but among the newest that are sure to stay
        self.highest = 0
        self.flush()

    @property
    def size_bytes(self) -> int:
        """What the batches take of the disk, in whole blocks."""
        return self._size_bytes

    @property
    def share(self) -> float:
        """Of the limit; more than 1 where a gateway had to stop with a full spool."""
        return self._size_bytes / self.limit_bytes

    def sequences(self) -> list[int]:
        """What is here and not removed, oldest first."""
        return sorted(self._size)

    def write(self, sequence: int, content: bytes) -> None:
        """The file is whole or absent from here on; it is sure to stay after `flush`. Raises OSError, too."""
        self._put(self._path(sequence), content)
        with self._lock:
            self._size_bytes += _on_disk(len(content)) - self._size.get(sequence, 0)
            self._size[sequence] = _on_disk(len(content))
            self._written = max(self._written, sequence)

    def flush(self) -> None:
        """Returns when all files written so far would survive a power cut."""
        written = self._written
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        with self._lock:
            self.highest = written
            left_over = {sequence for sequence in self._left_over if sequence < written}
            self._left_over -= left_over
        for sequence in left_over:
            self._path(sequence).unlink(missing_ok=True)

    def read(self, sequence: int) -> bytes:
        return self._path(sequence).read_bytes()

    def remove(self, sequence: int) -> None:
        """The database has it. Of the newest the file stays, to say its number."""
        with self._lock:
            self._size_bytes -= self._size.pop(sequence, 0)
            is_newest = sequence >= self.highest
            if is_newest:
                self._left_over.add(sequence)
        if not is_newest:
            # Not flushed: a file that comes back after a power cut is sent again and found to be stored.
            self._path(sequence).unlink(missing_ok=True)

    def _path(self, sequence: int) -> Path:
        return self._folder / f"{sequence:020d}{_SUFFIX}"

    def _put(self, path: Path, content: bytes) -> None:
        beside = path.with_suffix(".tmp")
        try:
            with beside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except OSError:
            beside.unlink(missing_ok=True)
            raise


def _on_disk(size_bytes: int) -> int:
    return -(-size_bytes // _BLOCK) * _BLOCK
