"""What an alarm of a chart says, in both languages. Pure."""

from typing import NamedTuple

from quality.charts.decimals import decimals_for

PLOTTED = {
    "I": ("value", "測定値"),
    "MR": ("moving range", "移動範囲"),
    "XBAR": ("subgroup mean", "群平均"),
    "R": ("range", "範囲"),
    "S": ("standard deviation", "標準偏差"),
    "EWMA": ("moving average", "移動平均"),
    "CUSUM": ("cumulative sum", "累積和"),
    "P": ("share nonconforming", "不適合品率"),
    "NP": ("number nonconforming", "不適合品数"),
    "C": ("count", "不適合数"),
    "U": ("count per unit", "単位あたり不適合数"),
    "G": ("units between events", "事象間の数"),
    "T": ("time between events (transformed)", "事象間隔（変換後）"),
}

# Of the rules without a line of their own to be beyond.
_PATTERNS = {
    3: ("{length} points in a row {side}", "{length}点連続で{side}"),
    4: ("{length} points in a row up and down by turns", "{length}点連続で交互に増減"),
    5: ("all but one of {length} points beyond 2 sigma {side}", "{length}点中{most}点が{side}の2シグマ外"),
    6: ("all but one of {length} points beyond 1 sigma {side}", "{length}点中{most}点が{side}の1シグマ外"),
    7: ("{length} points in a row within 1 sigma", "{length}点連続で1シグマ以内"),
    8: ("{length} points in a row beyond 1 sigma on either side", "{length}点連続で中心線の両側1シグマ外"),
}


class Broken(NamedTuple):
    """A rule violated on one panel: the plotted value, and the line it is beyond (the centre, but for rule 1)."""

    panel: str
    rule: int
    side: int
    length: int
    value: float
    line: float
    stream: str = ""


def alarm_message(name_en: str, name_ja: str, broken: Broken, unit: str, sigma: float) -> tuple[str, str]:
    """(English, Japanese): the chart, what was plotted, against which line. `sigma` sets the decimals."""
    digits = decimals_for(sigma)
    if broken.stream:
        name_en, name_ja = f"{name_en} [{broken.stream}]", f"{name_ja}［{broken.stream}］"
    value, line = (f"{number:.{digits}f} {unit}".rstrip() for number in (broken.value, broken.line))
    above = broken.side > 0
    plotted_en, plotted_ja = PLOTTED[broken.panel]
    if broken.rule == 1:
        limit_en, limit_ja = ("above the upper", "上方") if above else ("below the lower", "下方")
        return (
            f"{name_en}: {plotted_en} {value} is {limit_en} control limit {line} (rule 1)",
            f"{name_ja}：{plotted_ja} {value} が{limit_ja}管理限界 {line} を外れました（ルール1）",
        )
    side_en, side_ja = ("above", "上側") if above else ("below", "下側")
    if broken.rule == 2:
        return (
            f"{name_en}: {broken.length} points in a row {side_en} the centre line {line}, "
            f"last {plotted_en} {value} (rule 2)",
            f"{name_ja}：{broken.length}点連続で中心線 {line} の{side_ja}、最新の{plotted_ja} {value}（ルール2）",
        )
    if broken.rule == 3:
        side_en, side_ja = ("rising", "上昇") if above else ("falling", "下降")
    pattern_en, pattern_ja = (
        text.format(length=broken.length, most=broken.length - 1, side=side)
        for text, side in zip(_PATTERNS[broken.rule], (side_en, side_ja), strict=True)
    )
    return (
        f"{name_en}: {pattern_en}, last {plotted_en} {value} (rule {broken.rule})",
        f"{name_ja}：{pattern_ja}、最新の{plotted_ja} {value}（ルール{broken.rule}）",
    )
