"""The Vega-Lite spec of a chart pair: one drawing for screen and report. Pure.

Read it as: location above, spread below, one place per point. Grey is normal. A point that breaks a rule becomes a
diamond (hollow once its alarm is acknowledged) with the rule's number beside it, and the run that led to it is
marked along the line: shape and number tell it without colour. Specification limits stand beside individuals only,
dashed and violet, on the other side of the panel than control limits.
"""

import json
import math
from dataclasses import dataclass
from typing import Any

from quality.charts.messages import decimals_for
from quality.charts.plotted import ChartData, PlottedPoint
from quality.charts.rows import WORDS, Spec, is_dense, rows_of
from quality.spc.panels import Lines

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
FONT = '"Inter", "Segoe UI", "Noto Sans", "Helvetica Neue", Arial, "Noto Sans CJK JP", "Noto Sans JP", sans-serif'

DATA, LIMIT, CENTER, GRID, TEXT, MUTED = "#37474f", "#5b6770", "#8b96a0", "#dde1e5", "#1b2025", "#4b535c"
BAND, SIGNAL, SIGNAL_TEXT, RUN, SPECIFICATION = "#e7ebee", "#d84315", "#a62b07", "#f4a582", "#6a3d9a"
# First the halo: a number is read across whatever line passes behind it.
_INKS: tuple[Spec, ...] = ({"stroke": BAND, "strokeWidth": 4, "strokeJoin": "round"}, {"color": SIGNAL_TEXT})

LEFT, GAP = 66, 44  # room for value labels, between the panels
AROUND = 116  # height of titles, tick labels and padding together
FARTHEST = 1e300  # from 0, up to which a scale can be drawn
SPEC_REACH = 9.0  # sigmas from the centre up to which a specification limit may stretch the scale


def pair_spec(
    data: ChartData, language: str = "en", *, width: int = 1100, height: int = 520, background: str | None = None
) -> Spec:
    """The whole drawing, `width` x `height` px, in English or Japanese ("ja"); `background` None is transparent.

    The dataset "points" has one row per point with number, alarms and serials, for a page that follows clicks.
    """
    words = WORDS["ja" if language.startswith("ja") else "en"]
    location, spread = ("I", "MR") if data.chart == "I-MR" else ("XBAR", "R")
    digits = decimals_for(data.limits.sigma_within if data.limits else 0.0)
    right = max(_Panel(data, words, chart, digits, 0, 0).width_of_labels() for chart in (location, spread))
    plot_width = width - LEFT - right
    drawn = height - GAP - AROUND
    upper = round(drawn * 0.68)
    views = [
        _Panel(data, words, location, digits, plot_width, upper).spec(),
        _Panel(data, words, spread, digits, plot_width, drawn - upper).spec(),
    ]
    spec = {
        "$schema": SCHEMA,
        "background": background,
        "padding": {"left": 4, "right": 4, "top": 6, "bottom": 4},
        "datasets": {"points": rows_of(data, words, (location, spread), digits, plot_width)},
        "data": {"name": "points"},
        "vconcat": views,
        "spacing": GAP,
        "resolve": {"scale": {"x": "independent"}},
        "config": _config(),
    }
    return {key: _finite(part) for key, part in spec.items()}


def _finite(part: Any) -> Any:
    """JSON has no infinity: a line or point that far out is left out of the drawing."""
    if isinstance(part, dict):
        return {key: _finite(inner) for key, inner in part.items()}
    if isinstance(part, list | tuple):
        return [_finite(inner) for inner in part]
    return None if isinstance(part, float) and not math.isfinite(part) else part


@dataclass(frozen=True)
class _Panel:
    data: ChartData
    words: dict[str, str]
    chart: str
    digits: int
    width: int
    height: int

    @property
    def is_location(self) -> bool:
        return self.chart in {"I", "XBAR"}

    @property
    def is_dense(self) -> bool:
        return is_dense(self.data, self.width)

    def spec(self) -> Spec:
        layers = [*self._limits(), *self._specification(), *self._points(), *self._labels()]
        if not self.data.points:
            layers.append(
                self._text(
                    [{"text": self.words["none"]}], color=MUTED, fontSize=14, x=self.width / 2, y=self.height * 0.3
                )
            )
        return {"width": self.width, "height": self.height, "layer": layers}

    def _scale(self) -> tuple[float, float]:
        """Room for points, limits and near specification limits, with a margin for the rule numbers."""
        lines = [self._lines_of(point) for point in self.data.points] + [self._newest()]
        values = [value for each in lines if each for value in (each.lcl, each.ucl)]
        values += [value for point in self.data.points if (value := self._value_of(point)) is not None]
        values += [value for _, value in self._near_specification()]
        # The width of the scale has to be a number as well.
        values = [min(max(value, -FARTHEST), FARTHEST) for value in values]
        low, high = min(values, default=0.0), max(values, default=1.0)
        margin = (high - low or abs(high) or 1.0) * 0.11
        return (low - margin if self.is_location else min(low, 0.0)), high + margin

    def _value_of(self, point: PlottedPoint) -> float | None:
        return point.location if self.is_location else point.spread

    def _lines_of(self, point: PlottedPoint) -> Lines | None:
        return point.location_lines if self.is_location else point.spread_lines

    def _newest(self) -> Lines | None:
        limits = self.data.limits
        return None if limits is None else limits.location if self.is_location else limits.spread

    def _span(self) -> tuple[float, float]:
        points = self.data.points
        return (points[0].number - 0.75, points[-1].number + 0.75) if points else (-0.75, 9.75)

    def _x(self, field: str = "number") -> Spec:
        points = self.data.points
        first, last = (points[0].number, points[-1].number) if points else (0, 0)
        step = max(1, round((last - first) / 9))
        ticks = [point for point in points if (point.number - first) % step == 0]
        # Two lines a tick, looked up by number: a chart counts points, people think in time.
        table = {str(point.number): [str(point.number), f"{point.source_time:%m-%d %H:%M}"] for point in ticks}
        axis: Spec = {"values": [point.number for point in ticks], "labelFlush": False, "title": None}
        if self.is_location:
            axis["labels"] = False
        else:
            axis |= {"labelExpr": f"{json.dumps(table)}[datum.value]", "title": self.words["x"]}
        scale = {"domain": list(self._span()), "nice": False, "zero": False}
        return {"field": field, "type": "quantitative", "scale": scale, "axis": axis}

    def _y(self, field: str) -> Spec:
        low, high = self._scale()
        unit = f" ({self.data.unit})" if self.data.unit else ""
        characteristic = self.data.characteristic_ja if self.words is WORDS["ja"] else self.data.characteristic_en
        title = (
            f"{self.words[self.chart]}: {characteristic}{unit}" if self.is_location else self.words[self.chart] + unit
        )
        return {
            "field": field,
            "type": "quantitative",
            "scale": {"domain": [low, high], "nice": False, "zero": False},
            "axis": {
                "title": title,
                "tickCount": 5 if self.is_location else 3,
                "minExtent": LEFT - 14,
                "maxExtent": LEFT - 14,
            },
        }

    def _limits(self) -> list[Spec]:
        """Steps, not one straight line: limits follow the size of each subgroup and the version in force."""
        rows: list[Spec] = []
        first, last = self._span()
        drawn: Lines | None = None
        for point in self.data.points:
            lines = self._lines_of(point)
            if lines is not None and lines != drawn:
                at = point.number - 0.5 if rows else first
                rows.append({"at": at, "lcl": lines.lcl, "center": lines.center, "ucl": lines.ucl})
                drawn = lines
        if not rows and (newest := self._newest()) is not None:
            rows.append({"at": first, "lcl": newest.lcl, "center": newest.center, "ucl": newest.ucl})
        if not rows:
            return []
        rows.append({**rows[-1], "at": last})
        x = self._x("at")
        band = {"type": "area", "color": BAND, "opacity": 1, "interpolate": "step-after"}
        layers: list[Spec] = [
            {
                "data": {"values": rows},
                "mark": band,
                "encoding": {"x": x, "y": self._y("lcl"), "y2": {"field": "ucl"}},
            }
        ]
        for line, color in (("lcl", LIMIT), ("center", CENTER), ("ucl", LIMIT)):
            mark = {"type": "line", "color": color, "strokeWidth": 1.2, "interpolate": "step-after"}
            layers.append({"data": {"values": rows}, "mark": mark, "encoding": {"x": x, "y": self._y(line)}})
        return layers

    def _near_specification(self) -> list[tuple[str, float]]:
        limits, spec = self.data.limits, self.data.spec
        if not (limits and spec and self.chart == "I"):
            return []
        reach = SPEC_REACH * limits.sigma_within
        named = (("LSL", spec.lsl), ("USL", spec.usl))
        return [(name, value) for name, value in named if value is not None and abs(value - limits.center) <= reach]

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
        if not (spec and self.chart == "I" and self.data.limits):
            return []
        named = (("USL", spec.usl, "↑"), ("LSL", spec.lsl, "↓"))
        return [
            (f"{self.words[name]} {value:.{self.digits}f} {arrow}", name == "USL")
            for name, value, arrow in named
            if value is not None and name not in near
        ]

    def _runs(self) -> list[Spec]:
        """Stretches of the line that windows longer than one point cover, merged where they overlap."""
        stretches: list[list[int]] = []
        for point in self.data.points:
            for signal in point.signals:
                if signal.chart != self.chart or signal.window_first == point.number:
                    continue
                if stretches and signal.window_first <= stretches[-1][1]:
                    stretches[-1][1] = point.number
                else:
                    stretches.append([signal.window_first, point.number])
        return [
            {"number": point.number, "value": self._value_of(point), "run": run}
            for run, (first, last) in enumerate(stretches)
            for point in self.data.points
            if first <= point.number <= last
        ]

    def _points(self) -> list[Spec]:
        x, y = self._x(), self._y(self.chart)
        look = f"datum['{self.chart}_look']"
        layers: list[Spec] = []
        runs = self._runs()
        if runs:
            mark: Spec = {"type": "line", "color": RUN, "strokeWidth": 5 if self.is_dense else 9, "opacity": 0.75,
                          "strokeJoin": "round", "strokeCap": "round"}  # fmt: skip
            encoding = {"x": x, "y": self._y("value"), "detail": {"field": "run"}}
            layers.append({"data": {"values": runs}, "mark": mark, "encoding": encoding})
        layers.append(
            {
                "mark": {"type": "line", "color": DATA, "strokeWidth": 1.3, "invalid": "break-paths-show-path-domains"},
                "encoding": {"x": x, "y": y},
            }
        )
        layers.append(
            {
                "transform": [{"filter": f"{look} == '' && isValid(datum['{self.chart}'])"}],
                "mark": {
                    "type": "point",
                    "shape": "circle",
                    "filled": True,
                    "color": DATA,
                    "opacity": 1,
                    "size": 14 if self.is_dense else 30,
                },
                "encoding": {"x": x, "y": y},
            }
        )
        for state, fill in (("open", SIGNAL), ("acknowledged", "#ffffff")):
            mark = {"type": "point", "shape": "diamond", "filled": False, "fill": fill, "stroke": SIGNAL,
                    "strokeWidth": 1.8, "size": 70 if self.is_dense else 130, "opacity": 1}  # fmt: skip
            layers.append(
                {"transform": [{"filter": f"{look} == '{state}'"}], "mark": mark, "encoding": {"x": x, "y": y}}
            )
        layers += [self._rule_numbers(x, y, above, ink) for above in (True, False) for ink in _INKS]
        layers.append(self._hover(x))
        return layers

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
        location, spread = ("I", "MR") if self.data.chart == "I-MR" else ("XBAR", "R")
        tooltip = [("number", words["point"]), ("time", words["time"]), (f"{location}_text", words[location]),
                   (f"{spread}_text", words[spread]), ("n", words["n"]), ("serial", words["serial"]),
                   ("record", words["record"]), ("rules", words["rules"]), ("version", words["limits"])]  # fmt: skip
        return {
            "mark": {"type": "rect", "color": "#ffffff", "opacity": 0, "cursor": "pointer"},
            "encoding": {
                "x": {**x, "field": "from"},
                "x2": {"field": "to"},
                "tooltip": [{"field": field, "type": "nominal", "title": title} for field, title in tooltip],
            },
        }

    def _labelled(self) -> list[tuple[str, float]]:
        lines = self._lines_of(self.data.points[-1]) if self.data.points else None
        lines = lines or self._newest()
        return [] if lines is None else [("UCL", lines.ucl), ("CL", lines.center), ("LCL", lines.lcl)]

    def label_texts(self) -> list[str]:
        return [f"{self.words[name]} {value:.{self.digits}f}" for name, value in self._labelled()]

    def width_of_labels(self) -> int:
        """About as many px as the text right of the panel takes; a Japanese character counts for two."""
        texts = self.label_texts() + [text for text, _ in self._far_specification()]
        return round(6.8 * max((sum(2 if ord(c) > 0x2E80 else 1 for c in text) for text in texts), default=0))

    def _labels(self) -> list[Spec]:
        """Names and values of the limits the newest point was held to, right of the panel."""
        rows = [
            {"value": value, "text": text}
            for (_, value), text in zip(self._labelled(), self.label_texts(), strict=True)
        ]
        return [self._text(rows, x=self.width + 8, align="left", color=MUTED, fontWeight=500)] if rows else []

    def _text(self, rows: list[Spec], **mark: Any) -> Spec:
        encoding: Spec = {"text": {"field": "text"}}
        if "value" in rows[0]:
            encoding["y"] = self._y("value")
        else:
            mark.setdefault("y", self.height / 2)
        return {"data": {"values": rows}, "mark": {"type": "text", **mark}, "encoding": encoding}


def _config() -> Spec:
    return {
        "font": FONT,
        "view": {"stroke": None},
        "text": {"fontSize": 11.5, "color": TEXT},
        "axis": {
            "labelColor": MUTED, "labelFontSize": 11.5, "titleColor": TEXT, "titleFontSize": 12.5,
            "titleFontWeight": 600, "tickColor": "#aab2ba", "domainColor": "#aab2ba", "gridColor": GRID,
            "labelLineHeight": 14,
        },
        "axisX": {"grid": False, "titlePadding": 6, "titleColor": MUTED, "titleFontWeight": 400, "labelPadding": 4},
        "axisY": {
            "domain": False, "ticks": False, "labelPadding": 6, "titleAngle": 0, "titleAlign": "left",
            "titleAnchor": "start", "titleBaseline": "bottom", "titleX": -LEFT + 14, "titleY": -10,
        },
    }  # fmt: skip
