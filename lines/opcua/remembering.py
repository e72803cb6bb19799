"""What a gateway must know of its sessions to go on after a restart, on the disk. Pure.

For each server a file that changes with its subscription, and for all of them one that moves with the values: how far
the notifications of each subscription are safe. The second is written before a notification is acknowledged, so what
it lacks the server still has.
"""

import asyncio
import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

_POSITIONS = "positions"
_KINDS: tuple[Any, ...] = (np.int64, np.int64, np.float64, np.uint32)


@dataclass
class Subscribed:
    """One server's session and subscription, as they were made."""

    token: str  # authentication token of the session, encoded, in hexadecimal
    nonce: str  # the server's last nonce, in hexadecimal
    policies: list[dict[str, Any]]  # how the server lets a user in
    subscription_id: int
    plan: str  # digest of what is followed, and how
    items: list[list[Any]]  # of each monitored item: handle, signals, whether it is one number
    started_at_us: int  # start of the server, by its own clock; 0: not told
    key: str = field(default_factory=lambda: secrets.token_hex(8))


@dataclass
class Last:
    """The newest value of each signal, by which a first value is known as one had before. Arrays (n,)."""

    signal_id: NDArray[np.int64]  # ascending
    source_time_us: NDArray[np.int64]
    value: NDArray[np.float64]
    status: NDArray[np.uint32]

    @classmethod
    def none(cls, signal_ids: list[int]) -> "Last":
        n = len(signal_ids)
        ids = np.array(sorted(signal_ids), np.int64)
        return cls(ids, np.zeros(n, np.int64), np.full(n, np.nan), np.zeros(n, np.uint32))

    def carried_over(self, signal_ids: list[int]) -> "Last":
        """The same for another set of signals."""
        new = Last.none(signal_ids)
        _, here, there = np.intersect1d(self.signal_id, new.signal_id, return_indices=True)
        for name in ("source_time_us", "value", "status"):
            getattr(new, name)[there] = getattr(self, name)[here]
        return new

    def copy(self) -> "Last":
        return Last(self.signal_id, self.source_time_us.copy(), self.value.copy(), self.status.copy())


@dataclass
class Position:
    """How far one server's values are safe."""

    key: str  # of the Subscribed it belongs to
    sequence: int  # the next notification; all before are safe
    at_us: int  # when that was last so, by the gateway's clock
    has_hole: bool  # values older than the subscription's are still to be read from the server's history
    open_break: dict[str, Any] | None  # the note that opened it
    last: Last


class Memory:
    """One line's folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._positions: dict[str, Position] = _read_positions(folder / _POSITIONS)
        self._noted = self._saved = 0
        self._writing = asyncio.Lock()

    def subscribed(self, code: str) -> Subscribed | None:
        """None where nothing usable is there."""
        try:
            return Subscribed(**json.loads(self._file(code).read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def position(self, code: str) -> Position | None:
        return self._positions.get(code)

    async def subscribe(self, code: str, found: Subscribed) -> None:
        """Keep it; returns when it is on the disk. Raises OSError."""
        await asyncio.to_thread(_put, self._file(code), json.dumps(asdict(found)).encode())

    def move(self, code: str, position: Position) -> None:
        """To be followed by `save`."""
        self._positions[code] = position
        self._noted += 1

    async def save(self) -> None:
        """Returns when all moves before the call are on the disk. Raises OSError."""
        wanted = self._noted
        async with self._writing:
            if self._saved >= wanted:
                return
            noted = self._noted
            await asyncio.to_thread(_put, self._folder / _POSITIONS, _encode(self._positions))
            self._saved = noted

    def _file(self, code: str) -> Path:
        return self._folder / f"{quote(code, safe='')}.json"


def _encode(positions: dict[str, Position]) -> bytes:
    heads = {
        code: [each.key, each.sequence, each.at_us, each.has_hole, each.open_break, len(each.last.signal_id)]
        for code, each in positions.items()
    }
    columns = [
        column.tobytes()
        for each in positions.values()
        for column in (each.last.signal_id, each.last.source_time_us, each.last.value, each.last.status)
    ]
    return json.dumps(heads).encode() + b"\n" + b"".join(columns)


def _read_positions(path: Path) -> dict[str, Position]:
    try:
        head, _, rest = path.read_bytes().partition(b"\n")
        found, at = {}, 0
        for code, (key, sequence, at_us, has_hole, open_break, n) in json.loads(head).items():
            columns: list[Any] = []
            for kind in _KINDS:
                size = n * np.dtype(kind).itemsize
                columns.append(np.frombuffer(rest[at : at + size], kind).copy())
                at += size
            found[code] = Position(key, sequence, at_us, has_hole, open_break, Last(*columns))
    except (OSError, ValueError, TypeError):
        return {}
    return found


def _put(path: Path, content: bytes) -> None:
    """Whole or as before, also after a power cut. For nobody else's eyes: a token opens a session."""
    beside = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
