"""How many of a station's values came and how many are missing, from the station's own counter. Pure.

A station may count the values that it gives its OPC UA server (`<STATION>/Status/TelemetryCount`). What it counted
between two readings and what has come of that time must agree; what is missing when nothing more can come is lost.

With R(t) the values that came and whose source time is at most t, and N(t) the reading at t, the deficit is
D(t) = N(t) - N(first) - R(t). It goes up where something is missing, and down again when that comes late. Missing up
to t is therefore the least that D is at t or at any later reading: L(t) = max(0, min over t' >= t of D(t')). What L
rises by between two readings was lost there. Order and grouping of what is taken in do not matter to the sum.

A station's clock may be set back: then its counter goes on while its time falls. Until its time is again where it was,
its readings follow the newest time there was, a microsecond each, and what comes late counts as having come just now:
D may be too high for a while at a reading that lies back, never at the last one, so L is right.
"""

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]  # microseconds since 1970, UTC

HOUR_US = 3_600_000_000
# UInt32 goes back to 0 behind its last number; a step over that is this small. Any other step back is a new start.
_ROUND = 2**32
_SMALL_STEP = 10_000_000
# By how much a station's clock and ours may run apart from one reading to the next.
_CLOCKS_US = 1_000_000
# More than these between two readings: the counter is heard no more.
MOST_PENDING = 200_000
# Of a station that loses something all the time the oldest losses are final.
MOST_KNOTS = 500
_NEVER = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class StationNews:
    """What one batch says of one station.

    `is_counted` tells the values of signals that the station counts: all its measurements but those with a deadband.
    """

    station_id: int
    source_time_us: Times  # (n,) of the measurements kept, each for the first time
    is_counted: NDArray[np.bool_]  # (n,)
    is_late: NDArray[np.bool_]  # (n,) came after a newer value of its signal
    duplicates: int = 0  # measurements that were stored already
    # (m,) source times of counted measurements that came and could not be stored; 0 where the time was the reason.
    rejected_us: Times = field(default_factory=lambda: np.empty(0, np.int64))
    rejected: int = 0  # measurements that could not be stored, counted ones or not
    counter: list[tuple[int, int]] = field(default_factory=list)  # (source time, reading) of TelemetryCount, in order


class Reading(NamedTuple):
    """One value of the station's counter."""

    source_time_us: int
    number: int
    received_us: int  # by the gateway's clock


class Loss(NamedTuple):
    """Values that are missing from between two readings."""

    since_us: int
    until_us: int
    lost: int
    is_exact: bool  # False: the station started anew meanwhile; at least so many
    received_since_us: int  # when the two readings were received, by the gateway's clock
    received_until_us: int


@dataclass(frozen=True, slots=True)
class Tally:
    """What is known of one station. Knots are readings of the counter that still matter, the first is the baseline.

    All columns of knots have one length, and so have the two of what is newer than the last reading.
    """

    first_us: int = _NEVER  # the very first reading: what is not newer was not counted
    seen_us: int = _NEVER  # before that: the newest value
    deficit: int = 0  # at the baseline
    time_us: Times = field(default_factory=lambda: np.empty(0, np.int64))
    count: Times = field(default_factory=lambda: np.empty(0, np.int64))  # as read
    given: Times = field(default_factory=lambda: np.empty(0, np.int64))  # since the knot before, as counted
    came: Times = field(default_factory=lambda: np.empty(0, np.int64))  # since the knot before, as received
    received_us: Times = field(default_factory=lambda: np.empty(0, np.int64))
    is_new_start: Times = field(default_factory=lambda: np.empty(0, np.int64))  # 1: `given` is the least it can be
    newer_us: Times = field(default_factory=lambda: np.empty(0, np.int64))  # distinct source times
    newer_count: Times = field(default_factory=lambda: np.empty(0, np.int64))
    set_back_us: int = _NEVER  # the newest reading's time by a clock that was set back and is not yet where it was

    @property
    def clock_us(self) -> int:
        """Source time of the newest reading, which is not the greatest where the clock was set back."""
        return int(self.time_us[-1]) if self.set_back_us == _NEVER else self.set_back_us

    @property
    def is_counting(self) -> bool:
        return len(self.time_us) > 0

    @property
    def is_open(self) -> bool:
        """Whether time alone may still change what is known."""
        return len(self.time_us) > 1

    def to_bytes(self) -> bytes:
        head = [self.first_us, self.seen_us, self.deficit, len(self.time_us), len(self.newer_us)]
        columns = [getattr(self, name) for name in (*_KNOTS, *_NEWER)]
        return np.concatenate([np.array(head, "<i8"), *columns, [self.set_back_us]]).astype("<i8").tobytes()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        numbers = np.frombuffer(content, "<i8").astype(np.int64)
        first, seen, deficit, knots, newer = (int(number) for number in numbers[:5])
        *columns, rest = np.split(numbers[5:], np.cumsum([knots] * len(_KNOTS) + [newer] * len(_NEWER)))
        named = dict(zip((*_KNOTS, *_NEWER), columns, strict=True))
        # Kept without it before clocks that are set back were looked at.
        return cls(first, seen, deficit, **named, set_back_us=int(rest[0]) if len(rest) else _NEVER)


_KNOTS = ("time_us", "count", "given", "came", "received_us", "is_new_start")
_NEWER = ("newer_us", "newer_count")


def take_in(tally: Tally, times_us: Times, times_count: Times, readings: list[Reading]) -> Tally:
    """The tally with values that came, as distinct source times (n,) with how many of each, and readings.

    A reading not newer than the last one is not used: what it tells is in the ones behind it.
    """
    if not tally.is_counting:
        tally = _begin(tally, times_us, readings)
        if not tally.is_counting:
            return tally
    is_newer = times_us > tally.clock_us
    tally = _with_newer(tally, times_us[is_newer], times_count[is_newer])
    older = []
    for reading in sorted(readings):
        if reading.source_time_us > tally.clock_us:
            tally = tally if _is_of_before(tally, reading) else _with_knot(tally, reading)
        else:
            older.append(reading)
    times_us, times_count = times_us[~is_newer], times_count[~is_newer]
    if any(_is_set_back(tally, reading) for reading in older):
        tally = _with_newer(tally, times_us, times_count)
        for reading in older:
            is_next = tally.set_back_us != _NEVER and reading.source_time_us > tally.clock_us
            if _is_set_back(tally, reading) or (is_next and not _is_of_before(tally, reading)):
                tally = _with_knot(tally, reading)
    else:
        is_told = (times_us > tally.first_us) | (tally.set_back_us != _NEVER)
        came = tally.came.copy()
        np.add.at(came, _where(tally, times_us[is_told]), times_count[is_told])
        tally = replace(tally, came=came)
    return tally if tally.newer_count.sum() <= MOST_PENDING else Tally()


def received_by(tally: Tally, newest_us: int) -> Tally:
    """The same without receipts later than that of the newest batch there is. Such came by a gateway's clock that was
    ahead and has been set back; nothing behind them would be settled before it is there again."""
    return replace(tally, received_us=np.minimum(tally.received_us, newest_us))


def _with_newer(tally: Tally, times_us: Times, times_count: Times) -> Tally:
    newer_us, newer_count = _added(
        np.concatenate([tally.newer_us, times_us]), np.concatenate([tally.newer_count, times_count])
    )
    return replace(tally, newer_us=newer_us, newer_count=newer_count)


def _where(tally: Tally, times_us: Times) -> NDArray[np.intp]:
    """The knots that count these values, none of them newer than the last."""
    if tally.set_back_us != _NEVER:
        return np.full(len(times_us), len(tally.time_us) - 1, np.intp)
    return np.searchsorted(tally.time_us, times_us)


def _is_of_before(tally: Tally, reading: Reading) -> bool:
    """Whether it comes late from before the clock was set back, and is no new start of the station: its time has gone
    on further than ours."""
    if tally.set_back_us == _NEVER or reading.number >= tally.count[-1]:
        return False
    went_on_us = reading.received_us - int(tally.received_us[-1])
    return reading.source_time_us - tally.clock_us > went_on_us + _CLOCKS_US


def _is_set_back(tally: Tally, reading: Reading) -> bool:
    """Whether the count went on though the time is an earlier one. Of a station that started anew, what comes late of
    its life before looks the same."""
    step = (reading.number - int(tally.count[-1])) % _ROUND
    is_on = 0 < step <= _SMALL_STEP and reading.received_us >= tally.received_us[-1]
    is_older = reading.source_time_us < tally.clock_us
    return is_on and is_older and not tally.is_new_start[tally.time_us > reading.source_time_us].any()


def _begin(tally: Tally, times_us: Times, readings: list[Reading]) -> Tally:
    """The baseline is the first reading that is not older than any value seen: all that is newer is still to come."""
    seen = int(times_us.max(initial=tally.seen_us))
    for reading in sorted(readings):
        if reading.source_time_us >= tally.seen_us:
            knot = dict.fromkeys(_KNOTS, 0) | {
                "time_us": reading.source_time_us,
                "count": reading.number,
                "received_us": reading.received_us,
            }
            return replace(Tally(reading.source_time_us, seen), **_columns(Tally(), knot))
    return replace(tally, seen_us=seen)


def _added(times_us: Times, counts: Times) -> tuple[Times, Times]:
    distinct, where = np.unique(times_us, return_inverse=True)
    return distinct, np.bincount(where, counts, len(distinct)).astype(np.int64)


def _with_knot(tally: Tally, reading: Reading) -> Tally:
    at_us, newest_us = reading.source_time_us, int(tally.time_us[-1])
    is_counted = tally.newer_us <= at_us
    if at_us <= tally.clock_us:
        # The clock was set back: what was newer than the last reading before is of before.
        is_counted |= tally.newer_us > tally.clock_us
    step = reading.number - int(tally.count[-1])
    is_new_start = False
    if step < 0:
        is_new_start = step + _ROUND > _SMALL_STEP
        step = reading.number if is_new_start else step + _ROUND
    knot = {
        "time_us": max(at_us, newest_us + 1),
        "count": reading.number,
        "given": step,
        "came": int(tally.newer_count[is_counted].sum()),
        "received_us": reading.received_us,
        "is_new_start": int(is_new_start),
    }
    newer = {name: getattr(tally, name)[~is_counted] for name in _NEWER}
    back_us = at_us if at_us <= newest_us else _NEVER
    first_us = min(tally.first_us, at_us)
    return replace(tally, first_us=first_us, **_columns(tally, knot), **newer, set_back_us=back_us)


def _columns(tally: Tally, knot: dict[str, int]) -> dict[str, Any]:
    """The columns of the knots with one more."""
    return {name: np.append(getattr(tally, name), np.int64(value)) for name, value in knot.items()}


def _given(tally: Tally) -> Times:
    """(k,) What the station gave since the knot before. Of one that started anew the end of its first life is not
    counted: what came more than was counted is of that."""
    return np.where(tally.is_new_start == 1, np.maximum(tally.given, tally.came), tally.given)


def _deficits(tally: Tally) -> Times:
    """(k,) D at each knot."""
    steps = _given(tally) - tally.came
    steps[0] = tally.deficit - tally.came[0]
    return np.cumsum(steps)


def _missing(tally: Tally) -> Times:
    """(k,) L at each knot, from the baseline on: what was lost before it is told already."""
    missing = np.maximum(np.minimum.accumulate(_deficits(tally)[::-1])[::-1], 0)
    missing[0] = 0
    return np.asarray(missing, np.int64)


def losses(tally: Tally, settled_us: int) -> list[Loss]:
    """What is missing between readings received until `settled_us` (gateway's clock): nothing more of it is to come
    in the order of things."""
    if not tally.is_open:
        return []
    missing, end = _missing(tally), _settled(tally, settled_us)
    return [
        Loss(
            int(tally.time_us[k]),
            int(tally.time_us[k + 1]),
            int(missing[k + 1] - missing[k]),
            not tally.is_new_start[k + 1],
            int(tally.received_us[k]),
            int(tally.received_us[k + 1]),
        )
        for k in np.flatnonzero(np.diff(missing) > 0).tolist()
        if k + 1 < end
    ]


def heard_until(tally: Tally, settled_us: int) -> int:
    """Receipt of the newest settled reading: up to there nothing is missing but what `losses` tells."""
    end = _settled(tally, settled_us)
    return int(tally.received_us[:end].max(initial=_NEVER))


def started_anew(tally: Tally, since_us: int, until_us: int) -> bool:
    """Whether the station lost its count between these receipts: what it had not told before is not known."""
    is_within = (tally.received_us >= since_us) & (tally.received_us <= until_us)
    return bool((is_within & (tally.is_new_start == 1)).any())


def _settled(tally: Tally, settled_us: int) -> int:
    """How many knots were received until then, with all before them."""
    is_later = tally.received_us > settled_us
    return int(is_later.argmax()) if is_later.any() else len(is_later)


def settle(tally: Tally, settled_us: int, forget_us: int) -> Tally:
    """The same with no more knots than the losses need; those from before `forget_us` (source time) are final."""
    end = _settled(tally, settled_us)
    if end < 2:
        return tally
    rises = np.diff(_missing(tally)) > 0
    hours = tally.time_us // HOUR_US
    keep = np.ones(len(tally.time_us), np.bool_)
    for k in range(1, end - 1):
        is_one = rises[k - 1] == rises[k] and (not rises[k] or hours[k] == hours[k + 1])
        keep[k] = not is_one or bool(tally.is_new_start[k : k + 2].any())
    return _rebased(_without(tally, keep), settled_us, forget_us)


def _without(tally: Tally, keep: NDArray[np.bool_]) -> Tally:
    """What lies between is added to the next knot that stays."""
    group = np.concatenate([[0], np.cumsum(keep)[:-1]])
    columns: dict[str, Any] = {name: getattr(tally, name)[keep] for name in _KNOTS}
    for name in ("given", "came"):
        columns[name] = np.bincount(group, getattr(tally, name), int(keep.sum())).astype(np.int64)
    return replace(tally, **columns)


def _rebased(tally: Tally, settled_us: int, forget_us: int) -> Tally:
    """The baseline moved to the first knot behind which something is missing, or the station started anew."""
    missing, end, base = _missing(tally), _settled(tally, settled_us), 0
    while base + 1 < end:
        is_quiet = missing[base + 1] == missing[base] and not tally.is_new_start[base + 1]
        is_final = tally.time_us[base + 1] < forget_us or len(missing) - base > MOST_KNOTS
        if not (is_quiet or is_final):
            break
        base += 1
    if base == 0:
        return tally
    columns: dict[str, Any] = {name: getattr(tally, name)[base:].copy() for name in _KNOTS}
    for name in ("given", "came", "is_new_start"):
        columns[name][0] = 0
    return replace(tally, deficit=int(_deficits(tally)[base] - missing[base]), **columns)
