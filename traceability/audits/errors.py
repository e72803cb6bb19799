"""What can be wrong with an audit: its filter, its sample, its archive, a code that is verified."""

from lines.errors import Code

AUDIT_NOT_YOURS = Code(
    "MES-T-1002",
    403,
    "Your role does not audit.",
    "この役割では監査機能を使えません。",
    "Ask an auditor or a quality engineer; the page of a unit shows its history to all.",
    "監査員または品質技術者に依頼してください。ユニットの画面の履歴は誰でも見られます。",
)
WRONG_FILTER = Code(
    "MES-T-1003",
    422,
    "The filter can't be understood.",
    "絞り込み条件を理解できません。",
    "Correct the field that `detail` names.",
    "`detail` に示す項目を訂正してください。",
)
MATCHES_EVERYTHING = Code(
    "MES-T-1004",
    0,
    "The filter takes every unit of the plant.",
    "絞り込み条件がすべてのユニットに該当します。",
    "Check that this is meant: a field that is empty or misspelt narrows nothing.",
    "意図どおりか確認してください。空欄の項目では絞り込まれません。",
)
UNKNOWN_NAME = Code(
    "MES-T-1005",
    422,
    "The filter names something that this plant does not have.",
    "絞り込み条件に、この工場にない名前があります。",
    "Correct the name that `detail` shows; a misspelt name would find nothing and look like a clean answer.",
    "`detail` に示す名前を訂正してください。誤った名前では「該当なし」と見えてしまいます。",
)
FILTER_TOO_WIDE = Code(
    "MES-T-1006",
    422,
    "The filter takes longer than a page may; nothing was answered.",
    "絞り込みに時間がかかりすぎるため、回答しませんでした。",
    "Add a product, a station or a shorter time.",
    "製品・設備・短い期間のいずれかを追加してください。",
)
TOO_MANY_FILES = Code(
    "MES-T-1007",
    422,
    "The filter takes more units than one archive holds.",
    "該当ユニットが一つの書庫の上限を超えています。",
    "Draw a sample, or narrow the filter; `detail` names the numbers.",
    "抜き取りにするか、条件を絞ってください。数は `detail` に示します。",
)
NOTHING_FOUND = Code(
    "MES-T-1008",
    422,
    "No unit fits the filter; there is nothing to put into an archive.",
    "条件に合うユニットがないため、書庫を作成できません。",
    "Widen the filter.",
    "条件を広げてください。",
)
BUNDLE_UNKNOWN = Code(
    "MES-T-1009",
    404,
    "There is no such archive, or it is not ready.",
    "その書庫はないか、まだ作成されていません。",
    "Look it up in the list of archives.",
    "書庫の一覧で確認してください。",
)
BUNDLE_FINISHED = Code(
    "MES-T-1010",
    409,
    "The archive is finished; there is nothing to cancel.",
    "書庫はすでに終わっているため、中止できません。",
    "Read it in the list of archives.",
    "書庫の一覧から読んでください。",
)
BUNDLE_FAILED = Code(
    "MES-T-1011",
    0,
    "The archive could not be made.",
    "書庫を作成できませんでした。",
    "Ask for it again. If it fails again, give its number to your administrator.",
    "もう一度依頼してください。再び失敗する場合は、番号を管理者に伝えてください。",
)
FILE_GONE = Code(
    "MES-T-1012",
    409,
    "The archive is not as it was made.",
    "書庫が作成時の内容と一致しません。",
    "Don't use it. Ask for it again, and tell your administrator.",
    "使用せず、依頼し直し、管理者に知らせてください。",
)
WRONG_PROOF = Code(
    "MES-T-1013",
    422,
    "There is nothing to verify in this request.",
    "検証する内容がありません。",
    "Give the verify code (XXXX-XXXX-XXXX-XXXX), a SHA-256, or the file itself.",
    "検証コード (XXXX-XXXX-XXXX-XXXX)、SHA-256、またはファイルを指定してください。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
