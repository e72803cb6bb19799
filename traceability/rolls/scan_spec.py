"""The Vega-Lite spec of scans along a roll: a line for each side, the metres behind a unit shaded. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from quality.charts.looks import CENTER, DATA, LIMIT, SCHEMA, STAGE, Spec, config, finite

HEIGHT = 250
_AXIS_WORDS = ("metres", "mean", "side", "range")


class Scan(Protocol):
    @property
    def at_m(self) -> float: ...
    @property
    def side(self) -> str: ...
    @property
    def mean(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


class Band(Protocol):
    @property
    def from_m(self) -> float: ...
    @property
    def to_m(self) -> float: ...


class Limits(Protocol):
    @property
    def lsl(self) -> float | None: ...
    @property
    def target(self) -> float | None: ...
    @property
    def usl(self) -> float | None: ...
    @property
    def unit(self) -> str: ...


def scan_spec(
    scans: Sequence[Scan], bands: Sequence[Band], limits: Limits, words: Mapping[str, str], *, width: int = 1100
) -> Spec:
    """`words`: metres, mean, side, range, lsl, usl, target in the reader's language. Values in the limits' unit."""
    x = {"field": "at_m", "type": "quantitative", "title": words["metres"], "scale": {"zero": False, "nice": False}}
    y = {"field": "mean", "type": "quantitative", "title": f"{words['mean']} ({limits.unit})", "scale": {"zero": False}}
    rows = [
        {"at_m": scan.at_m, "side": scan.side or "–", "mean": scan.mean, "low": scan.low, "high": scan.high}
        for scan in scans
    ]
    side = {"field": "side", "type": "nominal", "title": words["side"]}
    tooltip = [
        {"field": "at_m", "title": words["metres"], "format": ".1f"},
        {"field": "mean", "title": words["mean"], "format": ".4g"},
        {"field": "low", "title": f"{words['range']} –", "format": ".4g"},
        {"field": "high", "title": f"{words['range']} +", "format": ".4g"},
        {"field": "side", "title": words["side"]},
    ]
    layers: list[dict[str, Any]] = [
        {"mark": {"type": "area", "opacity": 0.16, "color": DATA},
         "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}, "detail": side}},
        {"mark": {"type": "line", "strokeWidth": 1.4, "color": DATA},
         "encoding": {"x": x, "y": y, "strokeDash": {**side, "legend": {"orient": "top-right"}}}},
        {"mark": {"type": "point", "filled": True, "size": 26, "color": DATA, "opacity": 1},
         "encoding": {"x": x, "y": y, "shape": {**side, "legend": None}, "tooltip": tooltip}},
    ]  # fmt: skip
    if bands:
        shaded = [{"from": band.from_m, "to": band.to_m} for band in bands]
        layers.insert(
            0,
            {
                "data": {"values": shaded},
                "mark": {"type": "rect", "color": STAGE, "opacity": 0.16, "stroke": STAGE, "strokeOpacity": 0.9},
                "encoding": {"x": {**x, "field": "from"}, "x2": {"field": "to"}},
            },
        )
    layers += _lines(limits, y, words)
    spec = {
        "$schema": SCHEMA,
        "background": None,
        "width": max(width - 110, 200),
        "height": HEIGHT,
        "padding": {"left": 4, "right": 4, "top": 20, "bottom": 4},
        "data": {"values": rows},
        "layer": layers,
        "config": config(),
    }
    return {key: finite(part) for key, part in spec.items()}


def _lines(limits: Limits, y: dict[str, Any], words: Mapping[str, str]) -> list[dict[str, Any]]:
    found = []
    for name, value, dash in (("lsl", limits.lsl, [5, 4]), ("target", limits.target, []), ("usl", limits.usl, [5, 4])):
        if value is None:
            continue
        at = {"values": [{"value": value, "name": words[name]}]}
        encoding = {"y": {**y, "field": "value"}}
        color = CENTER if name == "target" else LIMIT
        found.append({"data": at, "mark": {"type": "rule", "strokeDash": dash, "color": color}, "encoding": encoding})
        text = {"type": "text", "align": "left", "dx": 4, "x": "width", "color": color}
        found.append({"data": at, "mark": text, "encoding": {**encoding, "text": {"field": "name", "type": "nominal"}}})
    return found
