"""Stable codes of the wide table of units; see lines.errors for the shape and the rules."""

from lines.errors import Code

WRONG_REQUEST = Code(
    "MES-T-0985",
    400,
    "The table that was asked for can't be understood.",
    "ユニット一覧表の指定内容を理解できません。",
    "Correct the parameter that `detail` names; `definition` says what kind of unit has a row.",
    "`detail` に示すパラメーターを訂正してください。行にするユニットの種類は `definition` で指定します。",
)
TOO_MANY_UNITS = Code(
    "MES-T-0986",
    422,
    "The selection has more units than one file takes.",
    "選択したユニットの数が1ファイルの上限を超えています。",
    "Choose a shorter span and ask for several files; `detail` names the numbers.",
    "期間を短くし、複数のファイルに分けてください。数は `detail` に示します。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
