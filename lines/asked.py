"""Figures of an address of the API. Pure."""

from lines.errors import WRONG_PARAMETER, Refusal


def number(name: str, text: str, *, most: int) -> int:
    """A whole number from 1. Raises Refusal WRONG_PARAMETER."""
    if not (text.isascii() and text.isdigit() and len(text) < 20 and 1 <= int(text) <= most):
        raise Refusal(WRONG_PARAMETER, f"{name}: 1 to {most}")
    return int(text)
