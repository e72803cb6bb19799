"""Stable codes of control plans and their spreadsheets; see lines.errors for the shape and the rules."""

from lines.errors import Code

PLAN_NOT_YOURS = Code(
    "MES-Q-0200",
    403,
    "This person may read control plans and limits but not change them.",
    "この利用者は管理計画と管理限界を閲覧できますが、変更はできません。",
    "Ask a quality engineer or an administrator.",
    "品質担当者または管理者に依頼してください。",
)
PLAN_UNKNOWN = Code(
    "MES-Q-0201",
    404,
    "There is no such control plan.",
    "その管理計画はありません。",
    "Look it up in the list of plans.",
    "管理計画の一覧で確認してください。",
)
PLAN_FIELD_MISSING = Code(
    "MES-Q-0202",
    422,
    "A field that this plan needs is empty.",
    "この管理計画に必要な項目が空です。",
    "Fill it in.",
    "入力してください。",
)
PLAN_NUMBER = Code(
    "MES-Q-0203",
    422,
    "This is no number of the range that is taken here.",
    "入力できる範囲の数値ではありません。",
    "Write digits, with a point before decimals; the range stands in `detail`.",
    "半角数字（小数点はピリオド）で、`detail` の範囲で入力してください。",
)
PLAN_CHOICE = Code(
    "MES-Q-0204",
    422,
    "This is none of the values that are taken here.",
    "選択できる値ではありません。",
    "Use one of those that `detail` lists.",
    "`detail` にある値から選んでください。",
)
PLAN_TEXT = Code(
    "MES-Q-0205",
    422,
    "The text is too long or has characters that cannot be shown.",
    "文字列が長すぎるか、表示できない文字を含んでいます。",
    "Shorten it to what `detail` says; codes take letters, digits and hyphens.",
    "`detail` の長さ以内にしてください。コードは英数字とハイフンです。",
)
PLAN_NAME_UNKNOWN = Code(
    "MES-Q-0206",
    422,
    "The plant has nothing of this code.",
    "このコードは工場データにありません。",
    "Use a code of the plant's data; the plant's files or the administration add new ones.",
    "工場データのコードを使ってください。新しいコードは工場ファイルまたは管理画面で追加します。",
)
PLAN_SIZE = Code(
    "MES-Q-0207",
    422,
    "The subgroup size does not fit this chart.",
    "群の大きさがこの管理図に合いません。",
    "Use the size that `detail` gives.",
    "`detail` にある大きさにしてください。",
)
PLAN_SIGMA_METHOD = Code(
    "MES-Q-0208",
    422,
    "Sigma cannot be estimated that way on this chart.",
    "この管理図ではその方法で標準偏差を推定できません。",
    "Use one of the methods that `detail` lists, or leave it empty for the usual one.",
    "`detail` の方法から選ぶか、空にして既定の方法を使ってください。",
)
PLAN_RULES = Code(
    "MES-Q-0209",
    422,
    "These run rules do not fit this chart.",
    "この管理図に使えない連の判定ルールです。",
    "Use some of those that `detail` lists; 1 and 2 are the usual ones.",
    "`detail` のルールから選んでください。通常は1と2です。",
)
PLAN_OPTIONS = Code(
    "MES-Q-0210",
    422,
    "These options do not fit this chart.",
    "この管理図に合わないオプションです。",
    "Write them as `detail` shows.",
    "`detail` の形で書いてください。",
)
PLAN_CODE_TAKEN = Code(
    "MES-Q-0211",
    409,
    "Another plan has this code.",
    "このコードは別の管理計画で使われています。",
    "Choose another code; a plan's code is never used again.",
    "別のコードにしてください。コードの再利用はできません。",
)
PLAN_FIXED = Code(
    "MES-Q-0212",
    409,
    "This would change what the chart has shown so far.",
    "これまでの打点の意味が変わる変更です。",
    "Make a new plan with a new code, and set the old one to inactive.",
    "新しいコードで管理計画を作り、古いものを無効にしてください。",
)
PLAN_REASON = Code(
    "MES-Q-0213",
    422,
    "A change needs a reason.",
    "変更には理由が必要です。",
    "Write in a few words why; 200 characters at most.",
    "理由を200文字以内で書いてください。",
)
PLAN_CHANGED = Code(
    "MES-Q-0214",
    409,
    "Somebody changed this plan while you were editing it.",
    "編集中に別の人がこの管理計画を変更しました。",
    "Look at the history, then open the plan again and repeat your change.",
    "履歴を確認し、もう一度開いて変更してください。",
)
PLAN_TWICE = Code(
    "MES-Q-0215",
    409,
    "Another active plan already watches the same values with the same chart.",
    "同じ値を同じ管理図で監視する有効な管理計画がすでにあります。",
    "Change that plan, or set it to inactive first; `detail` names it.",
    "`detail` の管理計画を変更するか、先に無効にしてください。",
)

PLAN_FILE = Code(
    "MES-Q-0220",
    422,
    "The file cannot be read as a table of control plans.",
    "管理計画の表として読み取れないファイルです。",
    "Upload CSV (UTF-8) or XLSX with the columns of the export; `detail` says what is wrong.",
    "エクスポートと同じ列の CSV（UTF-8）または XLSX を使ってください。問題は `detail` にあります。",
)
PLAN_ROWS = Code(
    "MES-Q-0221",
    422,
    "Rows of the table are wrong; nothing was stored.",
    "表に誤りのある行があるため、何も保存していません。",
    "Correct the rows listed below and upload the table again.",
    "下の行を修正し、もう一度アップロードしてください。",
)
PLAN_ROW_TWICE = Code(
    "MES-Q-0222",
    422,
    "The table names this plan twice.",
    "表に同じ管理計画が2回あります。",
    "Keep one of the rows.",
    "どちらか1行だけにしてください。",
)
PLAN_FILE_EMPTY = Code(
    "MES-Q-0223",
    422,
    "No file was chosen, or it has no rows.",
    "ファイルが選択されていないか、行がありません。",
    "Choose a CSV or XLSX file with at least one plan.",
    "管理計画が1行以上ある CSV または XLSX を選んでください。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
