"""The words of a drawn chart in both languages, and its rows: one per point. Pure."""

from typing import Any, TypeAlias

from quality.charts.plotted import ChartData, PlottedPoint

Spec: TypeAlias = dict[str, Any]

WORDS = {
    "en": {
        "I": "Individual value", "MR": "Moving range", "XBAR": "Subgroup mean", "R": "Range", "UCL": "UCL",
        "CL": "CL", "LCL": "LCL", "USL": "USL", "LSL": "LSL", "x": "Point number and machine time",
        "time": "Machine time", "point": "Point", "serial": "Serial", "record": "Record", "n": "Values",
        "rules": "Rules violated", "limits": "Limits version", "none": "No points yet",
        "more": "{first} and {more} more", "open": "open",
        "acknowledged": "acknowledged",
    },
    "ja": {
        "I": "測定値", "MR": "移動範囲", "XBAR": "群平均", "R": "範囲", "UCL": "UCL",
        "CL": "CL", "LCL": "LCL", "USL": "規格上限", "LSL": "規格下限", "x": "点番号と設備時刻",
        "time": "設備時刻", "point": "点番号", "serial": "シリアル", "record": "記録", "n": "測定数",
        "rules": "違反ルール", "limits": "管理限界の版", "none": "まだ点がありません",
        "more": "{first} ほか{more}件", "open": "未確認",
        "acknowledged": "確認済み",
    },
}  # fmt: skip


def is_dense(data: ChartData, width: int) -> bool:
    """Whether marks of full size would cover each other on `width` px."""
    return len(data.points) * 10 > width


def rows_of(data: ChartData, words: dict[str, str], charts: tuple[str, str], digits: int, width: int) -> list[Spec]:
    """`charts` names the pair, `digits` the decimals, `width` the px the points share."""
    rows = []
    dense = is_dense(data, width)
    before: set[tuple[str, int, int]] = set()
    for point in data.points:
        # Where numbers would cover each other, a run that goes on is numbered at its first point only.
        hidden = before if dense else set()
        rows.append(_row(point, words, charts, digits, hidden))
        before = {(signal.chart, signal.rule, signal.side) for signal in point.signals}
    return rows


def _row(
    point: PlottedPoint, words: dict[str, str], charts: tuple[str, str], digits: int, hidden: set[tuple[str, int, int]]
) -> Spec:
    serial = point.serials[0] if point.serials else ""
    if len(point.serials) > 1:
        serial = words["more"].format(first=serial, more=len(point.serials) - 1)
    row: Spec = {
        "number": point.number,
        "from": point.number - 0.5,
        "to": point.number + 0.5,
        "time": f"{point.source_time:%Y-%m-%d %H:%M:%S}",
        "n": point.n,
        "serial": serial,
        "record": ", ".join(str(record) for record in point.records[:3]) + (" …" if len(point.records) > 3 else ""),
        "version": point.limits_version,
        "alarms": sorted({signal.alarm for signal in point.signals if signal.alarm}),
        "rules": ", ".join(f"{signal.chart} {signal.rule}" for signal in point.signals) or "–",
    }
    for chart, value in zip(charts, (point.location, point.spread), strict=True):
        here = [signal for signal in point.signals if signal.chart == chart]
        numbered = {signal.rule for signal in here if (chart, signal.rule, signal.side) not in hidden}
        is_open = any(not signal.is_acknowledged for signal in here)
        row |= {
            chart: value,
            f"{chart}_text": "–" if value is None else f"{value:.{digits + 1}f}",
            f"{chart}_rules": "·".join(str(rule) for rule in sorted(numbered)),
            f"{chart}_look": "" if not here else "open" if is_open else "acknowledged",
            f"{chart}_above": sum(signal.side for signal in here) >= 0,
        }
    return row
