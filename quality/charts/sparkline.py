"""A control chart the size of a word. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Sparkline:
    """SVG coordinates inside width x height, y downwards."""

    width: int
    height: int
    path: str  # the points, joined
    center_y: float
    upper_y: float
    lower_y: float
    beyond: tuple[tuple[float, float], ...]  # points beyond a control limit
    last: tuple[float, float] | None


def sparkline(
    values: Sequence[float],
    center: float,
    half_width: float,
    *,
    lower: float | None = None,
    width: int = 160,
    height: int = 36,
) -> Sparkline:
    """Values (their own unit) against centre +- half_width, the control limits; `lower`: where that limit is clipped.

    The limits take the middle half of the height; what lies further out than the picture is drawn at its edge.
    """
    lower = center - half_width if lower is None else lower
    scale = half_width * 2 if half_width > 0 else 1.0

    def y(value: float) -> float:
        share = min(max((value - center) / scale, -0.92), 0.92)
        return round(height / 2 * (1 - share), 1)

    step = (width - 6) / max(len(values) - 1, 1)
    points = [(round(3 + place * step, 1), y(value)) for place, value in enumerate(values)]
    beyond = tuple(
        point
        for point, value in zip(points, values, strict=True)
        if half_width > 0 and (value > center + half_width or value < lower)
    )
    return Sparkline(
        width=width,
        height=height,
        path="M" + "L".join(f"{x} {at}" for x, at in points) if points else "",
        center_y=y(center),
        upper_y=y(center + half_width),
        lower_y=y(lower),
        beyond=beyond,
        last=points[-1] if points else None,
    )
