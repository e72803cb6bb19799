"""Stable codes of a station's mode; see lines.errors for the shape and the rules."""

from lines.errors import Code

MODE_NOT_YOURS = Code(
    "MES-L-0701",
    403,
    "This person may not change a station's mode.",
    "この利用者は設備のモードを変更できません。",
    "Ask a line supervisor or an administrator.",
    "ライン監督者または管理者に依頼してください。",
)
MODE_REASON = Code(
    "MES-L-0702",
    422,
    "A change of mode needs a reason, and the reason is missing or too long.",
    "モードの変更には理由が必要ですが、空か長すぎます。",
    "Write why, in at most 500 characters.",
    "理由を500文字以内で記入してください。",
)
MODE_UNKNOWN = Code(
    "MES-L-0703",
    422,
    "There is no such mode.",
    "そのモードはありません。",
    "Choose production, maintenance or manual.",
    "生産・保全・手動のいずれかを選んでください。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
