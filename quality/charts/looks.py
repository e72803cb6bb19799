"""Colours, fonts and axes that every drawing shares. Grey is normal; colour is for what somebody must look at. Pure."""

import math
from typing import Any, TypeAlias

Spec: TypeAlias = dict[str, Any]

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
FONT = '"Inter", "Segoe UI", "Noto Sans", "Helvetica Neue", Arial, "Noto Sans CJK JP", "Noto Sans JP", sans-serif'

DATA, LIMIT, CENTER, GRID, TEXT, MUTED = "#37474f", "#5b6770", "#8b96a0", "#dde1e5", "#1b2025", "#4b535c"
BAND, BAND_2, BAND_1 = "#e7ebee", "#dfe4e8", "#d5dbe0"  # within 3, 2 and 1 standard errors
SIGNAL, SIGNAL_TEXT, RUN, SPECIFICATION = "#d84315", "#a62b07", "#f4a582", "#6a3d9a"
STAGE, CHANGE, QUIET = "#1b4f86", "#1b4f86", "#7d858e"

LEFT, GAP = 66, 44  # room for value labels, between the panels
FARTHEST = 1e300  # from 0, up to which a scale can be drawn


def finite(part: Any) -> Any:
    """JSON has no infinity: a line or point that far out is left out of the drawing."""
    if isinstance(part, dict):
        return {key: finite(inner) for key, inner in part.items()}
    if isinstance(part, list | tuple):
        return [finite(inner) for inner in part]
    return None if isinstance(part, float) and not math.isfinite(part) else part


def config() -> Spec:
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
