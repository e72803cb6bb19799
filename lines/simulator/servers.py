"""What the simulator needs from an OPC UA server, whichever library serves it."""

from collections.abc import Callable
from typing import Any, Protocol


class StationServer(Protocol):
    """The server of one group of stations. Paths are those of `nodes`; times are seconds since 1970."""

    @property
    def url(self) -> str: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def write(self, path: str, value: Any, source_time: float, status: int = 0) -> None:
        """Set a value with its source time and OPC UA status code; subscribers are told."""

    def read(self, path: str) -> Any:
        """The value that stands there now, whoever wrote it."""

    def watch(self, path: str, told: Callable[[Any], None]) -> None:
        """Call `told` in the event loop with each value a client writes there."""

    def is_subscribed(self, path: str) -> bool:
        """Whether a client subscribes to it. Not for paths that are watched."""
