"""Codes about refused posts, which are kept in quarantine until somebody settles them."""

from lines.errors import Code

REFUSED_UNKNOWN = Code(
    "MES-L-0601",
    404,
    "There is no such refused post.",
    "その拒否された送信はありません。",
    "Open it from the list of refused posts.",
    "拒否された送信の一覧から開いてください。",
)
REFUSED_NOT_YOURS = Code(
    "MES-L-0602",
    403,
    "This person may not settle refused posts.",
    "この利用者には拒否された送信を処理する権限がありません。",
    "Ask a line supervisor, a quality engineer or an administrator.",
    "ライン監督者、品質担当者、または管理者に依頼してください。",
)
REFUSED_SETTLED = Code(
    "MES-L-0603",
    409,
    "This post was replayed or dismissed already.",
    "この送信はすでに再実行または却下されています。",
    "See who did it and why; nothing else is needed.",
    "処理した人と理由を確認してください。ほかの操作は不要です。",
)
NOT_REPLAYABLE = Code(
    "MES-L-0604",
    422,
    "Only a result that a station posted for itself can be replayed.",
    "再実行できるのは、設備が自身について送信した結果だけです。",
    "Have the sender ask or post again, and dismiss this one with a note.",
    "送信元にもう一度問い合わせまたは送信させ、この件はメモを付けて却下してください。",
)
DISMISS_NOTE = Code(
    "MES-L-0605",
    422,
    "A refused post is dismissed with a note, and the note is missing, too long or has control characters in it.",
    "却下にはメモが必要ですが、空か、長すぎるか、制御文字を含んでいます。",
    "Write why nothing is lost, in at most 500 printable characters.",
    "何も失われない理由を、表示可能な文字500文字以内で記入してください。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
