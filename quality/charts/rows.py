"""The words of a drawn chart in both languages, and its rows: one per point, at its place in order of time. Pure."""

import math

from quality.charts.lined import LOW, VALUE
from quality.charts.looks import Spec
from quality.charts.plotted import ChartData, PlottedPoint

WORDS = {
    "en": {
        "I": "Individual value", "MR": "Moving range", "XBAR": "Subgroup mean", "R": "Range",
        "S": "Standard deviation", "EWMA": "EWMA", "CUSUM": "Cumulative sums (standard errors)",
        "P": "Share nonconforming", "NP": "Number nonconforming", "C": "Count", "U": "Count per unit",
        "G": "Units between events", "T": "Time between events, transformed", "T2": "Hotelling T²",
        "MEWMA": "MEWMA T²", VALUE: "Value", LOW: "Lower sum",
        "I of means": "Subgroup mean, as an individual", "MR of means": "Moving range of the means",
        "R within": "Range within the subgroup", "S within": "Standard deviation within the subgroup",
        "hours": "Hours between events",
        "UCL": "UCL", "CL": "CL", "LCL": "LCL", "USL": "USL", "LSL": "LSL", "x": "Point number and machine time",
        "order": "Point number", "time": "Machine time", "point": "Point", "serial": "Serial", "record": "Record",
        "n": "Values", "size": "Sample size", "rules": "Rules violated", "limits": "Limits version",
        "none": "No points yet", "more": "{first} and {more} more", "open": "open", "acknowledged": "acknowledged",
        "superseded": "superseded", "cause": "Cause", "state": "Remark", "late": "came late",
        "excluded": "excluded: cause assigned", "version": "limits {version}", "MAN": "Man", "MACHINE": "Machine",
        "MATERIAL": "Material", "METHOD": "Method", "change": "Change", "colon": ": ",
    },
    "ja": {
        "I": "測定値", "MR": "移動範囲", "XBAR": "群平均", "R": "範囲",
        "S": "標準偏差", "EWMA": "EWMA", "CUSUM": "累積和（標準誤差単位）",
        "P": "不適合品率", "NP": "不適合品数", "C": "不適合数", "U": "単位当たり不適合数",
        "G": "事象間の個数", "T": "事象間隔（変換値）", "T2": "ホテリング T²",
        "MEWMA": "MEWMA T²", VALUE: "測定値", LOW: "下側の和",
        "I of means": "群平均（個々の値として）", "MR of means": "群平均の移動範囲",
        "R within": "群内範囲", "S within": "群内標準偏差",
        "hours": "事象間隔（時間）",
        "UCL": "UCL", "CL": "CL", "LCL": "LCL", "USL": "規格上限", "LSL": "規格下限", "x": "点番号と設備時刻",
        "order": "点番号", "time": "設備時刻", "point": "点番号", "serial": "シリアル", "record": "記録",
        "n": "測定数", "size": "サンプルの大きさ", "rules": "違反ルール", "limits": "管理限界の版",
        "none": "まだ点がありません", "more": "{first} ほか{more}件", "open": "未確認", "acknowledged": "確認済み",
        "superseded": "取消（後着の点による）", "cause": "原因", "state": "備考", "late": "後着",
        "excluded": "除外：原因特定済み", "version": "管理限界 第{version}版", "MAN": "人", "MACHINE": "設備",
        "MATERIAL": "材料", "METHOD": "方法", "change": "変化点", "colon": "：",
    },
}  # fmt: skip

NUMBER_APART = 16  # px between two rule numbers
SAME_UNIT = {"I", "MR", "XBAR", "R", "S", "EWMA", "C", VALUE}  # panels in the unit of the characteristic


def words_of(language: str) -> dict[str, str]:
    return WORDS["ja" if language.startswith("ja") else "en"]


def title_of(data: ChartData, panel: str, words: dict[str, str]) -> str:
    """What a panel shows, with its unit."""
    if data.chart.startswith("I-MR-"):
        name = words[f"{panel} of means"] if panel in {"I", "MR"} else words[f"{panel} within"]
    elif data.chart == "T" and panel == VALUE:
        return words["hours"]
    else:
        name = words[panel]
    unit = f" ({data.unit})" if data.unit and panel in SAME_UNIT else ""
    if panel != data.panels[0]:
        return name + unit
    characteristic = data.characteristic_ja if words is WORDS["ja"] else data.characteristic_en
    return f"{name}{words['colon']}{characteristic}{unit}" if characteristic else name + unit


def is_dense(data: ChartData, width: int) -> bool:
    """Whether marks of full size would cover each other on `width` px."""
    return len(data.points) * 10 > width


def is_crowded(data: ChartData, width: int) -> bool:
    """Whether points are told from each other no more: the line alone is drawn, and what signals."""
    return len(data.points) * 3 > width


def rows_of(data: ChartData, words: dict[str, str], digits: dict[str, int], width: int) -> list[Spec]:
    """`digits`: the decimals of each panel; `width`: the px the points share."""
    rows = []
    dense = is_dense(data, width)
    apart = NUMBER_APART * len(data.points) / max(width, 1)
    numbered_at = dict.fromkeys(data.panels, -math.inf)
    before: set[tuple[str, int, int]] = set()
    drawn_at = data.drawn_at
    for place, point in enumerate(data.points):
        # Where numbers would cover each other, a run that goes on is numbered at its first point only.
        hidden = before if dense else set()
        at = drawn_at[place]
        # Up to half-way to its neighbours a point is the one that the pointer means.
        row = _row(point, words) | {
            "at": at,
            "from": (at + drawn_at[place - 1]) / 2 if place else at - 0.5,
            "to": (at + drawn_at[place + 1]) / 2 if place + 1 < len(data.points) else at + 0.5,
        }
        for panel in data.panels:
            row |= _on_panel(panel, point, digits[panel], hidden)
            if dense and row[f"{panel}_rules"]:
                if place - numbered_at[panel] < apart:
                    row[f"{panel}_rules"] = ""
                else:
                    numbered_at[panel] = place
        rows.append(row)
        before = {(signal.chart, signal.rule, signal.side) for signal in point.signals}
    return rows


def _row(point: PlottedPoint, words: dict[str, str]) -> Spec:
    serial = point.serials[0] if point.serials else ""
    if len(point.serials) > 1:
        serial = words["more"].format(first=serial, more=len(point.serials) - 1)
    remarks = [words[name] for name, is_so in (("late", point.is_late), ("excluded", point.is_excluded)) if is_so]
    causes = {signal.cause[words is WORDS["ja"]] for signal in point.signals}
    row: Spec = {
        "number": point.number,
        "time": f"{point.source_time:%Y-%m-%d %H:%M:%S}" if point.source_time else "–",
        "n": point.n,
        "size": f"{point.size:g}" if point.size is not None else "–",
        "serial": serial or "–",
        "record": ", ".join(str(record) for record in point.records[:3]) + (" …" if len(point.records) > 3 else ""),
        "version": point.limits_version,
        "alarms": sorted({signal.alarm for signal in point.signals if signal.alarm}),
        "rules": ", ".join(
            _violation(signal.chart, signal.rule, signal.is_superseded, words) for signal in point.signals
        )
        or "–",
        "cause": ", ".join(sorted(causes - {""})) or "–",
        "state": ", ".join(remarks) or "–",
        "dot": "excluded" if point.is_excluded else "late" if point.is_late else "plain",
    }
    if LOW in point.values:
        row[LOW] = point.values[LOW]
    return row


def _on_panel(panel: str, point: PlottedPoint, digits: int, hidden: set[tuple[str, int, int]]) -> Spec:
    value = point.values.get(panel)
    here = [signal for signal in point.signals if signal.chart == panel]
    holding = [signal for signal in here if not signal.is_superseded]
    numbered = {signal.rule for signal in holding if (panel, signal.rule, signal.side) not in hidden}
    look = ""
    if here:
        is_open = any(not signal.is_acknowledged for signal in holding)
        look = "superseded" if not holding else "open" if is_open else "acknowledged"
    side = sum(signal.side for signal in here)
    return {
        panel: value,
        f"{panel}_mark": point.values.get(LOW) if panel == "CUSUM" and side < 0 else value,
        f"{panel}_text": "–" if value is None else f"{value:.{digits + 1}f}",
        f"{panel}_rules": "·".join(str(rule) for rule in sorted(numbered)),
        f"{panel}_look": look,
        f"{panel}_above": side >= 0,
    }


def _violation(panel: str, rule: int, is_superseded: bool, words: dict[str, str]) -> str:
    return f"{panel} {rule}" + (f" ({words['superseded']})" if is_superseded else "")
