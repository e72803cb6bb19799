"""Stable codes of holds and dispositions; see lines.errors for the shape and the rules."""

from lines.errors import Code

NOTHING_TO_HOLD = Code(
    "MES-T-0301",
    422,
    "What should be held is not known here.",
    "保留の対象が見つかりません。",
    "Check the serial, lot, tray, station or channel; scan it again.",
    "シリアル・ロット・トレイ・設備・チャンネルを確認し、もう一度読み取ってください。",
)
HOLD_SCOPE = Code(
    "MES-T-0302",
    422,
    "There is no such kind of hold.",
    "その種類の保留はありません。",
    "Choose UNIT, LOT, TRAY, ROLL_RANGE, STATION or CHANNEL.",
    "UNIT、LOT、TRAY、ROLL_RANGE、STATION、CHANNEL から選んでください。",
)
HOLD_RANGE = Code(
    "MES-T-0303",
    422,
    "The metres are no range of the roll.",
    "ロールのメートル範囲として正しくありません。",
    "Give numbers from 0 on, the end behind the beginning; leave both empty for the whole roll.",
    "0 以上の数値で、終わりを始まりより大きくしてください。ロール全体なら両方を空にします。",
)
HOLD_WINDOW = Code(
    "MES-T-0304",
    422,
    "The time window has no beginning, or ends before it begins.",
    "期間の開始がないか、終了が開始より前になっています。",
    "Say from when on; leave the end empty to hold what comes until the release.",
    "開始日時を指定してください。解除まで保留する場合は終了を空にします。",
)
HOLD_REASON = Code(
    "MES-T-0305",
    422,
    "A hold and its release need a reason.",
    "保留と解除には理由が必要です。",
    "Write in a few words why; 200 characters at most.",
    "理由を 200 文字以内で書いてください。",
)
HOLD_OPERATION = Code(
    "MES-T-0306",
    422,
    "The plant has no such operation.",
    "その工程は登録されていません。",
    "Choose an operation, or none to hold at once.",
    "工程を選択してください。すぐに保留する場合は空にします。",
)
HOLD_NOT_FOUND = Code(
    "MES-T-0307",
    404,
    "There is no such hold.",
    "その保留はありません。",
    "Look it up in the list of holds.",
    "保留一覧で確認してください。",
)
HOLD_RELEASED = Code(
    "MES-T-0308",
    409,
    "The hold is released already.",
    "この保留はすでに解除されています。",
    "Place a new hold where one is needed.",
    "必要であれば新しく保留してください。",
)
HOLD_OF_NONCONFORMANCE = Code(
    "MES-T-0309",
    409,
    "This hold belongs to a nonconformance and ends with its disposition.",
    "この保留は不適合によるもので、処置の決定によって解除されます。",
    "Have quality decide on the nonconformance.",
    "品質部門が不適合の処置を決定してください。",
)
NOT_UNDER_HOLD = Code(
    "MES-T-0310",
    422,
    "A chosen unit is not under this hold.",
    "選択したユニットはこの保留の対象ではありません。",
    "Choose among the units that the hold's page lists as held.",
    "保留のページで保留中と表示されているユニットから選んでください。",
)
HOLD_NOT_YOURS = Code(
    "MES-T-0311",
    403,
    "Only supervisors and quality engineers place and release holds.",
    "保留の設定と解除は班長と品質担当者だけが行えます。",
    "Ask one of them.",
    "班長または品質担当者に依頼してください。",
)
HOLD_KEY = Code(
    "MES-T-0312",
    422,
    "This form or key has placed another hold before.",
    "このフォームまたはキーは別の保留ですでに使われています。",
    "Open the form anew, or send a new Idempotency-Key of at most 36 characters.",
    "フォームを開き直すか、36 文字以内の新しい Idempotency-Key を送ってください。",
)

NONCONFORMANCE_NOT_FOUND = Code(
    "MES-T-0321",
    404,
    "There is no such nonconformance.",
    "その不適合はありません。",
    "Look it up in the list of nonconformances.",
    "不適合一覧で確認してください。",
)
DISPOSITION_NOT_YOURS = Code(
    "MES-T-0322",
    403,
    "Only quality engineers decide on nonconformances.",
    "不適合の処置は品質担当者だけが決定できます。",
    "Ask a quality engineer.",
    "品質担当者に依頼してください。",
)
ALREADY_DECIDED = Code(
    "MES-T-0323",
    409,
    "This nonconformance is decided and closed.",
    "この不適合はすでに処置が決定されています。",
    "Look at its decision; a new finding opens a new nonconformance.",
    "決定内容を確認してください。新たな問題は新しい不適合になります。",
)
SAME_PERSON = Code(
    "MES-T-0324",
    409,
    "The second decision must be another person's.",
    "二人目の決定は別の人が行う必要があります。",
    "Have another quality engineer confirm it.",
    "別の品質担当者に確認を依頼してください。",
)
DISPOSITION_UNKNOWN = Code(
    "MES-T-0325",
    422,
    "There is no such disposition.",
    "その処置区分はありません。",
    "Choose USE_AS_IS, DOWNGRADE, REWORK, SCRAP or RETURN.",
    "USE_AS_IS、DOWNGRADE、REWORK、SCRAP、RETURN から選んでください。",
)
REWORK_STEP = Code(
    "MES-T-0326",
    422,
    "The unit cannot begin again at this operation.",
    "このユニットはその工程からやり直せません。",
    "Choose an operation of its own route that it has reached.",
    "ユニット自身の工程順のうち、すでに到達した工程を選んでください。",
)
GRADE_MISSING = Code(
    "MES-T-0327",
    422,
    "A downgrade names the new grade.",
    "格下げには新しい等級が必要です。",
    "Give a grade of 1 to 8 characters.",
    "1～8 文字の等級を指定してください。",
)
UNIT_GONE = Code(
    "MES-T-0328",
    409,
    "The unit is built in, scrapped by a decision, or returned: this disposition is no longer possible.",
    "ユニットは組み込み済み、処置による廃棄、または返却済みのため、この処置はできません。",
    "Decide on the unit it was built into, or choose another disposition.",
    "組み込み先のユニットについて決定するか、別の処置を選んでください。",
)
DECISION_REASON = Code(
    "MES-T-0329",
    422,
    "A decision needs a reason.",
    "決定には理由が必要です。",
    "Write in a few words why; 500 characters at most.",
    "理由を 500 文字以内で書いてください。",
)
NOTHING_TO_CONFIRM = Code(
    "MES-T-0330",
    409,
    "The decision that you confirm is not the one that waits.",
    "確認しようとした決定は、確認待ちの決定ではありません。",
    "Read the nonconformance again, then confirm or decide anew.",
    "不適合を開き直してから、確認または新たな決定をしてください。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
