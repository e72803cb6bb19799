"""Stable codes of what keeps a signal from being answered, told in the log; see lines.errors for the shape."""

from lines.errors import Code

SIGNAL_NOT_CONTAINED = Code(
    "MES-T-0820",
    0,
    "The units behind a signal could not be held; the other signals are answered, and this one is tried again.",
    "シグナルに関係するユニットを保留できませんでした。ほかのシグナルは処理され、このシグナルは再試行されます。",
    "Hold the units that the station made since its last verification by hand, and look at the log's traceback.",
    "最後の検証以降にその設備で製造されたユニットを手動で保留し、ログの詳細を確認してください。",
)
HOLD_NOT_FOLLOWED = Code(
    "MES-T-0821",
    0,
    "The holds of a reaction could not be ended or released; the others are, and these are tried again.",
    "対応に伴う保留を終了または解除できませんでした。ほかの保留は処理され、これらは再試行されます。",
    "Look at the reaction and the traceback that the log names; release its holds by hand if need be.",
    "ログに示された対応と詳細を確認し、必要なら保留を手動で解除してください。",
)

CODES = [value for value in list(globals().values()) if isinstance(value, Code)]
