"""Columns of the genealogy's picture, against trying every way."""

from hypothesis import given, settings
from hypothesis import strategies as st

from traceability.genealogy.columns import ranks


def longest(focus: str, pairs: set[tuple[str, str]]) -> dict[str, int]:
    """By trying every way; only for pairs without a loop."""
    found = {focus: 0}

    def go(here: str, length: int) -> None:
        found[here] = max(found.get(here, 0), length)
        for earlier, later in pairs:
            if earlier == here:
                go(later, length + 1)

    go(focus, 0)
    return found


_LETTERS = "abcdefg"


@settings(max_examples=40)
@given(st.sets(st.tuples(st.sampled_from(_LETTERS), st.sampled_from(_LETTERS))))
def test_every_line_of_the_picture_leads_to_the_right(pairs: set[tuple[str, str]]) -> None:
    onward = {(a, b) for a, b in pairs if a < b}
    assert ranks("a", onward, ahead=True) == longest("a", onward)
    turned = {(b, a) for a, b in onward}
    assert ranks("a", turned, ahead=False) == {kind: -rank for kind, rank in longest("a", onward).items()}
    assert ranks("a", pairs, ahead=True)["a"] == 0  # a loop ends, and the focus stays where it is
