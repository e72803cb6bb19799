"""Stable codes of the SPC engine: why a figure is undefined, and what is wrong with a row of data. Pure."""

from typing import NamedTuple

from lines.errors import Code

# Why there is no figure.
ZERO_SIGMA = Code(
    "MES-Q-0120",
    0,
    "The values do not vary, so nothing can be divided by their sigma.",
    "値にばらつきがないため、標準偏差で割る指標は計算できません。",
    "Check the resolution of the gauge and that the values are measurements, not a default.",
    "測定器の分解能と、値が既定値ではなく実測値であることを確認してください。",
)
TOO_FEW_VALUES = Code(
    "MES-Q-0121",
    0,
    "There are too few values for this figure.",
    "この値を計算するにはデータが足りません。",
    "Collect as many values as `detail` names.",
    "`detail` に示す数のデータを集めてください。",
)
NO_SPEC_LIMIT = Code(
    "MES-Q-0122",
    0,
    "Capability needs a specification limit, and there is none.",
    "工程能力の計算には規格値が必要ですが、指定されていません。",
    "Give the lower or the upper specification limit.",
    "下限規格または上限規格を指定してください。",
)
SPEC_LIMITS_CROSS = Code(
    "MES-Q-0123",
    0,
    "The lower specification limit is not below the upper one.",
    "下限規格が上限規格より小さくありません。",
    "Correct the specification limits.",
    "規格値を訂正してください。",
)
NO_SIGMA = Code(
    "MES-Q-0124",
    0,
    "The data cannot tell sigma within subgroups.",
    "データから群内の標準偏差を求められません。",
    "Give at least two values in a row, or a subgroup of two.",
    "連続する2つ以上の値、または大きさ2以上の群が必要です。",
)
NOT_POSITIVE = Code(
    "MES-Q-0125",
    0,
    "This distribution is of positive values only.",
    "この分布は正の値だけに当てはまります。",
    "Use another distribution, or the plain indices.",
    "別の分布、または通常の指標を使ってください。",
)
NOT_STABLE = Code(
    "MES-Q-0126",
    0,
    "The process is not in control, so its capability says nothing about the future.",
    "工程が管理状態にないため、工程能力は将来の予測になりません。",
    "Find and remove the causes of the signals, then study the process again.",
    "異常の原因を取り除いてから、もう一度調査してください。",
)
NOT_BALANCED = Code(
    "MES-Q-0127",
    0,
    "The gauge study is not crossed and balanced: each operator measures each part equally often.",
    "測定システム解析のデータが不揃いです。各測定者が各部品を同じ回数測る必要があります。",
    "Have the missing measurements made, or leave the part or operator out; `detail` names the cell.",
    "不足している測定を追加するか、その部品または測定者を除いてください。`detail` に箇所があります。",
)
NO_GAUGE_VARIATION = Code(
    "MES-Q-0128",
    0,
    "The gauge shows no variation at all, so categories cannot be counted.",
    "測定のばらつきがゼロのため、識別できる区分数を計算できません。",
    "Check the resolution of the gauge: repeated measurements are hardly ever equal.",
    "測定器の分解能を確認してください。繰り返しの測定値がすべて等しいことはまれです。",
)
SINGULAR = Code(
    "MES-Q-0129",
    0,
    "The variables depend on one another so that their covariance cannot be inverted.",
    "変数が互いに従属しているため、共分散行列の逆行列を計算できません。",
    "Leave out a variable that follows from the others or does not vary, or give more rows than variables.",
    "他から決まる変数や変化しない変数を除くか、変数の数より多い行を用意してください。",
)

# What is wrong with the data. The row is left out and the rest goes on.
NOT_A_NUMBER = Code(
    "MES-Q-0130",
    422,
    "A cell of a number column holds something that is no number.",
    "数値の列に数値でないものがあります。",
    "Correct the cell that `detail` names; it counts as missing.",
    "`detail` に示すセルを訂正してください。そのセルは欠測として扱われます。",
)
DECIMAL_COMMA = Code(
    "MES-Q-0131",
    422,
    "A number is written with a comma.",
    "数値にコンマが使われています。",
    "Write a point before the decimals and nothing between thousands: 1234.5.",
    "小数点はピリオドで、桁区切りなしで記入してください（例 1234.5）。",
)
OTHER_UNIT = Code(
    "MES-Q-0132",
    422,
    "A number carries another unit than its column.",
    "数値の単位が列の単位と異なります。",
    "Convert it to the column's unit; units are never converted in silence.",
    "列の単位に換算してください。単位の自動換算は行いません。",
)
NOT_FINITE = Code(
    "MES-Q-0133",
    422,
    "A number is infinite or too large to calculate with.",
    "数値が無限大か、計算できないほど大きな値です。",
    "Leave the cell empty where nothing was measured.",
    "測定していない箇所は空欄にしてください。",
)
BAD_COUNT = Code(
    "MES-Q-0134",
    422,
    "A count is negative or larger than its sample, or a sample size or area is not positive.",
    "件数が負かサンプル数より大きい、またはサンプル数・面積が正ではありません。",
    "Correct the row that `detail` names; it counts as missing.",
    "`detail` に示す行を訂正してください。その行は欠測として扱われます。",
)
FILE_UNREADABLE = Code(
    "MES-Q-0135",
    422,
    "The file cannot be read as a table or a case.",
    "ファイルを表またはケースとして読み取れません。",
    "Send UTF-8 CSV with commas, semicolons or tabs, an XLSX workbook, or a JSON case.",
    "カンマ・セミコロン・タブ区切りの UTF-8 の CSV、XLSX、または JSON を使ってください。",
)
NO_COLUMN = Code(
    "MES-Q-0136",
    422,
    "The table has no such column.",
    "表にその列がありません。",
    "Name one of the columns that `detail` lists.",
    "`detail` にある列名を指定してください。",
)
TOO_LARGE = Code(
    "MES-Q-0137",
    413,
    "The table has more rows than are read at once.",
    "表の行数が一度に読み取れる上限を超えています。",
    "Split the table; `detail` names the limit.",
    "表を分割してください。上限は `detail` にあります。",
)

# What was asked for cannot be done.
UNKNOWN_CHART = Code(
    "MES-Q-0140",
    422,
    "There is no chart or analysis of this name.",
    "その名前の管理図または解析はありません。",
    "Use one of the names that `detail` lists.",
    "`detail` にある名前を使ってください。",
)
BAD_PARAMETER = Code(
    "MES-Q-0141",
    422,
    "A parameter has a value that cannot be used.",
    "パラメータの値が正しくありません。",
    "Correct the parameter that `detail` names.",
    "`detail` に示すパラメータを訂正してください。",
)
BARE_LIMITS = Code(
    "MES-Q-0142",
    422,
    "Control limits were given without the mean and sigma behind them.",
    "平均と標準偏差のない管理限界が指定されました。",
    "Give center and sigma of single values instead; limits follow from them for any subgroup size.",
    "代わりに個々の値の中心と標準偏差を指定してください。管理限界は群の大きさに応じて計算されます。",
)
WRONG_SHAPE = Code(
    "MES-Q-0143",
    422,
    "The data do not have the shape that this chart needs.",
    "データの形がこの管理図に合いません。",
    "See `detail`: a flat list for single values or counts, one list for each subgroup.",
    "`detail` を確認してください。個々の値や件数は一次元、群ごとの値は群ごとのリストにします。",
)
TOO_MANY_VALUES = Code(
    "MES-Q-0144",
    0,
    "There are more values than this test was made for.",
    "この検定で扱える数より多くのデータがあります。",
    "Use the other test beside it, or a sample of the values.",
    "併記された別の検定を使うか、データの一部で検定してください。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]


class Undefined(NamedTuple):
    """Why a figure is not there: the code, and what it means in this case."""

    code: Code
    detail: str = ""

    def as_dict(self) -> dict[str, str]:
        """{"code", "reason"} as analyses print it."""
        return {"code": self.code.code, "reason": self.detail or self.code.what_en}
