"""How screens write numbers."""

import pytest

from lines.templatetags.denchi import number


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (-0.0, 1, "0.0"), (-0.04, 1, "0.0"), (-0.05001, 1, "\u22120.1"), (-0.0, None, "0"), (0, 2, "0.00"),
        (-12345.678, 1, "\u221212\u202f345.7"), (12345, None, "12\u202f345"), (None, 1, "\u2013"),
        (0.0000123, None, "1.23×10⁻⁵"),
    ],
)  # fmt: skip
def test_a_figure(value: float | None, decimals: int | None, text: str) -> None:
    assert number(value, decimals) == text
