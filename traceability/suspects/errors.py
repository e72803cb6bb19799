"""Stable codes of holding what a gauge misjudged; see lines.errors for the shape and the rules."""

from lines.errors import Code

NOTHING_JUDGED = Code(
    "MES-T-0840",
    422,
    "The gauge judged no unit while it was out of order; there is nothing to hold.",
    "異常のあった期間にこの測定器で判定したユニットはありません。保留の対象はありません。",
    "Nothing has to be done; look at what the gauge measures if this surprises you.",
    "対応は不要です。想定と異なる場合は測定器に関連付けた特性を確認してください。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
