"""Codes of the gateways' stores. A code is never reused."""

from lines.errors import Code

SPOOL_FILLING = Code(
    "MES-L-0941",
    0,
    "More than half of a gateway's spool is taken: what it collects is not being stored.",
    "ゲートウェイのスプールが半分を超えました。収集した値が保存されていません。",
    "Look whether workers, broker and database run. A full spool lets the servers' queues overflow.",
    "ワーカー・ブローカー・データベースの動作を確認してください。満杯になるとサーバー側のキューがあふれます。",
)
SPOOL_FULL = Code(
    "MES-L-0942",
    0,
    "A gateway's spool is full or cannot be written: it takes no more values from its servers.",
    "ゲートウェイのスプールが満杯か書き込めないため、サーバーからの収集を止めています。",
    "Get the workers, broker or database to run, or free disk space; values wait in the servers' queues meanwhile.",
    "ワーカー・ブローカー・データベースを復旧するか、ディスクの空きを確保してください。その間、値はサーバーのキューにあります。",
)
SPOOL_NOT_READABLE = Code(
    "MES-L-0943",
    0,
    "A batch in a gateway's spool cannot be read back; it stays there and is tried again each minute.",
    "スプールのバッチを読み出せません。残したまま、1分ごとに再試行します。",
    "Check the disk and the files' rights; the log names the batch.",
    "ディスクとファイルの権限を確認してください。ログにバッチ番号があります。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
