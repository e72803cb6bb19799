"""Past points on proposed limits as a drawing: the same data, and so the same picture, as a live chart."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from django.utils import timezone

from lines.telemetry.news import moment
from quality.charts.lined import drawn_panels, lines_at, values_at
from quality.charts.plotted import ChartData, ChartLimits, PlottedPoint, Signalled, SpecLimits
from quality.charts.thinning import AT_MOST, thinned
from quality.spc.panels import Lines
from quality.spc.series import Plotted, Violation
from quality.spc.standards import Standard
from quality.studies.phase_one import Look


@dataclass(frozen=True)
class Named:
    """What a drawing is called, in both languages."""

    plan: str
    name_en: str
    name_ja: str
    characteristic_en: str
    characteristic_ja: str
    unit: str
    stream: str = ""
    spec: SpecLimits | None = None


def drawn(named: Named, look: Look) -> ChartData:
    """Without limits only the points. Numbers of points are their places among the groups."""
    way, groups, proposed, verdict = look.way, look.groups, look.proposed, look.verdict
    standard = (
        Standard(way.chart, proposed.limits, parameters=proposed.parameters, options=way.options)
        if proposed.limits
        else None
    )
    points = verdict.points if verdict else tuple(group.plotted(place) for place, group in enumerate(groups))
    broken: dict[int, list[Violation]] = {}
    for violation in verdict.violations if verdict else ():
        broken.setdefault(violation.number, []).append(violation)
    places = _own_places(way.chart, points, look.left_out)
    shown = []
    for point in _shown(points, {*broken, *look.left_out}):
        lines = lines_at(way.chart, standard, point.n, point.size, places.get(point.number)) if standard else {}
        shown.append(_point(look, point, lines, broken.get(point.number, ())))
    return ChartData(
        plan=named.plan,
        name_en=named.name_en,
        name_ja=named.name_ja,
        characteristic_en=named.characteristic_en,
        characteristic_ja=named.characteristic_ja,
        unit=named.unit,
        chart=way.chart,
        panels=drawn_panels(way.chart),
        rules=way.rules,
        limits=_limits(look, standard),
        spec=named.spec if way.chart == "I-MR" else None,
        points=tuple(shown),
        stream=named.stream,
        n_points=len(points),
    )


def _shown(points: Sequence[Plotted], marked: set[int]) -> Sequence[Plotted]:
    if len(points) <= AT_MOST:
        return points
    kept = np.array([point.number in marked for point in points])
    chosen = thinned([np.array([point.location for point in points])], kept, AT_MOST)
    return [points[place] for place in chosen]


def _own_places(chart: str, points: Sequence[Plotted], left_out: Collection[int]) -> dict[int, int]:
    """How many points that count stand before each: the exact limits of an EWMA widen with them."""
    if chart != "EWMA":
        return {}
    out = set(left_out)
    return {point.number: at for at, point in enumerate(each for each in points if each.number not in out)}


def _point(look: Look, point: Plotted, lines: Mapping[str, Lines | None], broken: Sequence[Violation]) -> PlottedPoint:
    return PlottedPoint(
        number=point.number,
        source_time=timezone.localtime(moment(point.time_us)),
        n=point.n,
        values=values_at(look.way.chart, cast(Any, point)),  # the same figures, only not to be set
        lines=lines,
        records=look.groups[point.number].records,
        signals=tuple(
            Signalled(0, each.panel, each.rule, each.side, each.window_first, None, is_acknowledged=False)
            for each in broken
        ),
        size=point.size,
        is_excluded=point.number in look.left_out,
    )


def _limits(look: Look, standard: Standard | None) -> ChartLimits | None:
    if standard is None or look.proposed.limits is None or not look.groups:
        return None
    last = look.groups[-1]
    return ChartLimits(
        version=0,
        center=look.proposed.limits.center,
        sigma_within=look.proposed.limits.sigma,
        n_values=look.proposed.n_values,
        sigma_method=look.proposed.method,
        valid_from=timezone.localtime(moment(last.time_us)),
        author="",
        reason="",
        lines=lines_at(look.way.chart, standard, last.n, last.size),
    )
