"""A short selection of the proof of bench/causes.py: planted causes are found, and nothing where none is."""

import pytest

from bench.causes import planted, without


@pytest.mark.slow
def test_a_planted_cause_of_each_kind_has_rank_1() -> None:
    tally = planted(12, 1200, 30.0, 199)
    assert tally.first >= 11
    assert tally.called >= 11


@pytest.mark.slow
def test_without_a_cause_hardly_anything_is_called_one() -> None:
    """Of ten plants one at most; with a rate of 5 % two or more would come in 9 of 100 selections, and these do not."""
    assert without(10, 1200, 199) <= 1
