"""One panel of a drawn chart as Vega-Lite layers. Pure.

Grey is normal. A point that breaks a rule becomes a diamond (hollow once its alarm is acknowledged, thin and grey when
a late point took its window away) with the rule's number beside it, and the run that led to it is marked along the
line: shape and number tell it without colour. A point that came late is a square, one that is excluded a cross.
Specification limits stand beside individuals only, dashed and violet, on the other side than control limits. Where a
new version of limits begins, a stage does: an upright line with its number.
"""

import json
import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from quality.charts.decimals import decimals_for
from quality.charts.lined import LOW
from quality.charts.looks import (
    BAND,
    BAND_1,
    BAND_2,
    CENTER,
    DATA,
    FARTHEST,
    LEFT,
    LIMIT,
    MUTED,
    QUIET,
    RUN,
    SIGNAL,
    SIGNAL_TEXT,
    SPECIFICATION,
    STAGE,
    Spec,
)  # fmt: skip
from quality.charts.plotted import ChartData, PlottedPoint
from quality.charts.rows import SAME_UNIT, is_crowded, is_dense, title_of
from quality.spc.panels import Lines

SPEC_REACH = 9.0  # sigmas from the centre up to which a specification limit may stretch the scale
LABEL_APART = 13.0  # px between the labels of two lines
TICK_APART = 78  # px at least from one time below the chart to the next
CLIPPED = {"MR", "R", "S", "P", "NP", "C", "U", "G", "T2", "MEWMA"}  # nothing is below 0
# First the halo: a number is read across whatever line passes behind it.
_INKS: tuple[Spec, ...] = ({"stroke": BAND, "strokeWidth": 4, "strokeJoin": "round"}, {"color": SIGNAL_TEXT})


def decimals_of(data: ChartData, panel: str) -> int:
    """Two significant digits of the panel's standard error, or of sigma where it has no lines."""
    lines = _newest_lines(data, panel)
    if lines is not None and lines.error > 0:
        # Of a moving range or a standard deviation the error is smaller than sigma: as finely as its neighbours.
        sigma = data.limits.sigma_within if data.limits and panel in SAME_UNIT else lines.error
        return decimals_for(sigma if sigma > 0 else lines.error)
    return decimals_for(data.limits.sigma_within if data.limits else 0.0)


def _newest_lines(data: ChartData, panel: str) -> Lines | None:
    if data.points and (lines := data.points[-1].lines.get(panel)) is not None:
        return lines
    return data.limits.lines.get(panel) if data.limits else None


@dataclass(frozen=True)
class Panel:
    data: ChartData
    words: dict[str, str]
    chart: str  # which of data.panels
    width: int
    height: int

    @property
    def is_first(self) -> bool:
        return self.chart == self.data.panels[0]

    @property
    def is_last(self) -> bool:
        return self.chart == self.data.panels[-1]

    @property
    def is_dense(self) -> bool:
        return is_dense(self.data, self.width)

    @cached_property
    def digits(self) -> int:
        return decimals_of(self.data, self.chart)

    def spec(self) -> Spec:
        layers = [*self._limits(), *self._stages(), *self._specification(), *self._points(), *self._labels()]
        if not self.data.points:
            layers.append(
                self._text(
                    [{"text": self.words["none"]}], color=MUTED, fontSize=14, x=self.width / 2, y=self.height * 0.3
                )
            )
        return {"width": self.width, "height": self.height, "layer": layers}

    @cached_property
    def scale(self) -> tuple[float, float]:
        """Room for points, limits and near specification limits, with a margin for the rule numbers."""
        lines = [point.lines.get(self.chart) for point in self.data.points] + [self._newest()]
        values = [value for each in lines if each for value in (each.lcl, each.ucl, each.center)]
        values += [value for point in self.data.points if (value := point.values.get(self.chart)) is not None]
        if self.chart == "CUSUM":
            values += [value for point in self.data.points if (value := point.values.get(LOW)) is not None]
        values += [value for _, value in self._near_specification()]
        # The width of the scale has to be a number as well.
        values = [min(max(value, -FARTHEST), FARTHEST) for value in values if not math.isnan(value)]
        low, high = min(values, default=0.0), max(values, default=1.0)
        margin = (high - low or abs(high) or 1.0) * 0.11
        return (min(low, 0.0) if self.chart in CLIPPED else low - margin), high + margin

    def _newest(self) -> Lines | None:
        limits = self.data.limits
        return None if limits is None else limits.lines.get(self.chart)

    @property
    def _span(self) -> tuple[float, float]:
        return (-0.75, self.data.drawn_at[-1] + 0.75) if self.data.points else (-0.75, 9.75)

    def _x(self) -> Spec:
        points = self.data.points
        drawn_at = self.data.drawn_at
        step = max(1, round((drawn_at[-1] if points else 0) / max(1, min(9, self.width // TICK_APART))))
        ticks: dict[int, PlottedPoint] = {}
        for at, point in zip(drawn_at, points, strict=True):
            if not ticks or at - next(reversed(ticks)) >= step:
                ticks[at] = point
        # Two lines a tick, looked up by place: a chart counts points, people think in time.
        table = {str(at): [str(point.number), _short_time(point)] for at, point in ticks.items()}
        is_timed = any(point.source_time for point in ticks.values())
        axis: Spec = {"values": list(ticks), "labelFlush": False, "title": None}
        if not self.is_last:
            axis["labels"] = False
        else:
            axis |= {
                "labelExpr": f"{json.dumps(table)}[datum.value]",
                "title": self.words["x" if is_timed or not points else "order"],
            }
        scale = {"domain": list(self._span), "nice": False, "zero": False}
        return {"field": "at", "type": "quantitative", "scale": scale, "axis": axis}

    def _y(self, field: str) -> Spec:
        return {
            "field": field,
            "type": "quantitative",
            "scale": {"domain": list(self.scale), "nice": False, "zero": False},
            "axis": {
                "title": title_of(self.data, self.chart, self.words),
                "tickCount": 5 if self.height > 140 else 3,
                "minExtent": LEFT - 14,
                "maxExtent": LEFT - 14,
            },
        }

    def _limits(self) -> list[Spec]:
        """Steps, not one straight line: limits follow the size of each subgroup and the version in force."""
        rows: list[Spec] = []
        first, last = self._span
        drawn: Lines | None = None
        for at, point in zip(self.data.drawn_at, self.data.points, strict=True):
            lines = point.lines.get(self.chart)
            if lines is not None and lines != drawn:
                rows.append(_step(at - 0.5 if rows else first, lines))
                drawn = lines
        if not rows and (newest := self._newest()) is not None:
            rows.append(_step(first, newest))
        if not rows:
            return []
        rows.append({**rows[-1], "at": last})
        x = self._x()
        layers: list[Spec] = []
        zones = ((3, BAND), (2, BAND_2), (1, BAND_1)) if self.chart in {"I", "XBAR"} else ((3, BAND),)
        for zone, color in zones:
            mark = {"type": "area", "color": color, "opacity": 1, "interpolate": "step-after"}
            encoding = {"x": x, "y": self._y(f"low_{zone}"), "y2": {"field": f"high_{zone}"}}
            layers.append({"data": {"values": rows}, "mark": mark, "encoding": encoding})
        for line, color in (("low_3", LIMIT), ("center", CENTER), ("high_3", LIMIT)):
            mark = {"type": "line", "color": color, "strokeWidth": 1.2, "interpolate": "step-after"}
            layers.append({"data": {"values": rows}, "mark": mark, "encoding": {"x": x, "y": self._y(line)}})
        return layers

    def _stages(self) -> list[Spec]:
        """Where another version of limits begins."""
        rows = [
            {"at": at - 0.5, "text": self.words["version"].format(version=point.limits_version)}
            for at, (before, point) in zip(self.data.drawn_at[1:], pairwise(self.data.points), strict=True)
            if point.limits_version != before.limits_version
        ]
        if not rows:
            return []
        mark = {"type": "rule", "color": STAGE, "strokeWidth": 1.4}
        layers: list[Spec] = [{"data": {"values": rows}, "mark": mark, "encoding": {"x": self._x()}}]
        if self.is_first:
            text = {"type": "text", "align": "left", "dx": 4, "y": 9, "color": STAGE, "fontWeight": 600}
            encoding = {"x": self._x(), "text": {"field": "text"}}
            layers.append({"data": {"values": rows}, "mark": text, "encoding": encoding})
        return layers

    def _near_specification(self) -> list[tuple[str, float]]:
        lines, spec = _newest_lines(self.data, self.chart), self.data.spec
        if not (lines and spec and self.chart == "I"):
            return []
        named = (("LSL", spec.lsl), ("USL", spec.usl))
        reach = SPEC_REACH * lines.error
        return [(name, value) for name, value in named if value is not None and abs(value - lines.center) <= reach]

    def _specification(self) -> list[Spec]:
        near = self._near_specification()
        rows = [{"value": value, "text": f"{self.words[name]} {value:.{self.digits}f}"} for name, value in near]
        rule = {"type": "rule", "color": SPECIFICATION, "strokeDash": [7, 4], "strokeWidth": 1.4}
        layers: list[Spec] = []
        if rows:
            layers.append({"data": {"values": rows}, "mark": rule, "encoding": {"y": self._y("value")}})
            layers.append(self._text(rows, x=6, dy=-7, align="left", color=SPECIFICATION, fontWeight=600))
        for text, is_upper in self._far_specification():
            at = 2 if is_upper else self.height - 2
            layers.append(self._text([{"text": text}], x=self.width + 8, y=at, align="left", color=SPECIFICATION))
        return layers

    def _far_specification(self) -> list[tuple[str, bool]]:
        """Limits so far off that they would flatten the chart: named at the end of the scale they lie beyond."""
        spec, near = self.data.spec, {name for name, _ in self._near_specification()}
        if not (spec and self.chart == "I" and _newest_lines(self.data, self.chart)):
            return []
        named = (("USL", spec.usl, "↑"), ("LSL", spec.lsl, "↓"))
        return [
            (f"{self.words[name]} {value:.{self.digits}f} {arrow}", name == "USL")
            for name, value, arrow in named
            if value is not None and name not in near
        ]

    def _runs(self) -> list[Spec]:
        """Stretches of the line that windows longer than one point cover, merged where they overlap."""
        if self.data.is_thinned:
            return []
        places = {point.number: at for at, point in enumerate(self.data.points)}
        stretches: list[list[int]] = []
        for at, point in enumerate(self.data.points):
            for signal in point.signals:
                if signal.chart != self.chart or signal.window_first == point.number or signal.is_superseded:
                    continue
                # A window that begins before the first point drawn is drawn from there.
                first = places.get(signal.window_first, at if signal.window_first in places else 0)
                first = first if at - first < 64 else at
                if stretches and first <= stretches[-1][1]:
                    stretches[-1][1] = at
                else:
                    stretches.append([first, at])
        value = LOW if self.chart == "CUSUM" else self.chart
        return [
            {"at": at, "value": self.data.points[at].values.get(value), "run": run}
            for run, (first, last) in enumerate(stretches)
            for at in range(first, last + 1)
        ]

    def _points(self) -> list[Spec]:
        x = self._x()
        look = f"datum['{self.chart}_look']"
        layers: list[Spec] = []
        runs = self._runs() if self.chart != "CUSUM" else []
        if runs:
            mark: Spec = {"type": "line", "color": RUN, "strokeWidth": 5 if self.is_dense else 9, "opacity": 0.75,
                          "strokeJoin": "round", "strokeCap": "round"}  # fmt: skip
            encoding = {"x": x, "y": self._y("value"), "detail": {"field": "run"}}
            layers.append({"data": {"values": runs}, "mark": mark, "encoding": encoding})
        crowded = is_crowded(self.data, self.width)
        for field in (self.chart, *((LOW,) if self.chart == "CUSUM" else ())):
            line = {"type": "line", "color": DATA, "strokeWidth": 0.9 if crowded else 1.3,
                    "invalid": "break-paths-show-path-domains"}  # fmt: skip
            layers.append({"mark": line, "encoding": {"x": x, "y": self._y(field)}})
            dots = self._dots(field, f"{look} == ''" if field == self.chart else "true", x)
            layers += dots[1:] if crowded else dots  # what is late or excluded is marked all the same
        at_mark = self._y(f"{self.chart}_mark")
        for state, fill, stroke, thickness in (
            ("superseded", "#ffffff", QUIET, 1.1),
            ("open", SIGNAL, SIGNAL, 1.8),
            ("acknowledged", "#ffffff", SIGNAL, 1.8),
        ):
            if not self._has_look(state):
                continue
            size = 30 if crowded else 70 if self.is_dense else 130
            mark = {"type": "point", "shape": "diamond", "filled": False, "fill": fill, "stroke": stroke,
                    "strokeWidth": thickness, "size": size, "opacity": 1}  # fmt: skip
            layers.append(
                {"transform": [{"filter": f"{look} == '{state}'"}], "mark": mark, "encoding": {"x": x, "y": at_mark}}
            )
        if any(signal.chart == self.chart for point in self.data.points for signal in point.signals):
            layers += [self._rule_numbers(x, at_mark, above, ink) for above in (True, False) for ink in _INKS]
        layers.append(self._hover(x))
        return layers

    def _has_look(self, state: str) -> bool:
        signals = [signal for point in self.data.points for signal in point.signals if signal.chart == self.chart]
        if state == "superseded":
            return any(signal.is_superseded for signal in signals)
        return any(not signal.is_superseded for signal in signals)

    def _dots(self, field: str, shown: str, x: Spec) -> list[Spec]:
        """Plain points, and those that came late or are excluded."""
        size = 14 if self.is_dense else 30
        looks: list[tuple[str, Spec]] = [("plain", {"shape": "circle", "filled": True, "size": size})]
        if any(point.is_late for point in self.data.points):
            looks.append(("late", {"shape": "square", "filled": False, "fill": "#ffffff", "size": size * 1.6}))
        if any(point.is_excluded for point in self.data.points):
            looks.append(
                ("excluded", {"shape": "M-1,-1L1,1M1,-1L-1,1", "filled": False, "strokeWidth": 2, "size": size * 2})
            )
        return [
            {
                "transform": [{"filter": f"{shown} && datum.dot == '{name}' && isValid(datum['{field}'])"}],
                "mark": {"type": "point", "color": DATA, "opacity": 1, **mark},
                "encoding": {"x": x, "y": self._y(field)},
            }
            for name, mark in looks
        ]

    def _rule_numbers(self, x: Spec, y: Spec, above: bool, ink: Spec) -> Spec:
        test = f"datum['{self.chart}_look'] != '' && datum['{self.chart}_above'] == {str(above).lower()}"
        return {
            "transform": [{"filter": test}],
            "mark": {"type": "text", "fontWeight": 700, "fontSize": 12, "dy": -15 if above else 16, **ink},
            "encoding": {"x": x, "y": y, "text": {"field": f"{self.chart}_rules"}},
        }

    def _hover(self, x: Spec) -> Spec:
        """An unseen column per point: the tooltip comes wherever the pointer is, not only on the dot."""
        words = self.words
        points = self.data.points
        tooltip = [("number", words["point"]), ("time", words["time"])]
        tooltip += [(f"{panel}_text", title_of(self.data, panel, words)) for panel in self.data.panels]
        tooltip += [("n", words["n"])] if all(point.size is None for point in points) else [("size", words["size"])]
        if any(point.records for point in points):
            tooltip += [("serial", words["serial"]), ("record", words["record"])]
        tooltip += [("rules", words["rules"]), ("version", words["limits"])]
        if any(signal.cause[0] for point in points for signal in point.signals):
            tooltip.append(("cause", words["cause"]))
        if any(point.is_late or point.is_excluded for point in points):
            tooltip.append(("state", words["state"]))
        return {
            "mark": {"type": "rect", "color": "#ffffff", "opacity": 0, "cursor": "pointer"},
            "encoding": {
                "x": {**x, "field": "from"},
                "x2": {"field": "to"},
                "tooltip": [{"field": field, "type": "nominal", "title": title} for field, title in tooltip],
            },
        }

    def _labelled(self) -> list[tuple[str, float]]:
        lines = _newest_lines(self.data, self.chart)
        named = [] if lines is None else [("UCL", lines.ucl), ("CL", lines.center), ("LCL", lines.lcl)]
        return [(name, value) for name, value in named if not math.isnan(value)]

    def label_texts(self) -> list[str]:
        return [f"{self.words[name]} {value:.{self.digits}f}" for name, value in self._labelled()]

    def width_of_labels(self) -> int:
        """About as many px as the text right of the panel takes; a Japanese character counts for two."""
        texts = self.label_texts() + [text for text, _ in self._far_specification()]
        return round(6.8 * max((sum(2 if ord(c) > 0x2E80 else 1 for c in text) for text in texts), default=0))

    def _labels(self) -> list[Spec]:
        """Names and values of the limits the newest point was held to, right of the panel and apart from each other."""
        low, high = self.scale
        layers = []
        free = -LABEL_APART
        for (_, value), text in zip(self._labelled(), self.label_texts(), strict=True):
            y = max(self.height * (high - value) / ((high - low) or 1.0), free + LABEL_APART)
            free = y
            layers.append(
                self._text([{"text": text}], x=self.width + 8, y=y, align="left", color=MUTED, fontWeight=500)
            )
        return layers

    def _text(self, rows: list[Spec], **mark: Any) -> Spec:
        encoding: Spec = {"text": {"field": "text"}}
        if "value" in rows[0]:
            encoding["y"] = self._y("value")
        else:
            mark.setdefault("y", self.height / 2)
        return {"data": {"values": rows}, "mark": {"type": "text", **mark}, "encoding": encoding}


def _step(at: float, lines: Lines) -> Spec:
    row: Spec = {"at": at, "center": lines.center, "low_3": lines.lcl, "high_3": lines.ucl}
    for zone in (1, 2):
        row[f"low_{zone}"] = lines.center - zone * lines.error
        row[f"high_{zone}"] = lines.center + zone * lines.error
    return row


def _short_time(point: PlottedPoint) -> str:
    return f"{point.source_time:%m-%d %H:%M}" if point.source_time else ""
