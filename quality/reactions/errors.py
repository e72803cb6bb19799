"""Stable codes of reactions; see lines.errors for the shape and the rules."""

from lines.errors import Code

REACTION_UNKNOWN = Code(
    "MES-Q-0300",
    404,
    "There is no such reaction.",
    "その対応はありません。",
    "Open it from the list of reactions.",
    "対応一覧から開いてください。",
)
REACTION_NOT_YOURS = Code(
    "MES-Q-0301",
    403,
    "This person may read reactions but not work or close this one.",
    "この利用者は対応を閲覧できますが、実施または完了はできません。",
    "Ask the line supervisor to answer the steps, and a quality engineer to close it.",
    "手順の回答はライン監督者に、完了は品質担当者に依頼してください。",
)
REACTION_CLOSED = Code(
    "MES-Q-0302",
    409,
    "This reaction is closed.",
    "この対応は完了しています。",
    "Read what was done; a new signal opens a new reaction.",
    "実施内容を確認してください。新しいシグナルが出れば新しい対応が始まります。",
)
STEP_UNKNOWN = Code(
    "MES-Q-0303",
    404,
    "The reaction has no such step.",
    "この対応にその手順はありません。",
    "Use a step number that the reaction lists.",
    "対応に示された手順番号を使ってください。",
)
STEP_ANSWERED = Code(
    "MES-Q-0304",
    409,
    "Somebody has already answered this step.",
    "この手順にはすでに回答があります。",
    "Read the answer; what is to be added goes into the note when the reaction is closed.",
    "回答を確認してください。追記は完了時のメモに記入してください。",
)
REACTION_TEXT = Code(
    "MES-Q-0305",
    422,
    "A text is missing or too long, or holds characters that cannot be printed.",
    "文字列が空か長すぎる、または印字できない文字が含まれています。",
    "Write what was done or found in 1 to 500 characters.",
    "実施または確認した内容を1〜500文字で記入してください。",
)
REACTION_NOT_WORKED = Code(
    "MES-Q-0306",
    409,
    "The reaction cannot be closed before every step is answered.",
    "すべての手順に回答するまで対応を完了できません。",
    "Answer the steps that `detail` names.",
    "`detail` に示す手順に回答してください。",
)
STATION_NOT_VERIFIED = Code(
    "MES-Q-0307",
    409,
    "The reaction cannot be closed before the station is verified.",
    "設備の検証が済むまで対応を完了できません。",
    "Wait for the plan's points in control, or verify the station and write down what was measured.",
    "管理計画で定めた管理状態の点数を待つか、設備を検証して測定結果を記入してください。",
)
CAUSE_OR_ACTION_UNKNOWN = Code(
    "MES-Q-0308",
    422,
    "A reaction is closed with a cause and an action of the plant's tables, and one of them is not.",
    "対応の完了には工場データの原因コードと処置コードが必要ですが、該当しないものがあります。",
    "Choose an active cause and an active action from the lists.",
    "一覧から有効な原因と処置を選んでください。",
)
ALREADY_VERIFIED = Code(
    "MES-Q-0309",
    409,
    "The station is verified for this reaction already.",
    "この対応についての設備の検証は済んでいます。",
    "Nothing else is needed; close the reaction.",
    "ほかの操作は不要です。対応を完了してください。",
)
REACTION_NOT_WATCHED = Code(
    "MES-Q-0310",
    0,
    "A reaction could not be looked at: neither its points nor its clock. The others are, and this one is tried again.",
    "対応の打点と期限を確認できませんでした。ほかの対応は処理され、この対応は再試行されます。",
    "Look at the reaction and the traceback that the log names; verify its station by a person meanwhile.",
    "ログに示された対応と詳細を確認してください。それまでは担当者が設備を検証してください。",
)

CODES = [value for value in list(globals().values()) if isinstance(value, Code)]
