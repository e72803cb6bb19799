"""Stable codes of common-cause analyses; see lines.errors for the shape and the rules."""

from lines.errors import Code

WRONG_REQUEST = Code(
    "MES-T-0970",
    422,
    "The analysis that was asked for can't be understood.",
    "共通原因分析の指定内容を理解できません。",
    "Correct the field that `detail` names: either failed serials, or an operation and a span of time.",
    "`detail` に示す項目を訂正してください。不良品のシリアル、または工程と期間を指定します。",
)
WRONG_SPAN = Code(
    "MES-T-0971",
    422,
    "The span of time can't be used.",
    "期間が正しくありません。",
    "Let it begin before it ends, and last at most 92 days; times need their offset from UTC.",
    "開始を終了より前にし、92日以内にしてください。時刻には時差を付けてください。",
)
UNKNOWN_NAME = Code(
    "MES-T-0972",
    422,
    "The analysis names something that the plant does not have.",
    "指定に、登録されていない名前があります。",
    "Correct the serial, operation or product that `detail` shows.",
    "`detail` に示すシリアル・工程・製品を訂正してください。",
)
MIXED_KINDS = Code(
    "MES-T-0973",
    422,
    "The units are of different kinds, which can't be compared with each other.",
    "種類の異なるユニットが含まれているため、比較できません。",
    "Ask for one kind of unit of one product at a time, by its definition or by serials.",
    "1回の分析では、1製品・1種類のユニットだけを指定してください（品目またはシリアルで）。",
)
TOO_FEW_FAILED = Code(
    "MES-T-0974",
    422,
    "Fewer than three failed units fit: nothing can be said of what they have in common.",
    "該当する不良品が3個未満のため、共通点を判断できません。",
    "Choose a longer span or name more units.",
    "期間を長くするか、ユニットを追加してください。",
)
NONE_GOOD = Code(
    "MES-T-0975",
    422,
    "The selection takes in every unit as failed: no comparable good unit is left.",
    "指定した範囲のユニットがすべて不良とされ、比較できる良品がありません。",
    "Choose a longer span, or fewer units as failed; `detail` names the operation and the span.",
    "期間を長くするか、不良品の指定を絞ってください。工程と期間は `detail` に示します。",
)
TOO_MANY_FAILED = Code(
    "MES-T-0976",
    422,
    "More units failed than one analysis takes.",
    "不良品の数が1回の分析の上限を超えています。",
    "Choose a shorter span or one reason code; `detail` names the numbers.",
    "期間を短くするか、理由コードを1つ指定してください。数は `detail` に示します。",
)
ANALYSIS_UNKNOWN = Code(
    "MES-T-0977",
    404,
    "There is no such analysis.",
    "その分析はありません。",
    "Look it up in the list of analyses.",
    "分析の一覧で確認してください。",
)
ANALYSIS_NOT_YOURS = Code(
    "MES-T-0978",
    403,
    "Your role does not ask for analyses, nor cancel those of others.",
    "この役割では分析の依頼や、他の人の分析の中止はできません。",
    "Ask a supervisor or a quality engineer. Reading finished analyses is open to all.",
    "監督者または品質技術者に依頼してください。完了した分析は誰でも読めます。",
)
ANALYSIS_FINISHED = Code(
    "MES-T-0979",
    409,
    "The analysis is finished; there is nothing to cancel.",
    "分析はすでに終わっているため、中止できません。",
    "Read it in the list of analyses, or ask for a new one.",
    "分析の一覧から読むか、新しく依頼してください。",
)
ANALYSIS_FAILED = Code(
    "MES-T-0980",
    0,
    "The analysis could not be made.",
    "分析を実行できませんでした。",
    "Ask for it again. If it fails again, give its number to your administrator.",
    "もう一度依頼してください。再び失敗する場合は、分析番号を管理者に伝えてください。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
