"""The simulated clock: fast in the past, the wall clock from where they meet, never ahead of it."""

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lines.simulator.clock import SimulatedClock

DAY_S = 86_400.0


class Wall:
    def __init__(self) -> None:
        self.t = 1_000_000_000.0

    def __call__(self) -> float:
        return self.t


@given(
    behind_s=st.floats(0, 30 * DAY_S),
    speed=st.floats(1, 3600),
    steps=st.lists(st.tuples(st.floats(0, 3 * DAY_S), st.floats(1, 3600)), max_size=8),
)
def test_time_goes_forward_and_never_passes_the_wall_clock(
    behind_s: float, speed: float, steps: list[tuple[float, float]]
) -> None:
    wall = Wall()
    clock = SimulatedClock(wall.t - behind_s, speed, wall)
    last = clock.now()
    for passed, new_speed in steps:
        wall.t += passed
        now = clock.now()
        assert last <= now <= wall.t
        assert clock.is_live == (now == wall.t)
        last = now
        if not clock.is_live:
            clock._arm = lambda: None  # type: ignore[method-assign]  # no loop runs here
            clock.set_speed(new_speed)
            assert clock.now() == pytest.approx(now)


@given(behind_s=st.floats(1, 30 * DAY_S), speed=st.floats(2, 3600), ahead_s=st.floats(0, 40 * DAY_S))
def test_the_wall_time_of_a_moment_is_when_the_clock_shows_it(behind_s: float, speed: float, ahead_s: float) -> None:
    wall = Wall()
    clock = SimulatedClock(wall.t - behind_s, speed, wall)
    moment = clock.now() + ahead_s
    wall.t = clock.wall_time_of(moment)
    assert clock.now() == pytest.approx(moment, abs=1e-3)


def test_it_says_where_the_clocks_will_meet() -> None:
    wall = Wall()
    clock = SimulatedClock(wall.t - 3600, 60, wall)
    meeting = clock.meets_wall_at
    wall.t = meeting - 0.5
    assert not clock.is_live
    wall.t = meeting + 0.001
    assert clock.is_live


def test_a_speed_that_would_run_away_is_refused() -> None:
    for speed in (0.5, 3601):
        with pytest.raises(ValueError, match="between 1 and 3600"):
            SimulatedClock(0, speed)


async def _sleepers() -> None:
    start = time.time() - 3600
    clock = SimulatedClock(start, 3600)
    woken: list[tuple[float, float]] = []

    async def sleep(until: float) -> None:
        await clock.sleep_until(until)
        woken.append((until, clock.now()))

    moments = [start + s for s in (1800, 60, 900, 60)]
    tasks = [asyncio.create_task(sleep(m)) for m in moments]
    abandoned = asyncio.create_task(sleep(start + 1700))
    await asyncio.sleep(0)
    abandoned.cancel()
    await asyncio.sleep(0.1)
    clock.set_speed(600)  # those who sleep on sleep longer
    await asyncio.gather(*tasks)
    assert [m for m, _ in woken] == sorted(moments)
    assert all(m <= now < m + 400 for m, now in woken)  # woken when it was time, within 0.1 s of real time
    assert not clock.is_live
    clock.set_speed(3600)
    began = time.monotonic()
    await clock.sleep_until(time.time() + 1.2)  # across the meeting point: at 3600x, then at 1x
    assert 0.9 < time.monotonic() - began < 2.5
    assert clock.is_live
    assert clock.now() == pytest.approx(time.time(), abs=0.05)


def test_sleepers_wake_in_order_through_changes_of_speed_and_into_real_time() -> None:
    asyncio.run(_sleepers())
