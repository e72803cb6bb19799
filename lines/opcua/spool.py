"""Batches on disk until the database has them. One file per sequence number, complete or not there. Pure.

A file is written beside its place, flushed to the disk, renamed, and the folder flushed: after a power cut it is
whole or absent. The folder keeps the name of the source for ever, so a restart goes on where it stopped.
"""

import os
import secrets
from pathlib import Path

_SUFFIX = ".arrow"


class Spool:
    """One gateway's folder. `source` names it in the database."""

    def __init__(self, folder: Path, line_code: str) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left_over in folder.glob("*.tmp"):
            left_over.unlink()
        name = folder / "source"
        if not name.exists():
            self._put(name, f"{line_code}-{secrets.token_hex(4)}".encode())
        self.source = name.read_text()

    def sequences(self) -> list[int]:
        """What is here, oldest first."""
        return sorted(int(path.stem) for path in self._folder.glob(f"*{_SUFFIX}"))

    def write(self, sequence: int, content: bytes) -> None:
        """Returns when the content would survive a power cut. Raises OSError when the disk takes no more."""
        self._put(self._path(sequence), content)

    def read(self, sequence: int) -> bytes:
        return self._path(sequence).read_bytes()

    def remove(self, sequence: int) -> None:
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
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
