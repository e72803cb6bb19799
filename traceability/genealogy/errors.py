"""Stable codes of genealogy; see lines.errors for the shape and the rules."""

from lines.errors import Code

NO_ROLL = Code(
    "MES-T-0940",
    422,
    "This unit is no roll, so it has no metres.",
    "このユニットはロールではないため、メートル位置がありません。",
    "Ask for the roll itself, or for the whole unit.",
    "ロール自体を指定するか、ユニット全体で照会してください。",
)
NOWHERE_SEEN = Code(
    "MES-T-0941",
    404,
    "The plant has no such station.",
    "その設備はこの工場にありません。",
    "Check the station code; GET /api/v1/stations/{station} knows it.",
    "設備コードを確認してください。GET /api/v1/stations/{station} で調べられます。",
)
NOWHERE_PLACED = Code(
    "MES-T-0942",
    404,
    "Nothing was ever in a tray, or on a channel, of this name.",
    "この名前のトレイまたはチャンネルには、一度もユニットが入っていません。",
    "Check the name, scan it again; a cell's page names its trays and channels.",
    "名前を確認し、もう一度読み取ってください。セルのページにトレイとチャンネルが表示されます。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
