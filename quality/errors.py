"""Stable codes of this app; see lines.errors for the shape and the rules."""

from lines.errors import Code

# Measurements of a posted result (quality/plans).
UNKNOWN_CHARACTERISTIC = Code(
    "MES-Q-0001",
    422,
    "A measurement names a characteristic that the plant does not have.",
    "登録されていない特性の測定値があります。",
    "Send a characteristic code of the plant data, or have the new one added there.",
    "工場データの特性コードを送るか、新しい特性を登録してください。",
)
WRONG_UNIT = Code(
    "MES-Q-0002",
    422,
    "A measurement has another unit than its characteristic.",
    "測定値の単位が特性の単位と異なります。",
    "Convert the value to the unit that `detail` names; units are never converted in silence.",
    "`detail` の単位に換算して送ってください。単位の自動換算は行いません。",
)

# Evaluation of the control charts (quality/charts): told in the log.
PLAN_NOT_WATCHED = Code(
    "MES-Q-0004",
    0,
    "The limits or options of a control plan make no chart; its values are not plotted until they do.",
    "管理計画の管理限界またはオプションでは管理図を作れません。修正されるまで測定値は打点されません。",
    "Look at the plan that the log names: freeze new limits from a study, or correct the option it speaks of.",
    "ログに示された管理計画を確認し、解析から新しい管理限界を確定するか、該当するオプションを修正してください。",
)
VALUES_NOT_PLOTTED = Code(
    "MES-Q-0003",
    0,
    "Values of a record are too large to be plotted on a control chart; the chart goes on without them.",
    "測定値が大きすぎるため管理図に打点できません。その値を除いて管理図の評価は続きます。",
    "Look at the values of the records that the log names and correct the station that sends them.",
    "ログに示された記録の測定値を確認し、送信した設備を修正してください。",
)
STREAM_SET_ASIDE = Code(
    "MES-Q-0005",
    0,
    "A chart could not be evaluated with the values it was given; it goes on without them, and so do all others.",
    "渡された測定値で管理図を評価できませんでした。その値を除いて、この管理図とほかの管理図の評価は続きます。",
    "Look at the records that the log names and at the error beside them; correct the plan or report the error.",
    "ログに示された記録とエラーを確認し、管理計画を修正するか、エラーを報告してください。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
