"""Codes about stored values: sealing them, reading them."""

from lines.errors import Code

SEALED_DIFFERS = Code(
    "MES-L-0951",
    0,
    "A file of sealed values is missing, or is not what was sealed.",
    "封印した値のファイルが見つからないか、内容が封印時と異なります。",
    "Put the file back from a backup; `manage.py seal_telemetry --verify` compares all of them with their hashes.",
    "バックアップからファイルを戻してください。`manage.py seal_telemetry --verify` で全ファイルを照合できます。",
)
SEAL_FAILED = Code(
    "MES-L-0952",
    0,
    "Values could not be sealed: what the storage gives back is not what was written. They stay in the database.",
    "保存先から読み戻した内容が一致しないため、値を封印できませんでした。値はデータベースに残っています。",
    "Check the storage that DENCHI_COLD_STORAGE names; the next pass tries again.",
    "DENCHI_COLD_STORAGE の保存先を確認してください。次回の処理で再試行します。",
)
UNKNOWN_SIGNAL = Code(
    "MES-L-0953",
    404,
    "The station has no such signal.",
    "この設備にその信号はありません。",
    "Check the signal's code against the station's page or the plant data.",
    "設備の画面または設備マスタで信号コードを確認してください。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
