"""A chart made at once (a study, a preview, an ad-hoc analysis), in the shape that all charts are drawn from. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from quality.charts.lined import LOW
from quality.charts.plotted import ChartData, PlottedPoint, Signalled, SpecLimits
from quality.charts.thinning import AT_MOST, thinned
from quality.spc.panels import Chart, Lines, Panel
from quality.spc.rules import Found

SUMS = ("C+", "C-")  # drawn on one panel


@dataclass(frozen=True)
class Labels:
    """What is written on the drawing. Both languages may say the same."""

    name_en: str = ""
    name_ja: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Places:
    """What is known of the plotted places beside the chart: each of the chart's length, or empty."""

    times: Sequence[datetime | None] = ()
    n: Sequence[int] = ()
    sizes: Sequence[float | None] = ()
    records: Sequence[tuple[int, ...]] = ()
    excluded: frozenset[int] = frozenset()  # places left out of the limits


def batch_data(
    chart: Chart,
    found: Mapping[str, Mapping[int, Found]],
    labels: Labels,
    places: Places | None = None,
    spec: SpecLimits | None = None,
) -> ChartData:
    """`found`: what quality.spc.rules found, by panel and rule. Places are 0-based and stand for point numbers."""
    places = places or Places()
    panels = chart.panels
    m = panels[0].points.size
    signals = _signals(found)
    kept = np.zeros(m, bool)
    kept[[place for place in signals if place < m]] = True
    chosen = thinned([panel.points for panel in panels if np.isfinite(panel.points).any()], kept, AT_MOST).tolist()
    names = tuple(dict.fromkeys(_drawn(panel.name) for panel in panels))
    return ChartData(
        plan="",
        name_en=labels.name_en,
        name_ja=labels.name_ja or labels.name_en,
        characteristic_en=labels.name_en,
        characteristic_ja=labels.name_ja or labels.name_en,
        unit=labels.unit,
        chart=chart.kind,
        panels=names,
        rules=tuple(sorted({rule for rules in found.values() for rule in rules})),
        limits=None,
        spec=spec if "I" in names and len(names) <= len(("I", "MR")) else None,
        points=tuple(_point(panels, places, place, signals.get(place, [])) for place in chosen),
        places=tuple(chosen) if len(chosen) < m else (),
        n_points=m,
    )


def _drawn(panel: str) -> str:
    return "CUSUM" if panel in SUMS else panel


def _signals(found: Mapping[str, Mapping[int, Found]]) -> dict[int, list[Signalled]]:
    by_place: dict[int, list[Signalled]] = {}
    for panel, rules in found.items():
        for rule, windows in rules.items():
            for end, side, first in zip(windows.end, windows.side, windows.first, strict=True):
                signal = Signalled(0, _drawn(panel), rule, int(side), int(first), None, False)
                by_place.setdefault(int(end), []).append(signal)
    return by_place


def _point(panels: Sequence[Panel], places: Places, place: int, signals: list[Signalled]) -> PlottedPoint:
    values: dict[str, float | None] = {}
    lines: dict[str, Lines | None] = {}
    for panel in panels:
        value = float(panel.points[place])
        values[LOW if panel.name == SUMS[1] else _drawn(panel.name)] = value if math.isfinite(value) else None
        at = Lines(*(float(column[place]) for column in (panel.center, panel.lcl, panel.ucl, panel.error)))
        lines[_drawn(panel.name)] = at if math.isfinite(at.ucl) or math.isfinite(at.lcl) else None
    return PlottedPoint(
        number=place,
        source_time=places.times[place] if places.times else None,
        n=places.n[place] if places.n else 1,
        values=values,
        lines=lines,
        records=places.records[place] if places.records else (),
        signals=tuple(signals),
        size=places.sizes[place] if places.sizes else None,
        is_excluded=place in places.excluded,
    )
