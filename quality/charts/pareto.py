"""What is behind the signals, the most frequent first: causes, charts, rules. The counts, and their drawing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import get_language

from quality.charts.looks import BAND, DATA, LIMIT, MUTED, SCHEMA, TEXT, Spec, config, finite
from quality.charts.models import Signal
from quality.reactions.models import Reaction

MOST_BARS = 12

WORDS = {
    "en": {"count": "Reactions", "signals": "Signals", "share": "Cumulative share", "other": "Others",
           "open": "Not closed yet", "none": "Nothing to count", "rule": "Rule {rule} on {panel}"},
    "ja": {"count": "対応件数", "signals": "異常件数", "share": "累積比率", "other": "その他",
           "open": "未完了", "none": "該当なし", "rule": "{panel} ルール{rule}"},
}  # fmt: skip


@dataclass(frozen=True)
class Bar:
    label: str
    count: int


@dataclass(frozen=True)
class Paretos:
    """Reactions by cause and by chart; signals by rule."""

    causes: list[Bar]
    charts: list[Bar]
    rules: list[Bar]


def paretos(since: datetime) -> Paretos:
    """Of what was opened since then. Three queries."""
    in_japanese = (get_language() or "en").startswith("ja")
    words = WORDS["ja" if in_japanese else "en"]
    reactions = Reaction.objects.filter(opened_at__gte=since)
    signals = Signal.objects.filter(raised_at__gte=since, superseded_at=None)
    name = "name_ja" if in_japanese else "name_en"
    causes = Counter(cause or words["open"] for cause in reactions.values_list(f"cause__{name}", flat=True).order_by())
    charts = Counter(reactions.values_list(f"plan__{name}", flat=True).order_by())
    rules = Counter(
        words["rule"].format(rule=rule, panel=panel) for panel, rule in signals.values_list("chart", "rule").order_by()
    )
    return Paretos(*(ranked(counter, words["other"]) for counter in (causes, charts, rules)))


def ranked(counted: Counter[str], other: str) -> list[Bar]:
    """The most frequent first, equal ones by name; what is beyond the last bar is one bar of others."""
    rows = sorted(counted.items(), key=lambda row: (-row[1], row[0]))
    shown = [Bar(*row) for row in rows[:MOST_BARS]]
    rest = sum(count for _, count in rows[MOST_BARS:])
    return [*shown, Bar(other, rest)] if rest else shown


def pareto_spec(bars: Sequence[Bar], language: str = "en", *, of_signals: bool = False, width: int = 560) -> Spec:
    """Bars that lie, so that every name can be read, with the share that they and those above make up."""
    words = WORDS["ja" if language.startswith("ja") else "en"]
    total = sum(bar.count for bar in bars)
    running, rows = 0, []
    for place, bar in enumerate(bars):
        running += bar.count
        told = f"{bar.count}  ({100 * running / total:.0f} %)"
        rows.append({"place": place, "label": bar.label, "count": bar.count, "zero": 0, "told": told})
    y = {
        "field": "label",
        "type": "nominal",
        "sort": [bar.label for bar in bars],
        "title": None,
        "axis": {"labelLimit": 230, "domain": False, "ticks": False, "labelColor": TEXT, "labelPadding": 8},
    }
    x = {
        "field": "count",
        "type": "quantitative",
        "axis": {"title": words["signals" if of_signals else "count"], "tickMinStep": 1, "tickCount": 5, "grid": True},
        "scale": {"domain": [0, max((bar.count for bar in bars), default=1) * 1.28]},
    }
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "color": DATA, "opacity": 0.85, "height": {"band": 0.62}},
            "encoding": {"x": x, "y": y},
        },
        {
            "mark": {"type": "text", "align": "left", "dx": 6, "color": MUTED, "stroke": BAND, "strokeWidth": 0},
            "encoding": {"x": x, "y": y, "text": {"field": "told"}},
        },
    ]
    if not rows:
        layers = [
            {"data": {"values": [{"text": words["none"]}]}, "mark": {"type": "text", "fontSize": 14, "color": LIMIT},
             "encoding": {"text": {"field": "text"}}}
        ]  # fmt: skip
    spec = {
        "$schema": SCHEMA,
        "background": None,
        "padding": 6,
        "width": max(width - 280, 120) if rows else width - 40,
        "height": max(len(rows) * 30, 60),
        "data": {"values": rows},
        "layer": layers,
        "config": config() | {"axisY": {}},
    }
    return {key: finite(part) for key, part in spec.items()}
