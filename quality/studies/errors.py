"""Stable codes of phase I studies and control limits; see lines.errors for the shape and the rules."""

from lines.errors import Code

STUDY_UNKNOWN = Code(
    "MES-Q-0230",
    404,
    "There is no such study.",
    "その解析はありません。",
    "Open it from the plan's page.",
    "管理計画のページから開いてください。",
)
STUDY_SPAN = Code(
    "MES-Q-0231",
    422,
    "The span of a study has no beginning or end, or ends before it begins.",
    "解析期間の開始または終了がないか、終了が開始より前です。",
    "Give both; the span must have ended by now.",
    "両方を指定してください。終了は現在より前にします。",
)
STUDY_NO_DATA = Code(
    "MES-Q-0232",
    422,
    "There are too few values in this span for a study.",
    "この期間の値が少なすぎて解析できません。",
    "Choose a longer span; at least two points are needed, 25 subgroups or 100 values are usual.",
    "期間を広げてください。最低2点、通常は25群または100個の値が必要です。",
)
STUDY_TOO_LARGE = Code(
    "MES-Q-0233",
    422,
    "There are more values in this span than a study takes.",
    "この期間の値が多すぎます。",
    "Choose a shorter span; `detail` says how many values are taken.",
    "期間を短くしてください。上限は `detail` にあります。",
)
STUDY_CLOSED = Code(
    "MES-Q-0234",
    409,
    "This study is closed: its limits are frozen, or it was discarded.",
    "この解析は終了しています（管理限界を固定済み、または破棄済み）。",
    "Make a new study.",
    "新しい解析を作成してください。",
)
STUDY_POINT = Code(
    "MES-Q-0235",
    422,
    "The study has no such point.",
    "解析にその点はありません。",
    "Use a point number of the chart.",
    "図の点番号を指定してください。",
)
STUDY_REASON = Code(
    "MES-Q-0236",
    422,
    "A point is left out, and limits are frozen, with a reason only.",
    "点の除外と管理限界の固定には理由が必要です。",
    "Name the assignable cause, or why the limits change; 200 characters at most.",
    "異常の原因、または限界を変える理由を200文字以内で書いてください。",
)
STUDY_UNDEFINED = Code(
    "MES-Q-0237",
    422,
    "The remaining points do not tell mean and sigma, so there is nothing to freeze.",
    "残った点から平均と標準偏差を求められないため、固定できません。",
    "Take points in again or choose a longer span; `detail` says what is missing.",
    "除外を戻すか期間を広げてください。不足は `detail` にあります。",
)
LIMITS_VALID_FROM = Code(
    "MES-Q-0238",
    422,
    "Limits cannot be valid from a moment that is past: points judged since then keep their version.",
    "過去の日時から有効にはできません。判定済みの点は当時の版のままです。",
    "Leave it empty for now, or give a moment to come.",
    "すぐに有効にする場合は空に、または今後の日時を指定してください。",
)
LIMITS_ENTERED = Code(
    "MES-Q-0239",
    422,
    "Entered limits need a mean, a sigma above 0 and how many values they rest on.",
    "限界の入力には、平均・0より大きい標準偏差・根拠となる値の数が必要です。",
    "Enter mean and sigma of the process, never bare limits.",
    "管理限界そのものではなく、工程の平均と標準偏差を入力してください。",
)
LIMITS_NOT_STABLE = Code(
    "MES-Q-0240",
    422,
    "Points still break rules: the process was not in control in this span.",
    "まだルールに違反する点があります。この期間の工程は管理状態ではありません。",
    "Leave out the points with a known cause, or confirm that the limits are to be frozen all the same.",
    "原因の分かる点を除外するか、このまま固定することを確認してください。",
)
STUDY_STREAM = Code(
    "MES-Q-0241",
    422,
    "The plan has no such stream.",
    "この管理計画にその系列はありません。",
    "Choose a channel, lane or position that has values, or all together.",
    "値のあるチャンネル・条・位置を選ぶか、全体を選んでください。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
