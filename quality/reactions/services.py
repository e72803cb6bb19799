"""Reactions to signals: opened with the signal, worked by people against a clock, closed when the station is verified."""

from quality.charts.models import Signal


def open_reaction(signal: Signal) -> None:
    """To be called for every new signal, in the transaction that stores it."""
