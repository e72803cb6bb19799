"""The station's counter against what came: equal to a count by hand, whatever is lost, late or out of order."""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lines.ledger import tally as tallies
from lines.ledger.tally import HOUR_US, Reading, Tally

TICK_US = 1_000_000
START_US = 1_800_000_000_000_000 - 5 * TICK_US  # the hour turns within the tale


@dataclass
class Told:
    """What a station gave, what of it came in which batch, and what never comes."""

    values: list[tuple[int, int]] = field(default_factory=list)  # source time, batch
    lost: list[int] = field(default_factory=list)
    readings: list[tuple[int, int, int]] = field(default_factory=list)  # source time, number, batch
    starts: list[int] = field(default_factory=list)  # first tick of a new life

    @property
    def first_hidden(self) -> int:
        """A new life that has counted further than the one before when it is first read: nobody can see it."""
        for start in self.starts:
            before = [number for at, number, _ in self.readings if at < start]
            after = [number for at, number, _ in self.readings if at > start]
            if before and after and after[0] >= before[-1]:
                return start
        return 2**62


@st.composite
def stories(draw: st.DrawFn) -> Told:
    told, count = Told(), draw(st.sampled_from([0, 7, 2**32 - 9]))
    is_round = count > 7  # a start anew just before the last number cannot be told from going over it
    for tick in range(draw(st.integers(2, 12))):
        if not is_round and draw(st.integers(0, 19)) == 0:
            told.starts.append(START_US + tick * TICK_US)
            count = 0
        for n in range(draw(st.integers(0, 4))):
            at = START_US + tick * TICK_US + n * 1000
            count += 1
            fate = draw(st.sampled_from(["comes"] * 6 + ["late"] * 2 + ["lost"]))
            if fate == "lost":
                told.lost.append(at)
            else:
                told.values.append((at, tick + (draw(st.integers(1, 15)) if fate == "late" else 0)))
        if tick == 0 or draw(st.integers(0, 3)):
            told.readings.append((START_US + tick * TICK_US + 500_000, count % 2**32, tick))
    return told


def swapped(data: st.DataObject, n: int) -> list[int]:
    """Batches in the order of commits: a worker may be a little ahead of another."""
    order = list(range(n))
    for i in range(n - 1):
        if data.draw(st.integers(0, 3)) == 0:
            order[i], order[i + 1] = order[i + 1], order[i]
    return order


@given(stories(), st.data())
def test_what_is_missing_is_what_was_lost(told: Told, data: st.DataObject) -> None:
    n = max(batch for _, batch in [*told.values, (0, 0)]) + 4
    tally, committed = Tally(), set[int]()
    for batch in swapped(data, max(n, 13)):
        times = np.array([at for at, b in told.values if b == batch], np.int64)
        readings = [Reading(at, number, b) for at, number, b in told.readings if b == batch]
        distinct, counts = np.unique(times, return_counts=True)
        tally = tallies.take_in(tally, distinct, counts, readings)
        committed.add(batch)
        contiguous = next(b for b in range(n + 13) if b not in committed) - 1
        tally = Tally.from_bytes(tallies.settle(tally, contiguous - 2, 0).to_bytes())
    found = tallies.losses(tally, n + 13)
    last = max((at for at, _, _ in told.readings), default=0)
    assert all(a.until_us <= b.since_us for a, b in pairwise(found))
    for loss in found:
        missing = sum(loss.since_us < at <= loss.until_us for at in told.lost)
        is_seen = loss.is_exact and loss.until_us < told.first_hidden
        assert loss.lost == missing if is_seen else loss.lost <= missing
    if not told.starts and tally.is_counting:
        assert sum(loss.lost for loss in found) == sum(tally.first_us < at <= last for at in told.lost)


def test_a_loss_is_told_once_it_is_settled_and_taken_back_when_the_value_comes() -> None:
    times = np.array([10, 20], np.int64)
    tally = tallies.take_in(Tally(), times[:0], times[:0], [Reading(5, 100, 1)])
    tally = tallies.take_in(tally, times, np.array([1, 2], np.int64), [Reading(30, 105, 2)])
    assert tallies.losses(tally, 1) == []
    assert [loss[:3] for loss in tallies.losses(tally, 2)] == [(5, 30, 2)]
    tally = tallies.settle(tally, 2, 0)
    tally = tallies.take_in(tally, np.array([25], np.int64), np.array([1], np.int64), [])
    assert [loss.lost for loss in tallies.losses(tally, 2)] == [1]
    tally = tallies.take_in(tally, np.array([26], np.int64), np.array([1], np.int64), [])
    assert tallies.losses(tally, 2) == []
    assert not tallies.settle(tally, 2, 0).is_open


def test_a_counter_that_is_counted_twice_over_keeps_no_more_than_it_needs() -> None:
    """A day of readings with a loss in each hour is some knots; what is older than can still come is none."""
    tally = Tally()
    for second in range(0, 86_400, 60):
        at = START_US + second * TICK_US
        lost = 1 if second % 3600 < 300 else 0
        tally = tallies.take_in(
            tally, np.array([at], np.int64), np.array([10 - lost], np.int64), [Reading(at, second // 6 + 10, at)]
        )
        tally = tallies.settle(tally, at, 0)
    found = tallies.losses(tally, START_US + 86_400 * TICK_US)
    assert sum(loss.lost for loss in found) == 24 * 5 - 1  # the first of them is the baseline
    assert len(tally.time_us) < 80
    assert len({loss.until_us // HOUR_US for loss in found}) == 24
    assert not tallies.settle(tally, at, at + 1).is_open


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_clock_that_is_set_back_hides_no_loss_and_makes_none(data: st.DataObject) -> None:
    """Values and readings in the order they came in, the clock going back and forward between two of them."""
    tally, shift_us, count, lost, unread = Tally(), 0, 0, 0, 0
    at = START_US
    for tick in range(data.draw(st.integers(3, 25))):
        jump = data.draw(st.sampled_from([0] * 6 + [-100, -40, 3, 70])) if tick else 0
        shift_us += jump * TICK_US
        times = []
        for n in range(data.draw(st.integers(1 if jump else 0, 3))):
            count += 1
            if tick and data.draw(st.integers(0, 4)) == 0:
                unread += 1
            else:
                times.append(at + shift_us + n * 1000)
        readings = []
        # Until its count is read, nobody knows that a clock was set back.
        if jump or tick == 0 or times or data.draw(st.booleans()):
            readings = [Reading(at + shift_us + 500_000, count, at)]
            lost, unread = lost + unread, 0
        distinct, counts = np.unique(np.array(times, np.int64), return_counts=True)
        tally = tallies.take_in(tally, distinct, counts, readings)
        tally = Tally.from_bytes(tallies.settle(tally, at, 0).to_bytes())
        at += TICK_US + 1
    assert sum(loss.lost for loss in tallies.losses(tally, at)) == lost


def test_after_a_clock_was_set_back_older_losses_stay_and_what_comes_late_is_taken() -> None:
    one = np.array([1], np.int64)
    tally = tallies.take_in(Tally(), one[:0], one[:0], [Reading(100_000_000, 10, 1)])
    tally = tallies.take_in(tally, one * 101_000_000, one, [Reading(102_000_000, 12, 2_000_000)])
    tally = tallies.take_in(tally, one * 49_000_000, one, [Reading(50_000_000, 13, 3_000_000)])
    tally = tallies.take_in(tally, one[:0], one[:0], [Reading(51_000_000, 14, 4_000_000)])
    assert [loss.lost for loss in tallies.losses(tally, 4_000_000)] == [1, 1]
    assert tallies.losses(tally, 4_000_000)[0][:3] == (100_000_000, 102_000_000, 1)
    # Readings from before, read late from the history, are no new start of the station.
    tally = tallies.take_in(tally, one[:0], one[:0], [Reading(103_000_000, 12, 4_100_000)])
    assert [loss.lost for loss in tallies.losses(tally, 5_000_000)] == [1, 1]
    tally = tallies.take_in(tally, one * 50_500_000, one, [])
    assert [loss.lost for loss in tallies.losses(tally, 5_000_000)] == [1]
    # The clock is where it was.
    tally = tallies.take_in(tally, one * 103_500_000, one, [Reading(104_000_000, 15, 60_000_000)])
    assert [loss.lost for loss in tallies.losses(tally, 60_000_000)] == [1]
