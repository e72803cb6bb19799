"""Stable codes of this app; see lines.errors for the shape and the rules."""

from lines.errors import Code

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
