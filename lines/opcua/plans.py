"""What a gateway follows, on its own disk, so that it can start while the database is away."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lines.opcua.queries import Followed, Server


class Plans:
    """One file of JSON, replaced as a whole. One of another version is no plan: the database is asked for it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._codes: list[str] | None = None
        self._servers: dict[str, Server] = {}
        try:
            kept = json.loads(path.read_text())
            self._servers = {code: _server(fields) for code, fields in kept["servers"].items()}
            self._codes = list(kept["codes"])
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            self._codes, self._servers = None, {}

    def codes(self) -> list[str] | None:
        """The line's servers as they were told last; None: never."""
        return self._codes

    def server(self, code: str) -> Server | None:
        return self._servers.get(code)

    def keep(self, codes: list[str], servers: Mapping[str, Server]) -> None:
        """These are the line's servers. Raises OSError."""
        new = {**{code: self._servers[code] for code in codes if code in self._servers}, **servers}
        if (codes, new) == (self._codes, self._servers):
            return
        self._codes, self._servers = codes, new
        beside = self._path.with_suffix(".new")
        text = json.dumps({"codes": codes, "servers": {code: asdict(server) for code, server in new.items()}})
        with beside.open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)


def _server(fields: dict[str, Any]) -> Server:
    followed = tuple(
        Followed(**{name: _hashable(value) for name, value in each.items()}) for each in fields["variables"]
    )
    return Server(**{**fields, "variables": followed, "handshakes": tuple(fields["handshakes"])})


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
