"""The drawing of a capability: how the values lie between the specification limits. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quality.charts.decimals import decimals_for
from quality.charts.looks import DATA, LIMIT, MUTED, SCHEMA, SPECIFICATION, Spec, config, finite
from quality.charts.plotted import SpecLimits
from quality.spc.panels import Floats

MOST_BINS = 40
REACH = 8.0  # sigmas from the mean up to which a specification limit may stretch the picture

WORDS = {
    "en": {
        "values": "Values", "span": "Range", "LSL": "LSL", "USL": "USL", "target": "Target", "mean": "Mean",
        "none": "No values",
    },
    "ja": {
        "values": "度数", "span": "区間", "LSL": "規格下限", "USL": "規格上限", "target": "目標", "mean": "平均",
        "none": "値がありません",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Histogram:
    """Values in the unit of the characteristic, shape (n,). `sigma` is the total one; the curve is of the normal."""

    title: str
    unit: str
    values: Floats
    mean: float | None
    sigma: float | None
    spec: SpecLimits | None


def histogram_spec(
    data: Histogram, language: str = "en", *, width: int = 700, height: int = 340, background: str | None = None
) -> Spec:
    """Bars with the curve of the normal distribution and the specification limits, dashed."""
    words = WORDS["ja" if language.startswith("ja") else "en"]
    values = data.values[np.isfinite(data.values)]
    layers = _bars(values, words) if values.size else []
    sigma = data.sigma if data.sigma is not None and math.isfinite(data.sigma) else 0.0
    if values.size and data.mean is not None and sigma > 0:
        layers.append(_curve(values, data.mean, sigma))
    marks = _marks(data, values, sigma, words)
    for name, color, dash in (("spec", SPECIFICATION, [7, 4]), ("center", LIMIT, [1, 0])):
        rows = [row for row in marks if row["kind"] == name]
        if rows:
            layers += _uprights(rows, color, dash)
    if not layers:
        text = {"type": "text", "fontSize": 14, "color": MUTED}
        layers = [{"data": {"values": [{"text": words["none"]}]}, "mark": text, "encoding": _field("text", "text")}]
    title = f"{data.title} ({data.unit})" if data.unit else data.title
    spec = {
        "$schema": SCHEMA,
        "background": background,
        "padding": {"left": 4, "right": 16, "top": 20, "bottom": 4},
        "width": width - 90,
        "height": height - 90,
        "layer": layers,
        "resolve": {"scale": {"x": "shared", "y": "shared"}},
        "config": config(),
    }
    domain = _domain(values, marks)
    for layer in layers:
        x = layer.get("encoding", {}).get("x")
        if x is not None:
            x["axis"] = {"title": title, "grid": False, "tickCount": 8}
            x["scale"] = {"domain": domain, "nice": False, "zero": False}
    return {key: finite(part) for key, part in spec.items()}


def _field(channel: str, name: str) -> Spec:
    return {channel: {"field": name, "type": "nominal" if channel == "text" else "quantitative"}}


def _edges(values: Floats) -> Floats:
    """Freedman and Diaconis's or Sturges's bins, whichever are narrower, but not too many to be told apart."""
    low, high = float(values.min()), float(values.max())
    if not high > low:
        half = abs(low) * 1e-3 or 0.5
        return np.array([low - half, low + half])
    quarter = float(np.subtract(*np.percentile(values, [75, 25])))
    by_spread = (high - low) / (2 * quarter / values.size ** (1 / 3)) if quarter > 0 else 1.0
    bins = min(max(math.ceil(by_spread), math.ceil(math.log2(values.size)) + 1, 5), MOST_BINS)
    return np.linspace(low, high, bins + 1)


def _bars(values: Floats, words: dict[str, str]) -> list[Spec]:
    edges = _edges(values)
    counts, _ = np.histogram(values, edges)
    digits = decimals_for(float(edges[1] - edges[0])) + 1
    rows = [
        {"from": low, "to": high, "count": count, "zero": 0, "span": f"{low:.{digits}f} – {high:.{digits}f}"}
        for low, high, count in zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True)
    ]
    bar = {"type": "rect", "color": "#b8c1c8", "stroke": "#ffffff", "strokeWidth": 1, "opacity": 1}
    encoding: Spec = {
        "x": {"field": "from", "type": "quantitative"},
        "x2": {"field": "to"},
        "y": {"field": "count", "type": "quantitative", "axis": {"title": words["values"], "tickCount": 5}},
        "y2": {"field": "zero"},
        "tooltip": [
            {"field": "span", "type": "nominal", "title": words["span"]},
            {"field": "count", "type": "quantitative", "title": words["values"]},
        ],
    }
    return [{"data": {"values": rows}, "mark": bar, "encoding": encoding}]


def _curve(values: Floats, mean: float, sigma: float) -> Spec:
    """The normal distribution with the values' mean and total sigma, as high as their bars would be."""
    edges = _edges(values)
    area = values.size * float(edges[1] - edges[0])
    at = mean + sigma * np.linspace(-4, 4, 121)
    height = area / (sigma * math.sqrt(2 * math.pi)) * np.exp(-0.5 * ((at - mean) / sigma) ** 2)
    rows = [{"x": x, "y": y} for x, y in zip(at.tolist(), height.tolist(), strict=True)]
    mark = {"type": "line", "color": DATA, "strokeWidth": 1.6, "clip": True}
    encoding = {"x": {"field": "x", "type": "quantitative"}, "y": {"field": "y", "type": "quantitative"}}
    return {"data": {"values": rows}, "mark": mark, "encoding": encoding}


def _marks(data: Histogram, values: Floats, sigma: float, words: dict[str, str]) -> list[Spec]:
    spec = data.spec
    named: list[tuple[str, float | None, str]] = [(words["mean"], data.mean, "center")]
    if spec is not None:
        named += [
            (words["LSL"], spec.lsl, "spec"),
            (words["USL"], spec.usl, "spec"),
            (words["target"], spec.target, "aim"),
        ]
    digits = decimals_for(sigma)
    rows = []
    for name, value, kind in named:
        if value is None:
            continue
        far = data.mean is not None and sigma > 0 and abs(value - data.mean) > REACH * sigma + float(np.ptp(values))
        if kind == "spec" and far:
            continue  # it would flatten the picture; the page names it
        rows.append({"x": value, "text": f"{name} {value:.{digits}f}", "kind": kind})
    return rows


def _uprights(rows: Sequence[Spec], color: str, dash: list[int]) -> list[Spec]:
    x = {"field": "x", "type": "quantitative"}
    rule = {"type": "rule", "color": color, "strokeWidth": 1.6, "strokeDash": dash}
    text = {"type": "text", "color": color, "fontWeight": 600, "y": -8, "align": "center"}
    return [
        {"data": {"values": list(rows)}, "mark": rule, "encoding": {"x": dict(x)}},
        {"data": {"values": list(rows)}, "mark": text, "encoding": {"x": dict(x), **_field("text", "text")}},
    ]


def _domain(values: Floats, marks: Sequence[Spec]) -> list[float]:
    found = [row["x"] for row in marks if row["kind"] != "aim"]
    if values.size:
        edges = _edges(values)
        found += [float(edges[0]), float(edges[-1])]
    low, high = min(found, default=0.0), max(found, default=1.0)
    margin = (high - low or abs(high) or 1.0) * 0.06
    return [low - margin, high + margin]
