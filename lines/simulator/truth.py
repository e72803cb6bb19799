"""The truth: what was made from what, what was sent and what was planted, one JSON object a line.

Written as it is sent and flushed line by line, so that whoever scores the MES can read it while the plant runs.
"""

import json
from pathlib import Path
from typing import Any, TextIO


class TruthFile:
    """Appends to a file; a second run goes on in the same file."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file: TextIO = path.open("a", encoding="utf-8", buffering=1)

    def write(self, kind: str, **fields: Any) -> None:
        self._file.write(json.dumps({"type": kind, **fields}, ensure_ascii=False, separators=(",", ":")) + "\n")

    @property
    def size(self) -> int:
        """Bytes written so far, those of earlier runs included."""
        self._file.flush()
        return self.path.stat().st_size

    def close(self) -> None:
        self._file.close()


def serials_after(path: Path, offset: int) -> set[str]:
    """Serials that stand in the lines after a byte offset; a torn last line is passed over."""
    serials: set[str] = set()
    with path.open("rb") as file:
        file.seek(offset)
        for line in file:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            serials.update(entry[key] for key in ("serial", "output", "input_serial") if entry.get(key))
    return serials
