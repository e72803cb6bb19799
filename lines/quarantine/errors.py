"""Codes of the telemetry quarantine. A code is never reused."""

from lines.errors import Code

BATCH_NOT_STORED = Code(
    "MES-L-0921",
    0,
    "A batch of values could not be stored, for a reason of its own; it lies in the telemetry quarantine.",
    "値のバッチを、それ自体の理由で保存できませんでした。テレメトリーの隔離に入れました。",
    "Open the quarantine: the detail names the error. Mend its cause and try again, or discard it with a reason.",
    "隔離を開いて詳細のエラーを確認し、原因を取り除いて再試行するか、理由を付けて破棄してください。",
)
BATCH_GIVEN_UP = Code(
    "MES-L-0922",
    0,
    "No worker came to an end with a batch while others were stored; it lies in the telemetry quarantine.",
    "ほかのバッチは保存されていますが、このバッチだけ処理が完了しません。テレメトリーの隔離に入れました。",
    "Look into the workers' log of that time, then try again from the quarantine.",
    "その時刻のワーカーのログを確認してから、隔離画面で再試行してください。",
)
QUARANTINE_UNKNOWN = Code(
    "MES-L-0923",
    404,
    "There is no such batch in quarantine.",
    "そのバッチは隔離にありません。",
    "Choose one from the list.",
    "一覧から選んでください。",
)
QUARANTINE_SETTLED = Code(
    "MES-L-0924",
    409,
    "This batch is settled already.",
    "このバッチはすでに処理済みです。",
    "Nothing is left to do; the page says who settled it and how.",
    "対応は不要です。処理した人と方法は画面に表示されています。",
)
QUARANTINE_NOT_YOURS = Code(
    "MES-L-0925",
    403,
    "This person may not settle batches in quarantine.",
    "この利用者は隔離されたバッチを処理できません。",
    "Ask a quality engineer or an administrator.",
    "品質担当者または管理者に依頼してください。",
)
QUARANTINE_REASON = Code(
    "MES-L-0926",
    422,
    "A batch is discarded with a reason, and the reason is missing or too long.",
    "バッチの破棄には理由が必要ですが、空か長すぎます。",
    "Write in at most 500 printable characters why its values are not needed.",
    "値が不要である理由を、表示可能な500文字以内で記入してください。",
)
QUARANTINE_AGAIN = Code(
    "MES-L-0927",
    422,
    "The batch could not be stored this time either.",
    "今回もバッチを保存できませんでした。",
    "See `detail` for the error; mend its cause, or discard the batch with a reason.",
    "`detail` のエラーを確認し、原因を取り除くか、理由を付けて破棄してください。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
