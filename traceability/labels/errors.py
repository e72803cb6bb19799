"""What stands against a label."""

from lines.errors import Code

NOT_BY_RULE = Code(
    "MES-T-1000",
    422,
    "This serial does not fit its product's serial rule; a label would spread the fault.",
    "シリアルが製品の規則に合わないため、ラベルを作成しません。",
    "Compare it with the mark on the unit; a record under a wrong serial is set right by a correction.",
    "ユニットの刻印と照合してください。誤ったシリアルの記録は訂正で直せます。",
)
NOT_IN_A_CODE = Code(
    "MES-T-1001",
    422,
    "This text can't stand in a code for scanners.",
    "この文字列はコードにできません。",
    "Use 1 to 200 printable characters.",
    "印字できる1～200文字にしてください。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
