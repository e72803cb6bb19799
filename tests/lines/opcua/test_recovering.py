"""From when until when a hole is read from a server's history."""

from lines.opcua.recovering import SETTLE_US, UNKNOWN_US, hole
from lines.telemetry.batches import AHEAD_TOLERANCE_US

MINUTE_US = 60_000_000
BEGAN_US = 1_800_000_000_000_000


def test_a_hole_is_read_from_the_newest_value_and_from_before_the_break_where_that_lies_behind_it() -> None:
    slow, usual, never, was_ahead = BEGAN_US - 60 * MINUTE_US, BEGAN_US + 1000, 0, BEGAN_US + 20 * MINUTE_US
    since, _ = hole([slow, usual, never, was_ahead], BEGAN_US, BEGAN_US + MINUTE_US)
    assert since == [slow, usual, BEGAN_US - UNKNOWN_US, BEGAN_US - UNKNOWN_US]


def test_the_values_of_a_clock_that_is_ahead_are_read_as_far_as_they_are_taken() -> None:
    now_us = BEGAN_US + MINUTE_US
    for ahead_us, taken_us in ((-1000, 0), (10 * MINUTE_US, 10 * MINUTE_US), (60 * MINUTE_US, AHEAD_TOLERANCE_US)):
        assert hole([BEGAN_US + ahead_us], BEGAN_US, now_us)[1] == now_us + taken_us + SETTLE_US
