"""What an alarm of a chart says, in both languages. Pure."""

from quality.charts.decimals import decimals_for
from quality.charts.streams import Broken

_PLOTTED_EN = {"I": "value", "MR": "moving range", "XBAR": "subgroup mean", "R": "range"}
_PLOTTED_JA = {"I": "測定値", "MR": "移動範囲", "XBAR": "群平均", "R": "範囲"}


def alarm_message(name_en: str, name_ja: str, broken: Broken, unit: str, sigma: float) -> tuple[str, str]:
    """(English, Japanese): the chart, what was plotted, against which line. `sigma` sets the decimals."""
    digits = decimals_for(sigma)
    value, line = (f"{number:.{digits}f} {unit}".rstrip() for number in (broken.value, broken.line))
    violation, above = broken.violation, broken.violation.side > 0
    plotted_en, plotted_ja = _PLOTTED_EN[broken.chart], _PLOTTED_JA[broken.chart]
    if violation.rule == 1:
        limit_en, limit_ja = ("above the upper", "上方") if above else ("below the lower", "下方")
        return (
            f"{name_en}: {plotted_en} {value} is {limit_en} control limit {line} (rule 1)",
            f"{name_ja}：{plotted_ja} {value} が{limit_ja}管理限界 {line} を外れました（ルール1）",
        )
    side_en, side_ja = ("above", "上側") if above else ("below", "下側")
    return (
        f"{name_en}: {violation.length} points in a row {side_en} the centre line {line}, "
        f"last {plotted_en} {value} (rule {violation.rule})",
        f"{name_ja}：{violation.length}点連続で中心線 {line} の{side_ja}、"
        f"最新の{plotted_ja} {value}（ルール{violation.rule}）",
    )
