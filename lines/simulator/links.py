"""How a station speaks to the MES: what it asks, what it tells, what comes back. Pure.

A result's body is the JSON of `POST /stations/{station}/results`, kept as a plain dict so that a station that waits
for the MES can store it and send the very same bytes again.
"""

from dataclasses import dataclass
from typing import Any, Protocol

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """May these units enter this operation? An empty recipe or operator is not told."""

    serials: list[str]
    operation: str
    source_time: float  # s since 1970 by the machine's clock
    recipe: str = ""
    operator: str = ""


@dataclass(frozen=True, slots=True)
class PermitAnswer:
    serial: str
    is_allowed: bool
    codes: tuple[str, ...] = ()
    recipe: str = ""  # the one to use
    retry_after_s: int | None = None  # denied, but not for ever


@dataclass(frozen=True, slots=True)
class ResultAnswer:
    """The MES's word on one unit. `error` is the code of a result that was not taken."""

    serial: str
    verdict: str = ""  # PASS or FAIL
    disposition: str = ""  # CONTINUE, REWORK, SCRAP, HOLD, COMPLETE
    next_operation: str = ""
    deviations: tuple[str, ...] = ()
    error: str = ""


class Link(Protocol):
    """Both calls come back when the MES has answered, however long that takes; they raise nothing but cancellation."""

    permit_sequence: int

    def restore(self, boot_id: str, permit_sequence: int) -> None:
        """Go on as the machine that ran before: its numbers are kept in memory that survives a power cut."""

    async def permits(self, question: Question) -> list[PermitAnswer]: ...

    async def post(self, key: str, body: Body) -> list[ResultAnswer]:
        """Send one result (one unit, or a tray with items). The same key and body may be sent again at any time."""
