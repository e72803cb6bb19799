"""Formation hall (formation to sorting): where in the tray the cell sat and by which channel it was charged."""

from lines import errors
from lines.stations.body import refuse
from lines.stations.parts import Contract
from lines.stations.results import UnitResult


def check(result: UnitResult, path: str) -> None:
    """A channel charges the cell in a slot: without the slot its word cannot be placed."""
    if result.channel and result.slot is None:
        refuse(errors.MISSING_FIELD, path, "'slot' beside 'channel'")


CONTRACT = Contract(
    kind="FORMATION",
    parts=frozenset({"slot", "channel", "consumed"}),
    takes_trays=True,
    check=check,
)
