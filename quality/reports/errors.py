"""What can be wrong with a report that is asked for, or with making it."""

from lines.errors import Code

WRONG_REQUEST = Code(
    "MES-Q-0400",
    422,
    "The report that was asked for can't be understood.",
    "レポートの指定内容を理解できません。",
    "Correct the field that `detail` names.",
    "`detail` に示す項目を訂正してください。",
)
WRONG_SPAN = Code(
    "MES-Q-0401",
    422,
    "The report's span of time can't be used.",
    "レポートの期間が正しくありません。",
    "Let it begin before it ends, and last at most 366 days; times need their offset from UTC.",
    "開始を終了より前にし、366日以内にしてください。時刻には時差を付けてください。",
)
NOTHING_CHARTED = Code(
    "MES-Q-0402",
    422,
    "No control plan fits the selection.",
    "指定に合う管理計画がありません。",
    "Choose other characteristics, products, stations or lines; the list of control plans shows what is watched.",
    "別の特性・製品・設備・ラインを選んでください。管理計画の一覧で対象を確認できます。",
)
UNKNOWN_NAME = Code(
    "MES-Q-0403",
    422,
    "The selection names something that the plant does not have.",
    "指定に、登録されていない名前があります。",
    "Correct the name that `detail` shows.",
    "`detail` に示す名前を訂正してください。",
)
REPORT_UNKNOWN = Code(
    "MES-Q-0404",
    404,
    "There is no such report.",
    "そのレポートはありません。",
    "Look it up in the list of reports.",
    "レポートの一覧で確認してください。",
)
REPORT_NOT_YOURS = Code(
    "MES-Q-0405",
    403,
    "Your role does not ask for, cancel or schedule reports.",
    "この役割ではレポートの依頼・中止・定期設定はできません。",
    "Ask a quality engineer. Reading finished reports is open to all.",
    "品質技術者に依頼してください。完成したレポートは誰でも読めます。",
)
REPORT_FINISHED = Code(
    "MES-Q-0406",
    409,
    "The report is finished; there is nothing to cancel.",
    "レポートはすでに終わっているため、中止できません。",
    "Read it in the list of reports, or ask for a new one.",
    "レポートの一覧から読むか、新しく依頼してください。",
)
REPORT_FAILED = Code(
    "MES-Q-0407",
    0,
    "The report could not be made.",
    "レポートを作成できませんでした。",
    "Ask for it again. If it fails again, give the number of the report to your administrator.",
    "もう一度依頼してください。再び失敗する場合は、レポート番号を管理者に伝えてください。",
)
TOO_MANY_POINTS = Code(
    "MES-Q-0408",
    422,
    "The selection has more points than one report takes.",
    "選択した範囲の打点が、一つのレポートの上限を超えています。",
    "Choose a shorter span or fewer charts; `detail` names the numbers.",
    "期間を短くするか、対象を減らしてください。数は `detail` に示します。",
)
FILE_GONE = Code(
    "MES-Q-0409",
    409,
    "The report's file is not as it was made.",
    "レポートのファイルが作成時の内容と一致しません。",
    "Don't use it. Ask for the report again, and tell your administrator.",
    "使用せず、レポートを依頼し直し、管理者に知らせてください。",
)
WRONG_SCHEDULE = Code(
    "MES-Q-0410",
    422,
    "The schedule can't be used.",
    "定期レポートの設定が正しくありません。",
    "Correct the field that `detail` names.",
    "`detail` に示す項目を訂正してください。",
)
MAIL_NOT_SENT = Code(
    "MES-Q-0411",
    0,
    "A scheduled report could not be sent by e-mail; it is kept and will be tried again.",
    "定期レポートをメールで送信できませんでした。レポートは保存され、再送されます。",
    "Check the mail server's settings and the addresses of the schedule.",
    "メールサーバーの設定と送信先を確認してください。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
