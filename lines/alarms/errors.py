"""Stable codes of alarms; see lines.errors for the shape and the rules."""

from lines.errors import Code

ALARM_UNKNOWN = Code(
    "MES-L-0101",
    404,
    "There is no such alarm.",
    "そのアラームはありません。",
    "Open the alarm from the alarm list.",
    "アラーム一覧から開いてください。",
)
ALARM_NOTE = Code(
    "MES-L-0102",
    422,
    "An alarm is acknowledged with a note, and the note is missing or too long.",
    "アラームの確認にはメモが必要ですが、空か長すぎます。",
    "Write what you saw and what you do about it, in at most 2000 characters.",
    "見たことと対応を2000文字以内で記入してください。",
)
ALARM_NOT_YOURS = Code(
    "MES-L-0103",
    403,
    "This person may read alarms but not acknowledge them.",
    "この利用者はアラームを閲覧できますが、確認はできません。",
    "Ask the line supervisor or a quality engineer to acknowledge it.",
    "ライン監督者または品質担当者に確認を依頼してください。",
)
ALARM_ACKNOWLEDGED = Code(
    "MES-L-0104",
    409,
    "Somebody has already acknowledged this alarm.",
    "このアラームはすでに確認されています。",
    "Read their note on the alarm; nothing else is needed.",
    "アラームに残されたメモを読んでください。ほかの操作は不要です。",
)

CODES = [value for value in list(globals().values()) if isinstance(value, Code)]
