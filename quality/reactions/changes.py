"""When the change behind a signal began, and which point is the first that is suspect.

The first suspect point is the earliest of: the earliest place that the estimate of the change leaves possible, the
first point of the rule's own window, and the first point after the last verification that passed. A verification is
so many points in control (verify_points), and reaches back to its first point; or a person's, and reaches to its time.
What lies before the verification that ended an earlier reaction belongs to that one.
Why it is made so, and what seeded runs of it showed: docs/decisions.md.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from quality.charts.lined import standard_of
from quality.charts.models import ChartPoint, Signal
from quality.plans.models import ControlLimits, ControlPlan
from quality.reactions.models import Reaction, Verification
from quality.spc.change_points import Change, change_of_mean, change_of_scale, first_verified, suspect_from
from quality.spc.constants import d2
from quality.spc.panels import Lines
from quality.spc.standards import PANELS, Standard
from quality.spc.variables import mean_lines

# Points looked at first; more, where the last verification lies further back. A change that began before them is told
# from the first of them.
HISTORY = 300
_BESIDE = 20  # of the same time as the last one, which may stand behind it
_RANGES = ("XBAR-R", "I-MR-R")


@dataclass(frozen=True)
class Behind:
    """What lies behind a signal. `first`: the first suspect point; `before`: the one before it, if there is one."""

    first: ChartPoint
    before: ChartPoint | None
    change: Change | None
    changed_at: datetime | None  # the most likely first changed point
    verified_from: datetime | None  # where the last verification begins


def behind(signal: Signal) -> Behind:
    """Of a signal with its plan, limits and point."""
    plan, ended = signal.plan, signal.point
    own, n, by_people = _after_earlier(plan, ended), HISTORY, _last_by_people(plan, ended)
    while True:
        points = _until(ended, own, n)
        z, broken = scored(plan, points), _broken(points)
        places = {point.number: place for place, point in enumerate(points)}
        found = suspect_from(
            _change(signal, points, z), z, broken, places.get(signal.window_first, 0), plan.verify_points
        )
        is_reached = found.verified is not None or (by_people is not None and points[0].source_time <= by_people)
        if is_reached or len(points) < n or not plan.verify_points:
            break
        n *= 4  # the last verification, or the chart's beginning, lies further back
    place, verified_from = found.place, None if found.verified is None else points[found.verified].source_time
    if by_people is not None and (verified_from is None or by_people > verified_from):
        # The later of two verifications counts, and what only the earlier one asks for is not suspect.
        alone = suspect_from(found.change, z, [], places.get(signal.window_first, 0), 0).place
        since = next((n for n, point in enumerate(points) if point.source_time > by_people), len(points) - 1)
        place, verified_from = min(alone, since), by_people
    return Behind(
        first=points[place],
        before=points[place - 1] if place else None,
        change=found.change,
        changed_at=points[found.change.place].source_time if found.change else None,
        verified_from=verified_from,
    )


def verified_after(plan: ControlPlan, signal: Signal) -> ChartPoint | None:
    """The point that ends the first verify_points points in control after a signal; None: there are none yet."""
    if not plan.verify_points:
        return None
    here = (signal.point.source_time, signal.point.number)
    after = plan.points.filter(stream=signal.stream, source_time__gte=signal.point.source_time)
    n = max(HISTORY, 2 * plan.verify_points)
    points = [p for p in after.order_by("source_time", "number")[:n] if (p.source_time, p.number) > here]
    end = first_verified(scored(plan, points), _broken(points), plan.verify_points)
    if end is None and after.count() > n:
        # Long off its centre: what lies between was looked at while it was the newest. A later end holds more.
        newest = list(after.order_by("-source_time", "-number")[:n])
        points = [p for p in reversed(newest) if (p.source_time, p.number) > here]
        end = first_verified(scored(plan, points), _broken(points), plan.verify_points)
    return None if end is None else points[end]


def scored(plan: ControlPlan, points: Sequence[ChartPoint]) -> np.ndarray:
    """As `scores`, each point by the limits that it was judged by."""
    z = np.full(len(points), math.nan)
    for limits in _limits_of(points).values():
        own = [place for place, point in enumerate(points) if point.limits_id == limits.pk]
        z[own] = scores(plan, limits, [points[place] for place in own])
    return z


def _limits_of(points: Sequence[ChartPoint]) -> dict[int, ControlLimits]:
    return ControlLimits.objects.in_bulk({point.limits_id for point in points})


def scores(plan: ControlPlan, limits: ControlLimits, points: Sequence[ChartPoint]) -> np.ndarray:
    """Points of a chart in standard errors from the centre, shape (m,); NaN where that is undefined."""
    standard = standard_of(plan.chart, limits, plan.options)
    if standard is None:
        return np.full(len(points), math.nan)
    return np.array([_score(plan.chart, standard, point) for point in points])


def _score(kind: str, standard: Standard, point: ChartPoint) -> float:
    lines: Lines | None
    value: float | None = point.location
    if kind in ("EWMA", "CUSUM"):
        # What they sum up says more about when it began than the sums.
        lines = mean_lines(standard.limits, point.n)
    else:
        lines = standard.lines(PANELS[kind][0], point.n, point.size)
        value = point.statistic if kind == "T" else point.location
    if lines is None or value is None or not lines.error > 0:
        return math.nan
    return (value - lines.center) / lines.error


def _change(signal: Signal, points: Sequence[ChartPoint], z: np.ndarray) -> Change | None:
    kind = signal.plan.chart
    # Of rules 3, 4, 7 and 8 the side is no direction of the mean.
    side = signal.side if signal.rule in (1, 2, 5, 6) else 0
    if signal.chart == "MR":
        return None  # a jump between two points says nothing about when it began
    if signal.chart not in ("R", "S"):
        return change_of_mean(z, side)
    sigmas = {limits.pk: limits.sigma_within for limits in _limits_of(points).values()}
    ratios = []
    for point in points:
        spread = point.within if kind.startswith("I-MR") else point.spread
        sigma = sigmas[point.limits_id]
        known = spread is not None and point.n > 1 and sigma > 0
        unit = sigma * (d2(point.n) if kind in _RANGES and point.n > 1 else 1.0)
        ratios.append((spread / unit) ** 2 if known and spread is not None else math.nan)
    return change_of_scale(ratios, [point.n - 1 for point in points], side)


def _until(ended: ChartPoint, since: datetime | None, n: int) -> list[ChartPoint]:
    """The newest `n` points up to this one, in order of time, whatever limits they were judged by: a station does not
    change because its limits do."""
    same = ChartPoint.objects.filter(plan=ended.plan_id, stream=ended.stream)
    earlier = same.filter(source_time__lte=ended.source_time)
    if since is not None:
        earlier = earlier.filter(source_time__gte=since)
    here = (ended.source_time, ended.number)
    newest = earlier.order_by("-source_time", "-number")[: n + _BESIDE]
    return [point for point in reversed(newest) if (point.source_time, point.number) <= here][-n:]


def _after_earlier(plan: ControlPlan, ended: ChartPoint) -> datetime | None:
    """Where the verification begins that ended the reaction before; None: there was none."""
    verified = Reaction.objects.filter(plan=plan, stream=ended.stream, verified_at__lt=ended.source_time)
    until = verified.order_by("-verified_at").values_list("verified_at", flat=True).first()
    if until is None or not plan.verify_points:
        return until
    points = ChartPoint.objects.filter(plan=plan, stream=ended.stream, source_time__lte=until)
    times = list(points.order_by("-source_time", "-number").values_list("source_time", flat=True)[: plan.verify_points])
    return times[-1] if times else until


def _broken(points: Sequence[ChartPoint]) -> list[bool]:
    ends = set(
        Signal.objects.filter(point__in=[point.pk for point in points], superseded_at=None).values_list(
            "point_id", flat=True
        )
    )
    return [point.pk in ends for point in points]


def _last_by_people(plan: ControlPlan, ended: ChartPoint) -> datetime | None:
    passed = Verification.objects.filter(
        plan=plan, stream=ended.stream, is_passed=True, at__lte=ended.source_time, by__startswith="person:"
    )
    return passed.order_by("-at").values_list("at", flat=True).first()
