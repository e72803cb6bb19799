"""What a station's token speaks for: some operations of its station, or all. Pure."""

from collections.abc import Collection

from lines.errors import Refusal
from lines.people import errors


def refuse_outside(scope: Collection[str], operation: str) -> None:
    """`scope`: the operations that the token is limited to; empty: all. Raises Refusal TOKEN_SCOPE."""
    if scope and operation not in scope:
        raise Refusal(errors.TOKEN_SCOPE, f"{operation}; this token: {', '.join(sorted(scope))}")
