"""More stable codes of what stations post; the first ones are in lines.errors, with the shape and the rules."""

from lines.errors import Code

KEY_DIFFERS = Code(
    "MES-L-0231",
    422,
    "The header Idempotency-Key and the body's result_id are not the same.",
    "ヘッダー Idempotency-Key と本文の result_id が一致しません。",
    "Send one of them, or both with the same value.",
    "どちらか一方だけ、または同じ値を送ってください。",
)
UNKNOWN_COUNT = Code(
    "MES-L-0232",
    422,
    "A count has a code that is neither a reason code nor a characteristic of the plant.",
    "件数のコードが、理由コードとしても特性としても登録されていません。",
    "Send a reason code or characteristic of the plant data, or have the new one added there.",
    "工場データの理由コードまたは特性コードを送るか、新しいコードを登録してください。",
)
BODY_CUT = Code(
    "MES-L-0233",
    400,
    "The connection ended before the whole body had come; nothing of it was kept.",
    "本文をすべて受信する前に接続が切れました。内容は何も保存していません。",
    "Send it again, with the same key.",
    "同じキーでもう一度送ってください。",
)
RANGES_OVERLAP = Code(
    "MES-L-0980",
    422,
    "A result takes or cuts out the same metres of one lane twice.",
    "1件の結果の中で、同じレーンの同じ区間が2回使用または切除されています。",
    "Send each metre once: as a range of the unit, or as a cut-out.",
    "各区間は、使用区間または切除区間のどちらかとして1回だけ送ってください。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
