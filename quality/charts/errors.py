"""Stable codes of the chart pages."""

from lines.errors import Code

CHANGE_UNTOLD = Code(
    "MES-Q-0340",
    422,
    "A change at a station needs one of the four kinds and a text of at most 200 characters.",
    "変化点には4Mの区分と200文字以内の内容が必要です。",
    "Choose man, machine, material or method, and say in a line what changed.",
    "人・設備・材料・方法のいずれかを選び、何が変わったかを1行で記入してください。",
)
CHANGE_TIME = Code(
    "MES-Q-0341",
    422,
    "The time of a change is not understood, or lies in the future.",
    "変化点の時刻が読み取れないか、未来の時刻です。",
    "Write date and time as 2026-03-01T09:00, not later than now; leave it empty for now.",
    "日時は 2026-03-01T09:00 の形で、現在以前を入力してください。空欄なら現在になります。",
)
SINGLE_VALUES_GONE = Code(
    "MES-Q-0342",
    0,
    "A point of this chart sums up many readings of a signal; the single values are not kept with it.",
    "この管理図の点は信号の多数の値をまとめたもので、個々の値は保持していません。",
    "Chart the summary as an individual value, or read the capability of the characteristic from results.",
    "まとめた値を個々の値として管理図にするか、実績の特性から工程能力を確認してください。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
