"""The simulated clock: starts in the past, runs fast, and becomes the wall clock when it meets it.

Times inside the simulator are seconds since 1970 (UTC) as floats; `iso` and `as_datetime` make them readable.
Nothing ticks: a sleeper's wall time is computed from the clock's segments, and one timer waits for the earliest.
"""

import asyncio
import heapq
import itertools
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime

MAX_SPEED = 3600.0


def as_datetime(t: float) -> datetime:
    return datetime.fromtimestamp(t, UTC)


def iso(t: float) -> str:
    """UTC with milliseconds, as stations send it."""
    return datetime.fromtimestamp(t, UTC).isoformat(timespec="milliseconds")


class SimulatedClock:
    """Runs from `starts_at` (s since 1970) at `speed`, at most 3600; live (1x) from where it meets the wall clock."""

    def __init__(self, starts_at: float, speed: float, wall: Callable[[], float] = time.time) -> None:
        if not 1 <= speed <= MAX_SPEED:
            raise ValueError(f"speed {speed} is not between 1 and {MAX_SPEED:.0f}")
        self.speed = speed
        self._wall = wall
        self._base_sim = starts_at
        self._base_wall = wall()
        self._live = starts_at >= self._base_wall
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    def restart(self) -> None:
        """Let the clock run from where it stands as of now: what passed since it was made does not count."""
        self._base_wall = self._wall()
        self._arm()

    def now(self) -> float:
        wall = self._wall()
        if not self._live:
            sim = self._base_sim + (wall - self._base_wall) * self.speed
            if sim < wall:
                return sim
            self._live = True
        return wall

    @property
    def is_live(self) -> bool:
        self.now()
        return self._live

    @property
    def meets_wall_at(self) -> float:
        """Where the two clocks will meet if the speed stays as it is; never when they have met already."""
        if self.is_live or self.speed <= 1:
            return math.inf
        return (self._base_wall * self.speed - self._base_sim) / (self.speed - 1)

    def set_speed(self, speed: float) -> None:
        """Go on from here at another speed. Has no effect on a live clock."""
        sim = self.now()
        self.speed = min(max(speed, 1.0), MAX_SPEED)
        if not self._live:
            self._base_sim, self._base_wall = sim, self._wall()
        self._arm()

    def wall_time_of(self, t: float) -> float:
        """When the wall clock will show that the simulated clock has reached t, if the speed stays as it is.

        Before the two clocks meet, t is reached at base + (t - base_sim) / speed, after that at t itself:
        whichever comes later, because the simulated clock never runs ahead of the wall clock.
        """
        if self._live:
            return t
        return max(self._base_wall + (t - self._base_sim) / self.speed, t)

    async def sleep_until(self, t: float) -> None:
        while self.now() < t:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            heapq.heappush(self._sleepers, (t, next(self._count), future))
            if self._sleepers[0][2] is future:
                self._arm()
            await future

    async def sleep(self, seconds: float) -> None:
        await self.sleep_until(self.now() + seconds)

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._sleepers:
            delay = self.wall_time_of(self._sleepers[0][0]) - self._wall()
            self._timer = asyncio.get_running_loop().call_later(max(delay, 0.0), self._wake)

    def _wake(self) -> None:
        self._timer = None
        now = self.now()
        while self._sleepers and (self._sleepers[0][0] <= now or self._sleepers[0][2].done()):
            future = heapq.heappop(self._sleepers)[2]
            if not future.done():
                future.set_result(None)
        self._arm()
