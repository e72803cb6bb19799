"""Stable codes of gauges, their calibrations and studies; see lines.errors for the shape and the rules."""

from lines.errors import Code

GAUGE_UNKNOWN = Code(
    "MES-Q-0500",
    404,
    "There is no gauge of this code.",
    "そのコードの測定器はありません。",
    "Choose one of the list of gauges.",
    "測定器の一覧から選んでください。",
)
GAUGE_NOT_YOURS = Code(
    "MES-Q-0501",
    403,
    "Only quality engineers and administrators record calibrations and gauge studies.",
    "校正や測定システム解析を記録できるのは品質担当者と管理者だけです。",
    "Ask one of them, or sign in as one.",
    "担当者に依頼するか、その権限でサインインしてください。",
)
CALIBRATION_FIELD = Code(
    "MES-Q-0502",
    422,
    "A field of the calibration is missing or cannot be read.",
    "校正の入力項目が不足しているか、読み取れません。",
    "Correct the field that `detail` names; numbers take a decimal point.",
    "`detail` に示す項目を訂正してください。小数点にはピリオドを使います。",
)
CALIBRATION_TIME = Code(
    "MES-Q-0503",
    422,
    "A calibration lies in the past, and the next one is due after it.",
    "校正日時は現在以前、次回期限は校正日時より後でなければなりません。",
    "Correct the time that `detail` names.",
    "`detail` に示す日時を訂正してください。",
)
CALIBRATION_CONTRADICTS = Code(
    "MES-Q-0504",
    422,
    "The verdict contradicts what was measured, or what may be done in a check.",
    "判定が測定結果と矛盾しているか、点検では認められない内容です。",
    "An error beyond the allowed one is a failure; in a check nothing is adjusted. See `detail`.",
    "許容差を超えた誤差は不合格です。点検では調整を行いません。`detail` を確認してください。",
)
CALIBRATION_TWICE = Code(
    "MES-Q-0505",
    409,
    "A calibration of this gauge at this moment is recorded already.",
    "この測定器のこの日時の校正は登録済みです。",
    "Look at its calibrations; record another one with its own time.",
    "校正履歴を確認し、別の校正であればその日時で登録してください。",
)
CALIBRATION_UNKNOWN = Code(
    "MES-Q-0506",
    404,
    "There is no such calibration at which the gauge was found out of order.",
    "測定器の異常が見つかったその校正はありません。",
    "Open it from the page of the gauge.",
    "測定器のページから開いてください。",
)
STUDY_ROWS = Code(
    "MES-Q-0510",
    422,
    "The study has rows that cannot be used; nothing was stored.",
    "測定システム解析に使えない行があります。何も保存していません。",
    "Correct the rows that are named and send the whole study again.",
    "示された行を訂正し、解析全体をもう一度送ってください。",
)
STUDY_WITHOUT_RESULT = Code(
    "MES-Q-0511",
    422,
    "These readings make no gauge R&R study; nothing was stored.",
    "この測定値では測定システム解析を行えません。何も保存していません。",
    "Each operator measures each part equally often, at least twice; `detail` says what is missing.",
    "全ての測定者が全ての部品を同じ回数（2回以上）測定してください。`detail` に不足を示します。",
)
STUDY_CHARACTERISTIC = Code(
    "MES-Q-0512",
    422,
    "The gauge does not measure this characteristic, or the plant has none of this code.",
    "この測定器はその特性を測定しないか、その特性が登録されていません。",
    "Link the characteristic to the gauge first.",
    "先に特性を測定器に関連付けてください。",
)
STUDY_FIELD = Code(
    "MES-Q-0513",
    422,
    "A field of the study is missing or cannot be read.",
    "測定システム解析の入力項目が不足しているか、読み取れません。",
    "Correct the field that `detail` names.",
    "`detail` に示す項目を訂正してください。",
)
STUDY_TWICE = Code(
    "MES-Q-0514",
    409,
    "A study of this gauge and characteristic at this moment is recorded already.",
    "この測定器と特性のこの日時の解析は登録済みです。",
    "Look at its studies; record another one with its own time.",
    "解析履歴を確認し、別の解析であればその日時で登録してください。",
)
LINK_UNKNOWN = Code(
    "MES-Q-0515",
    422,
    "The plant has no characteristic of this code.",
    "そのコードの特性はありません。",
    "Use codes of the plant's characteristics.",
    "工場データの特性コードを使ってください。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
