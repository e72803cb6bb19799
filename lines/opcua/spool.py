"""Batches on disk until the database has them. One file per sequence number, complete or not there. Pure.

A file is written beside its place, flushed to the disk, renamed, and then the folder is flushed, once for all files of
a moment: after a power cut a file is whole or absent, and what `flush` has seen is there. The folder keeps the name of
the source for ever, and the newest batch until there is a newer one, so a restart goes on where it stopped and knows
the next number without asking anybody.
"""

import os
import secrets
from pathlib import Path
from threading import Lock

_SUFFIX = ".arrow"
_BLOCK = 4096


class Spool:
    """One gateway's folder. `source` names it in the database. `limit_bytes` is what it should not grow beyond.

    May be used from several threads, with one of them writing. `highest` is the greatest number ever used; 0: none is
    known.
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
            self.flush()
        self.source = name.read_text()
        self._lock = Lock()
        self._size = {int(path.stem): _on_disk(path.stat().st_size) for path in folder.glob(f"*{_SUFFIX}")}
        self._size_bytes = sum(self._size.values())
        self.highest = max(self._size, default=0)

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
            before, self.highest = self.highest, max(self.highest, sequence)
            is_left_over = before not in self._size
        if is_left_over:
            self._path(before).unlink(missing_ok=True)

    def flush(self) -> None:
        """Returns when all files written so far would survive a power cut."""
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def read(self, sequence: int) -> bytes:
        return self._path(sequence).read_bytes()

    def remove(self, sequence: int) -> None:
        """The database has it. Of the newest the file stays, to say its number."""
        with self._lock:
            self._size_bytes -= self._size.pop(sequence, 0)
            is_newest = sequence == self.highest
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
