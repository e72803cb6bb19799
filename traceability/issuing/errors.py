"""Stable codes of serial blocks; see lines.errors for the shape and the rules."""

from lines.errors import Code

NO_SUCH_KIND = Code(
    "MES-T-0551",
    422,
    "The plant data has no kind of unit of this code.",
    "このコードの品目は工場データにありません。",
    "Send `definition` or `design_code` of something the plant makes; bought materials carry no serials.",
    "工場で製造する品目の `definition` または `design_code` を送ってください。購入材料にシリアルはありません。",
)
SERIALS_EXHAUSTED = Code(
    "MES-T-0552",
    409,
    "The day has not so many serials left for this kind of unit.",
    "この品目のその日のシリアルは、要求された数だけ残っていません。",
    "Ask for fewer, or for those of another day; `detail` says how many are left.",
    "数を減らすか、別の日のシリアルを要求してください。残数は `detail` にあります。",
)
NO_SERIAL_CODE = Code(
    "MES-T-0553",
    409,
    "The plant data does not say which characters begin this plant's serials.",
    "シリアルの先頭文字が工場データに登録されていません。",
    "Fill in `serial_code` of site and line in site.toml, and load the plant again.",
    "site.toml の拠点とラインの `serial_code` を記入し、工場データを読み込み直してください。",
)
DAY_TOO_FAR = Code(
    "MES-T-0554",
    422,
    "The day of the serials lies too far from today.",
    "シリアルの日付が今日から離れすぎています。",
    "Serials carry the day on which they are marked; leave `day` out for today.",
    "シリアルには刻印する日が入ります。今日であれば `day` を省略してください。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
