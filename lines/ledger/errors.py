"""Stable codes of the gap ledger; the first ones are in lines.errors, with the shape and the rules."""

from lines.errors import Code

VALUES_MISSING = Code(
    "MES-L-0971",
    0,
    "Values of a station are missing: they were measured and are not here.",
    "設備の値が欠けています。測定されましたが、届いていません。",
    "Open the gap: it says from when to when, why, and which units were in the station. Judge those units.",
    "欠落の画面で期間・原因・設備内にあったユニットを確認し、それらのユニットを判断してください。",
)
NO_TELEMETRY = Code(
    "MES-L-0972",
    0,
    "No values come from stations; whether some are lost shows when they flow again.",
    "設備から値が届いていません。欠落の有無は、再び届いたときに判明します。",
    "Look at the cable, the station's OPC UA server, the gateway and its workers, in this order.",
    "ケーブル、設備の OPC UA サーバー、ゲートウェイ、ワーカーの順に確認してください。",
)
NOTE_UNREADABLE = Code(
    "MES-L-0974",
    0,
    "A gateway's note on its connections could not be read; the values of the batch were stored.",
    "ゲートウェイの接続記録を読み取れませんでした。バッチの値は保存されています。",
    "Use gateway and worker of the same version; the log names the batch and the note.",
    "ゲートウェイとワーカーのバージョンをそろえてください。ログにバッチと内容があります。",
)
GAP_UNKNOWN = Code(
    "MES-L-0973",
    404,
    "There is no such gap.",
    "その欠落はありません。",
    "Open the gap from the ledger.",
    "欠落台帳から開いてください。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
