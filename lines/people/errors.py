"""Codes about who may post, and how often."""

from lines.errors import Code

TOKEN_SCOPE = Code(
    "MES-L-0501",
    403,
    "This token does not speak for this operation.",
    "このトークンにはその工程の権限がありません。",
    "Use the token that was made for the operation, or ask an administrator for one with a wider scope.",
    "その工程用のトークンを使うか、範囲の広いトークンを管理者に依頼してください。",
)
CERTIFICATE_NEEDED = Code(
    "MES-L-0502",
    403,
    "This token counts only with its client certificate, and the proxy told of none or of another one.",
    "このトークンには専用のクライアント証明書が必要ですが、証明書がないか別のものです。",
    "Connect with the certificate that the token was made for; see docs/tokens.md for the proxy's header.",
    "トークンに登録した証明書で接続してください。プロキシのヘッダーは docs/tokens.md を参照してください。",
)
THROTTLED = Code(
    "MES-L-0503",
    429,
    "More requests came with this token than it may send at a time.",
    "このトークンからのリクエストが多すぎます。",
    "Send the same request again after the seconds in Retry-After.",
    "Retry-After の秒数だけ待ってから、同じ内容を再送してください。",
)
TOKEN_UNKNOWN = Code(
    "MES-L-0504",
    404,
    "This station has no such token.",
    "この設備にそのトークンはありません。",
    "Choose a token from the station's list.",
    "設備のトークン一覧から選んでください。",
)
TOKEN_EXPIRY = Code(
    "MES-L-0505",
    422,
    "A token expires in the future, within ten years.",
    "トークンの有効期限は現在より後、10年以内です。",
    "Give a time after now, or none for a token that does not expire.",
    "現在より後の日時を指定するか、無期限の場合は空にしてください。",
)
TOKEN_OPERATIONS = Code(
    "MES-L-0506",
    422,
    "The station does not do every operation that the token is to be limited to.",
    "指定した工程の中に、この設備が行わないものがあります。",
    "Choose among the operations of the station.",
    "この設備の工程から選んでください。",
)
TOKEN_CERTIFICATE = Code(
    "MES-L-0507",
    422,
    "A certificate's fingerprint is 64 hexadecimal digits: the SHA-256 of the certificate.",
    "証明書のフィンガープリントは SHA-256 の16進数64桁です。",
    "Take it from `openssl x509 -noout -fingerprint -sha256 -in station.pem`; colons may stay.",
    "`openssl x509 -noout -fingerprint -sha256 -in station.pem` の値を入力してください(コロン可)。",
)
TOKEN_ENDED = Code(
    "MES-L-0508",
    409,
    "This token is revoked or expired; it cannot be replaced or ended again.",
    "このトークンはすでに失効または期限切れです。",
    "Make a new token for the station.",
    "この設備に新しいトークンを発行してください。",
)

TOKEN_EXPIRES = Code(
    "MES-L-0509",
    0,
    "A token of the station expires within 30 days, and there is none in its place.",
    "設備のトークンが30日以内に期限切れになりますが、交換されていません。",
    "Replace it on the page of the station's tokens, or have the station do so.",
    "設備のトークン画面で交換するか、設備側で交換してください。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
