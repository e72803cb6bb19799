"""What people and programs ask, as texts: figures and times."""

from datetime import datetime

from django.utils import timezone

from lines.errors import WRONG_PARAMETER, Refusal


def number(name: str, text: str, *, most: int) -> int:
    """A whole number from 1. Raises Refusal WRONG_PARAMETER."""
    if not (text.isascii() and text.isdigit() and len(text) < 20 and 1 <= int(text) <= most):
        raise Refusal(WRONG_PARAMETER, f"{name}: 1 to {most}")
    return int(text)


def site_time(text: str) -> datetime:
    """A moment by the site's clock, unless it says its zone; a day alone is its midnight. Raises ValueError."""
    value = datetime.fromisoformat(text)
    try:
        return value if value.tzinfo is not None else timezone.make_aware(value)
    except OverflowError as error:  # at the end of the calendar
        raise ValueError(text) from error
