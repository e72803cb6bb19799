"""The Vega-Lite spec of a chart of any kind: one drawing for screen and report. Pure.

Read it as: location above, spread below, one place per point in order of time. What the marks mean: quality.charts.
drawing. Under the first panel stand the station's 4M changes, a shape for each kind.
"""

from bisect import bisect_left

from quality.charts.drawing import Panel, decimals_of
from quality.charts.looks import CHANGE, GAP, LEFT, SCHEMA, Spec, config, finite
from quality.charts.plotted import Change, ChartData
from quality.charts.rows import WORDS, rows_of, words_of

AROUND = 116  # height of titles, tick labels and padding together
SHARES = {1: (1.0,), 2: (0.68, 0.32), 3: (0.5, 0.25, 0.25)}  # of the height, by number of panels
CHANGES_APART = 12  # px; changes of a kind that are closer share a mark
SHAPES = {"MAN": "circle", "MACHINE": "square", "MATERIAL": "triangle-up", "METHOD": "diamond"}
NAMED_CHANGES = 6  # in one tooltip


def pair_spec(
    data: ChartData, language: str = "en", *, width: int = 1100, height: int = 520, background: str | None = None
) -> Spec:
    """The whole drawing, `width` x `height` px, in English or Japanese ("ja"); `background` None is transparent.

    The dataset "points" has one row per point with number, alarms and serials, for a page that follows clicks.
    """
    words = words_of(language)
    right = max(Panel(data, words, panel, 0, 0).width_of_labels() for panel in data.panels)
    plot_width = width - LEFT - right
    drawn = height - AROUND - GAP * (len(data.panels) - 1)
    views = []
    for panel, share in zip(data.panels, SHARES[len(data.panels)], strict=True):
        view = Panel(data, words, panel, plot_width, max(round(drawn * share), 40)).spec()
        if panel == data.panels[0]:
            view["layer"] += _changes(data, words, plot_width, view)
        views.append(view)
    spec = {
        "$schema": SCHEMA,
        "background": background,
        "padding": {"left": 4, "right": 4, "top": 6, "bottom": 4},
        "datasets": {
            "points": rows_of(data, words, {panel: decimals_of(data, panel) for panel in data.panels}, plot_width)
        },
        "data": {"name": "points"},
        "vconcat": views,
        "spacing": GAP,
        "resolve": {"scale": {"x": "independent", "shape": "independent"}},
        "config": config(),
    }
    return {key: finite(part) for key, part in spec.items()}


def _changes(data: ChartData, words: dict[str, str], width: int, view: Spec) -> list[Spec]:
    """Marks between the points that a change lies between; those that would cover each other share one."""
    times = [point.source_time for point in data.points if point.source_time]
    if not data.changes or len(times) < 2 or len(times) != len(data.points):
        return []
    drawn_at = data.drawn_at
    in_japanese = words is WORDS["ja"]
    gathered: dict[tuple[str, int], list[Change]] = {}
    places: dict[tuple[str, int], float] = {}
    for change in data.changes:
        if not times[0] <= change.at <= times[-1]:
            continue
        at = max(drawn_at[bisect_left(times, change.at)] - 0.5, 0.0)
        key = (change.kind, int(at * width / (drawn_at[-1] + 1) / CHANGES_APART))
        gathered.setdefault(key, []).append(change)
        places.setdefault(key, at)
    rows = []
    for (kind, place), changes in gathered.items():
        told = [
            f"{change.at:%m-%d %H:%M} {change.text_ja if in_japanese else change.text_en}"
            for change in changes[-NAMED_CHANGES:]
        ]
        if len(changes) > NAMED_CHANGES:
            told.insert(0, "…")
        rows.append({"at": places[kind, place], "kind": words[kind], "shape": SHAPES[kind], "told": " / ".join(told)})
    if not rows:
        return []
    x = next(layer["encoding"]["x"] for layer in view["layer"] if "x" in layer.get("encoding", {}))
    tooltip = [
        {"field": "kind", "type": "nominal", "title": words["change"]},
        {"field": "told", "type": "nominal", "title": words["time"]},
    ]
    stem = {"type": "rule", "color": CHANGE, "strokeWidth": 0.8, "strokeDash": [2, 3], "opacity": 0.55}
    # Between two panels there is room; where the tick labels come next, the marks stand inside.
    y = view["height"] + (10 if len(data.panels) > 1 else -8)
    glyph = {"type": "point", "filled": True, "color": CHANGE, "size": 62, "opacity": 1, "y": y}
    return [
        {"data": {"values": rows}, "mark": stem, "encoding": {"x": x}},
        {
            "data": {"values": rows},
            "mark": glyph,
            "encoding": {"x": x, "shape": {"field": "shape", "type": "nominal", "scale": None}, "tooltip": tooltip},
        },
    ]
