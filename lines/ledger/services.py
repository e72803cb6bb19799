"""Keeping the gap ledger."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from lines.ledger.tally import StationNews


def record(
    source: str,
    sequence: int,
    received_at: datetime,
    stations: Mapping[int, StationNews],
    notes: Sequence[Mapping[str, Any]],
) -> None:
    """Take one batch down for the ledger, in the transaction that stores it. To be called once for each batch."""
