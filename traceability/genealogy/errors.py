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

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
