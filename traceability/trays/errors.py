"""Stable codes of trays; see lines.errors for the shape and the rules."""

from lines.errors import Code

TRAY_DIFFERS = Code(
    "MES-T-0501",
    0,
    "The result names another tray, slot or channel than the one the unit was loaded into.",
    "結果に示されたトレイ、スロットまたはチャンネルが、ユニットの積載記録と異なります。",
    "Find out where the unit really sat: its values may belong to its neighbour.",
    "実際の位置を確認してください。測定値が隣のユニットのものである可能性があります。",
)
SLOT_TAKEN = Code(
    "MES-T-0502",
    409,
    "Another unit is in this slot.",
    "このスロットには別のユニットがあります。",
    "Unload it first, or swap the two; `detail` names it.",
    "先に取り出すか、入れ替えてください。ユニットは `detail` にあります。",
)
UNIT_ELSEWHERE = Code(
    "MES-T-0503",
    409,
    "The unit is in another slot or tray.",
    "このユニットは別のスロットまたはトレイにあります。",
    "Move it, or check the serial: one of the two reports is wrong. `detail` names the place.",
    "移動として登録するか、シリアルを確認してください。どちらかの報告が誤りです。場所は `detail` にあります。",
)
CHANNEL_TAKEN = Code(
    "MES-T-0504",
    409,
    "Another unit is on this channel.",
    "このチャンネルには別のユニットが接続されています。",
    "Undock or unload the tray that `detail` names first.",
    "先に `detail` のトレイを切り離すか、取り出してください。",
)
SLOT_BEYOND = Code(
    "MES-T-0505",
    422,
    "The tray of this product has no such slot.",
    "この製品のトレイにそのスロットはありません。",
    "Check the slot number and the product; `detail` says how many slots there are.",
    "スロット番号と製品を確認してください。スロット数は `detail` にあります。",
)
UNIT_GONE = Code(
    "MES-T-0506",
    409,
    "The unit is built into another one or was returned.",
    "このユニットは別のユニットに組み込まれたか、返却されています。",
    "Check the serial: this unit cannot lie in a tray.",
    "シリアルを確認してください。このユニットがトレイにあるはずはありません。",
)
SLOTS_DIFFER = Code(
    "MES-T-0507",
    409,
    "The two slots hold other units than the ones to be swapped.",
    "二つのスロットには、入れ替える対象と異なるユニットがあります。",
    "Read the tray (GET /api/v1/trays/{tray}) and send what is there now.",
    "トレイの現状（GET /api/v1/trays/{tray}）を確認し、現在の内容を送ってください。",
)
NOTHING_NAMED = Code(
    "MES-T-0508",
    422,
    "The request names no unit to be taken out.",
    "取り出すユニットが指定されていません。",
    "Send `serials` or `slots`, or `all: true` for the whole tray.",
    "`serials` か `slots`、トレイ全体なら `all: true` を送ってください。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
