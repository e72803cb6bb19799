"""Codes of corrections; see lines.errors for the shape and the rules."""

from lines.errors import Code

NOT_YOURS_TO_CORRECT = Code(
    "MES-T-0701",
    403,
    "This person may not correct records.",
    "この利用者は記録を訂正できません。",
    "Ask a quality engineer or an administrator.",
    "品質技術者またはシステム管理者に依頼してください。",
)
CORRECTION_NOT_FOUND = Code(
    "MES-T-0702",
    404,
    "There is no such correction.",
    "その訂正はありません。",
    "Look at the unit's page: each corrected record links to its corrections.",
    "ユニットのページを確認してください。訂正された記録から訂正を開けます。",
)
RECORD_NOT_FOUND = Code(
    "MES-T-0703",
    404,
    "There is no such record.",
    "その記録はありません。",
    "Take the record's number from GET /api/v1/units/{serial}.",
    "記録番号は GET /api/v1/units/{serial} で確認してください。",
)
RECORD_WITHDRAWN = Code(
    "MES-T-0704",
    409,
    "The record was already moved to another serial.",
    "この記録はすでに別のシリアルへ訂正されています。",
    "Correct the record that took its place; `detail` names it.",
    "代わりの記録を訂正してください。`detail` に番号があります。",
)
NOTHING_TO_CORRECT = Code(
    "MES-T-0705",
    422,
    "What should be right is what is recorded already.",
    "訂正後の内容が現在の記録と同じです。",
    "Check the value, serial or lot; perhaps it was corrected before.",
    "値、シリアルまたはロットを確認してください。すでに訂正済みかもしれません。",
)
MEASUREMENT_NOT_FOUND = Code(
    "MES-T-0706",
    422,
    "The record has no such measurement that could be corrected.",
    "記録に訂正できるその測定値がありません。",
    "Name it by its `sequence` in the record; derived values follow from the measured ones by themselves.",
    "記録内の `sequence` で指定してください。計算値は測定値の訂正に応じて自動的に再計算されます。",
)
LINK_NOT_FOUND = Code(
    "MES-T-0707",
    422,
    "The record has no such link, or it was removed before.",
    "記録にその紐付けがないか、すでに取り消されています。",
    "Name it by its number in `made_of` of GET /api/v1/units/{serial}.",
    "GET /api/v1/units/{serial} の `made_of` にある番号で指定してください。",
)
REASON_NEEDED = Code(
    "MES-T-0708",
    422,
    "A correction needs its reason, 1 to 500 characters.",
    "訂正には理由（1～500文字）が必要です。",
    "Write what was wrong and how you know.",
    "何が誤りで、どのように確認したかを記入してください。",
)
LINK_IMPOSSIBLE = Code(
    "MES-T-0709",
    422,
    "A unit cannot be made of itself, or metres do not fit.",
    "ユニット自身を材料にはできません。またはメートル範囲が正しくありません。",
    "Check the serial and the metres.",
    "シリアルとメートル範囲を確認してください。",
)

# Codes of the nonconformances that corrections open.
RECORD_TAKEN_AWAY = Code(
    "MES-T-0720",
    0,
    "A record of this unit turned out to be another unit's.",
    "このユニットの記録が、実際には別のユニットのものでした。",
    "Decide where the unit stands in its route: the operation was not done to it.",
    "工程の進み具合を確認してください。その工程は実際には行われていません。",
)
RECORD_GIVEN = Code(
    "MES-T-0721",
    0,
    "A record entered for another unit turned out to be this one's.",
    "別のユニットの記録が、実際にはこのユニットのものでした。",
    "Use as is lets it pass the operation over, which was done to it.",
    "その工程は実施済みです。「そのまま使用」とすれば次の工程へ進みます。",
)
VALUE_FAILS = Code(
    "MES-T-0722",
    0,
    "With the corrected value the record fails.",
    "訂正後の値では不合格となります。",
    "Have the unit dispositioned; the correction lists what followed from the wrong value.",
    "ユニットの処置を決定してください。誤った値の影響は訂正のページで確認できます。",
)
INPUT_CORRECTED = Code(
    "MES-T-0723",
    0,
    "What the unit was made of, or went into, was corrected to something that needs a decision.",
    "使用した材料・部品、または組み込み先が訂正され、判断が必要です。",
    "Look at the correction's page, then have the unit dispositioned.",
    "訂正のページを確認し、ユニットの処置を決定してください。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
