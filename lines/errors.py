"""Stable codes of this app: what happened and what to do, in both languages. A code is never reused.

Each app has its own table (MES-L here, MES-Q in quality, MES-T in traceability); `mes.errors` joins them.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Code:
    """One entry of the table. `status` is the HTTP status where the code refuses a request, 0 where it only marks."""

    code: str
    status: int
    what_en: str
    what_ja: str
    cure_en: str
    cure_ja: str


class Refusal(Exception):
    """Input refused with a stable code. `detail` says which part, in English, for a log or a programmer."""

    def __init__(self, code: Code, detail: str = "", **extra: Any) -> None:
        super().__init__(f"{code.code}: {detail or code.what_en}")
        self.code = code
        self.detail = detail
        self.extra = extra


def as_json(code: Code, detail: str = "") -> dict[str, Any]:
    """The one shape in which a code is told over the API."""
    return {
        "code": code.code,
        "what": {"en": code.what_en, "ja": code.what_ja},
        "cure": {"en": code.cure_en, "ja": code.cure_ja},
        "detail": detail,
    }


# Codes of this app. Keep them in order; a new one takes the next number.
NOT_SIGNED_IN = Code(
    "MES-L-0001",
    401,
    "The request carries no valid token and no session.",
    "有効なトークンまたはログインがありません。",
    "Send `Authorization: Token ...` with a token that is not expired or revoked, or sign in.",
    "期限内のトークンを `Authorization: Token ...` で送るか、ログインしてください。",
)
NOT_ALLOWED = Code(
    "MES-L-0002",
    403,
    "This token or person may not do that.",
    "このトークンまたは利用者には権限がありません。",
    "Use the token of the station you speak for, or ask an administrator for the role.",
    "対象設備のトークンを使うか、管理者に権限を依頼してください。",
)
NOT_FOUND = Code(
    "MES-L-0003",
    404,
    "There is nothing at this address.",
    "この宛先には何もありません。",
    "Check the code or serial in the address.",
    "宛先のコードまたはシリアルを確認してください。",
)
NOT_JSON = Code(
    "MES-L-0004",
    400,
    "The body is not JSON.",
    "本文が JSON ではありません。",
    "Send UTF-8 JSON with `Content-Type: application/json`; numbers as numbers, no NaN.",
    "UTF-8 の JSON を `Content-Type: application/json` で送ってください。数値は数値で、NaN は不可です。",
)
WRONG_METHOD = Code(
    "MES-L-0005",
    405,
    "This address does not take that method.",
    "この宛先ではそのメソッドを使えません。",
    "Look the address up in the API documentation.",
    "API 文書で宛先を確認してください。",
)
WRONG_MEDIA_TYPE = Code(
    "MES-L-0006",
    415,
    "The body's media type is not taken here.",
    "本文の形式に対応していません。",
    "Send `Content-Type: application/json`.",
    "`Content-Type: application/json` で送ってください。",
)
WRONG_PARAMETER = Code(
    "MES-L-0007",
    400,
    "A parameter of the address has a value that is not taken.",
    "パラメータの値が正しくありません。",
    "See `detail` for the parameter and the values it takes.",
    "`detail` にあるパラメータと値を確認してください。",
)

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

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
