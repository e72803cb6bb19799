"""Where a value lies within its specification limits, as shares of a small bar's width. Pure."""

from dataclasses import dataclass

# The specification band takes the middle of the bar, so that a value outside still shows on which side.
_LOW, _HIGH = 0.18, 0.82


@dataclass(frozen=True)
class Bar:
    """Places in 0..1 of the bar's width. A missing limit has no place; its side of the band is open."""

    value: float
    lsl: float | None
    target: float | None
    usl: float | None
    is_clipped: bool  # the value lies beyond the bar's end


def bar(value: float, lsl: float | None, target: float | None, usl: float | None) -> Bar | None:
    """The places of a value and its limits, all in the unit of the characteristic. None without any limit.

    One-sided limits: the other end of the band is as far from the target on the other side; without a target, at
    zero. A band of no width has no bar.
    """
    if lsl is None and usl is None:
        return None
    low = lsl if lsl is not None else _mirrored(usl, target)
    high = usl if usl is not None else _mirrored(lsl, target)
    if not low < high:
        return None
    scale = (_HIGH - _LOW) / (high - low)

    def place(x: float) -> float:
        return _LOW + (x - low) * scale

    at = place(value)
    clipped = min(max(at, 0.0), 1.0)
    return Bar(
        value=clipped,
        lsl=_LOW if lsl is not None else None,
        target=min(max(place(target), 0.0), 1.0) if target is not None else None,
        usl=_HIGH if usl is not None else None,
        is_clipped=clipped != at,
    )


def _mirrored(limit: float | None, target: float | None) -> float:
    assert limit is not None  # noqa: S101 - one of both limits is given
    if target is not None and target != limit:
        return 2 * target - limit
    return 0.0 if limit != 0 else -1.0
