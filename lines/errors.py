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
FAILED = Code(
    "MES-L-0008",
    500,
    "The system failed at this request; nothing of it was stored.",
    "システム内部の障害により処理できませんでした。何も保存されていません。",
    "Send it again with the same Idempotency-Key; if it fails again, call whoever runs the system.",
    "同じ Idempotency-Key で再送してください。再び失敗する場合はシステム管理者に連絡してください。",
)

# 0301-0319: signals, the gateway and its handshakes. These mark; they refuse no request.
VALUE_NOT_FINITE = Code(
    "MES-L-0301",
    0,
    "A signal sent something that is not a finite number.",
    "信号の値が有限の数値ではありません。",
    "Check the sensor and the type of the OPC UA variable; the value was not stored.",
    "センサーと OPC UA 変数の型を確認してください。この値は保存されていません。",
)
VALUE_TIME = Code(
    "MES-L-0302",
    0,
    "A signal's source time is more than 15 minutes ahead or 30 days behind.",
    "信号の発生時刻が15分以上先、または30日以上前です。",
    "Set the station's clock; values with such times are not stored.",
    "設備の時計を合わせてください。このような時刻の値は保存されません。",
)
VALUE_UNKNOWN_SIGNAL = Code(
    "MES-L-0303",
    0,
    "A batch holds values of a signal that the plant data do not know.",
    "マスタにない信号の値が届きました。",
    "Load the plant data again and restart the gateway.",
    "設備マスタを読み込み直し、ゲートウェイを再起動してください。",
)
BATCH_UNREADABLE = Code(
    "MES-L-0304",
    0,
    "A batch of values could not be read; it lies in the telemetry quarantine.",
    "値のバッチを読み取れませんでした。テレメトリーの隔離に入れました。",
    "Use gateway and worker of the same version, then try again from the quarantine.",
    "ゲートウェイとワーカーのバージョンをそろえてから、隔離画面で再試行してください。",
)
NODE_MISSING = Code(
    "MES-L-0305",
    0,
    "An OPC UA server lacks variables that the plant data name.",
    "設備マスタにある変数が OPC UA サーバーにありません。",
    "Compare the node ids with the plant data; the other variables are followed meanwhile.",
    "ノード ID とマスタを照合してください。ほかの変数は収集を続けています。",
)
SERVER_NOT_SECURED = Code(
    "MES-L-0306",
    0,
    "An OPC UA server that is not marked as a demo has no security configured.",
    "デモ用でない OPC UA サーバーに暗号化の設定がありません。",
    "Security mode None is only for servers marked is_demo; configure certificates for this one.",
    "セキュリティなしの接続はデモ用サーバーに限ります。証明書を設定してください。",
)
NO_STATION_TOKEN = Code(
    "MES-L-0307",
    0,
    "The gateway has no token for a station, so it cannot post for it.",
    "ゲートウェイに設備のトークンがないため、送信できません。",
    "Issue a token and put it into the file that DENCHI_STATION_TOKENS names.",
    "トークンを発行し、DENCHI_STATION_TOKENS のファイルに追加してください。",
)
HANDSHAKE_UNREADABLE = Code(
    "MES-L-0308",
    0,
    "A station's OPC UA structure cannot be read as a permit or result.",
    "設備の OPC UA 構造を許可要求または実績として読み取れません。",
    "Arrays that belong together must have one length, and every field its declared type.",
    "対になる配列の長さと各項目の型を確認してください。",
)
SPOOL_NOT_WRITABLE = Code(
    "MES-L-0309",
    0,
    "The gateway cannot write its spool; values are kept in memory until it can.",
    "ゲートウェイがスプールに書き込めません。書き込めるまで値はメモリーに保持されます。",
    "Free disk space or correct the folder's rights.",
    "ディスクの空き容量とフォルダーの権限を確認してください。",
)
VALUES_LOST = Code(
    "MES-L-0310",
    0,
    "The gateway's memory is full and its spool cannot be written: values were lost.",
    "スプールに書き込めず、メモリーも上限に達したため、値が失われました。",
    "Free disk space at once; the log says how many values of which time are missing.",
    "直ちに空き容量を確保してください。失われた件数と時刻はログにあります。",
)
PARTITION_MISSING = Code(
    "MES-L-0311",
    0,
    "A day's partition cannot be made because its rows are already in the default partition.",
    "既定パーティションに行があるため、その日のパーティションを作成できません。",
    "Move the rows by hand; run ensure_partitions daily so that it does not happen again.",
    "行を手動で移動してください。ensure_partitions を毎日実行すれば再発しません。",
)

# What a station posts (lines/stations): refused and kept in quarantine.
BODY_TOO_LARGE = Code(
    "MES-L-0201",
    413,
    "The body is larger than 1 MB.",
    "本文が 1 MB を超えています。",
    "Post one tray at a time, at most 512 units, and curves as files.",
    "1回の送信は1トレイ（最大512個）にし、波形データはファイルで送ってください。",
)
UNKNOWN_FIELD = Code(
    "MES-L-0202",
    422,
    "The body has a field that is not known here.",
    "本文に未知の項目があります。",
    "Leave out the field named in `detail`, or correct its spelling.",
    "`detail` の項目を削除するか、名前を修正してください。",
)
MISSING_FIELD = Code(
    "MES-L-0203",
    422,
    "A field that must be there is missing.",
    "必須の項目がありません。",
    "Send the field named in `detail`.",
    "`detail` の項目を送ってください。",
)
WRONG_TYPE = Code(
    "MES-L-0204",
    422,
    "A field has a value of the wrong type, such as a number written as text.",
    "項目の型が正しくありません（数値が文字列になっているなど）。",
    "Send the type that `detail` names.",
    "`detail` に示す型で送ってください。",
)
NOT_FINITE = Code(
    "MES-L-0205",
    422,
    "A number is not finite (NaN or infinity).",
    "数値が有限ではありません（NaN または無限大）。",
    "Leave out what was not measured; send finite numbers only.",
    "測定できなかった値は省き、有限の数値だけを送ってください。",
)
BAD_TEXT = Code(
    "MES-L-0206",
    422,
    "A text is empty, too long, or has control characters in it.",
    "文字列が空、長すぎる、または制御文字を含んでいます。",
    "Send printable characters only, at most as many as `detail` says.",
    "表示可能な文字だけを、`detail` の文字数以内で送ってください。",
)
BAD_TIME = Code(
    "MES-L-0207",
    422,
    "A time is not ISO 8601 with its offset from UTC.",
    "時刻が UTC との時差を含む ISO 8601 形式ではありません。",
    "Send times like 2027-04-01T09:30:00.000+09:00 or ...Z.",
    "2027-04-01T09:30:00.000+09:00 や ...Z の形式で送ってください。",
)
TIME_OUTSIDE = Code(
    "MES-L-0208",
    422,
    "A time lies further ahead of our clock or behind it than the station may be.",
    "時刻が、この設備に許された範囲を超えて当システムの時計より先または前です。",
    "Set the station's clock by the plant's time server, then post again with the right times.",
    "設備の時計を工場の時刻サーバーに合わせ、正しい時刻で再送してください。",
)
OUT_OF_RANGE = Code(
    "MES-L-0209",
    422,
    "A number or time lies outside what it can be.",
    "数値または時刻が取り得る範囲の外です。",
    "Correct the field that `detail` names.",
    "`detail` の項目を修正してください。",
)
REPEATED = Code(
    "MES-L-0210",
    422,
    "One body names the same serial, slot, channel or position twice.",
    "1つの本文の中で、同じシリアル、スロット、チャンネルまたは位置が重複しています。",
    "Send each once; `detail` names the second one.",
    "それぞれ1回だけ送ってください。`detail` は2つ目を示します。",
)
TOO_MANY = Code(
    "MES-L-0211",
    422,
    "A list is empty or has more entries than one post may carry.",
    "一覧が空、または1回の送信の上限を超えています。",
    "Send as many as `detail` says, in several posts where needed.",
    "`detail` の件数以内で、必要なら分けて送ってください。",
)
NOT_OF_THIS_KIND = Code(
    "MES-L-0212",
    422,
    "A station of this kind does not send this field.",
    "この種類の設備はこの項目を送りません。",
    "Leave the field out, or have the station's kind corrected in the plant data.",
    "項目を省くか、工場データの設備種別を修正してください。",
)
UNKNOWN_OPERATION = Code(
    "MES-L-0213",
    422,
    "The plant has no such operation.",
    "この工場にその工程はありません。",
    "Send an operation code of the plant data; GET /api/v1/stations/{station} lists the station's.",
    "工場データの工程コードを送ってください。設備の工程は GET /api/v1/stations/{station} で確認できます。",
)
UNKNOWN_REASON = Code(
    "MES-L-0214",
    422,
    "The plant has no such reason code.",
    "その理由コードは登録されていません。",
    "Send a reason code of the plant data, or have the new one added there.",
    "工場データの理由コードを送るか、新しいコードを登録してください。",
)
WRONG_QUANTITY_UNIT = Code(
    "MES-L-0215",
    422,
    "A consumed quantity has another unit than the material is kept in.",
    "消費量の単位が、その材料の管理単位と異なります。",
    "Convert the quantity to the unit that `detail` names.",
    "`detail` の単位に換算して送ってください。",
)
KEY_MISSING = Code(
    "MES-L-0216",
    400,
    "Header Idempotency-Key and field result_id are missing, or not 1 to 128 printable ASCII characters.",
    "ヘッダー Idempotency-Key も result_id もないか、表示可能な ASCII 1〜128文字ではありません。",
    "Send a key that is new for each result and the same for each repeat of it.",
    "結果ごとに新しく、同じ結果の再送では同じキーを送ってください。",
)
KEY_REUSED = Code(
    "MES-L-0217",
    422,
    "This key was used for another body.",
    "このキーは別の本文ですでに使われています。",
    "Use a new key for a new result; repeat an old one byte for byte.",
    "新しい結果には新しいキーを使い、再送は同一の内容で行ってください。",
)
BUSY = Code(
    "MES-L-0218",
    409,
    "Another post about the same key or unit is still being stored.",
    "同じキーまたは同じユニットの送信を処理中です。",
    "Send the same request again after the seconds in Retry-After.",
    "Retry-After の秒数だけ待ってから、同じ内容を再送してください。",
)
NOTHING_GOOD = Code(
    "MES-L-0219",
    422,
    "Not one unit of the tray could be understood.",
    "トレイ内のユニットを1つも解釈できませんでした。",
    "See `items` for what is wrong with each; correct them and post again.",
    "`items` で各ユニットの誤りを確認し、修正して再送してください。",
)
UNKNOWN_STATION = Code(
    "MES-L-0220",
    404,
    "The plant has no such station.",
    "その設備はこの工場にありません。",
    "Check the station code in the address.",
    "宛先の設備コードを確認してください。",
)

# 0401-: the plant's files (lines/plant), on the command line.
PLANT_FILE = Code(
    "MES-L-0401",
    0,
    "A plant's files are wrong; nothing of them was loaded.",
    "工場データのファイルに誤りがあり、読み込みませんでした。",
    "The line names file, key and cure; correct it and load again.",
    "表示されたファイル・項目・対処に従って修正し、もう一度読み込んでください。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
