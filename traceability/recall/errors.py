"""Stable codes of recalls; see lines.errors for the shape and the rules."""

from lines.errors import Code

SUSPECT_KIND = Code(
    "MES-T-0950",
    422,
    "There is no such kind of suspect.",
    "その種類のリコール対象はありません。",
    "Choose LOT, ROLL_RANGE, UNITS, TRAY, STATION, CHANNEL, GAUGE, RECIPE or SIGNAL.",
    "LOT、ROLL_RANGE、UNITS、TRAY、STATION、CHANNEL、GAUGE、RECIPE、SIGNAL から選んでください。",
)
SUSPECT_UNKNOWN = Code(
    "MES-T-0951",
    422,
    "The suspect is not known here.",
    "リコール対象が見つかりません。",
    "Check the lot, serial, station, channel, gauge, recipe or signal; scan it again.",
    "ロット・シリアル・設備・チャンネル・測定器・レシピ・シグナルを確認し、もう一度読み取ってください。",
)
SUSPECT_WINDOW = Code(
    "MES-T-0952",
    422,
    "The time window has no beginning, or ends before it begins.",
    "期間の開始がないか、終了が開始より前になっています。",
    "Say from when on; a gauge that was found out of order brings its own window.",
    "開始日時を指定してください。異常が見つかった測定器では期間が自動的に決まります。",
)
TOO_MANY_SERIALS = Code(
    "MES-T-0953",
    422,
    "The list of units is empty or too long.",
    "ユニットの一覧が空か、長すぎます。",
    "Give 1 to 10,000 serials; start from a lot, roll or station for more.",
    "シリアルを 1～10,000 件指定してください。それ以上はロット・ロール・設備から始めてください。",
)
MATCHES_EVERYTHING = Code(
    "MES-T-0954",
    409,
    "The suspect covers more than half of all units.",
    "対象が全ユニットの半数を超えています。",
    "Narrow the window or the metres; confirm it expressly if it is really meant.",
    "期間やメートル範囲を絞ってください。本当に必要であれば明示的に確認してください。",
)
RECALL_REASON = Code(
    "MES-T-0955",
    422,
    "A recall needs a reason.",
    "リコールには理由が必要です。",
    "Write in a few words why; 200 characters at most.",
    "理由を 200 文字以内で書いてください。",
)
RECALL_NOT_FOUND = Code(
    "MES-T-0956",
    404,
    "There is no such recall.",
    "そのリコールはありません。",
    "Look it up in the list of recalls.",
    "リコール一覧で確認してください。",
)
RECALL_NOT_YOURS = Code(
    "MES-T-0957",
    403,
    "Only supervisors, quality engineers and administrators confirm recalls.",
    "リコールの確定は班長・品質担当者・管理者だけが行えます。",
    "Ask one of them; everybody may count what one would cover.",
    "班長または品質担当者に依頼してください。対象の確認は誰でもできます。",
)
RECALL_KEY = Code(
    "MES-T-0958",
    422,
    "This form or key has made another recall before.",
    "このフォームまたはキーは別のリコールですでに使われています。",
    "Open the form anew, or send a new Idempotency-Key of at most 36 characters.",
    "フォームを開き直すか、36 文字以内の新しい Idempotency-Key を送ってください。",
)
RECALL_FILE = Code(
    "MES-T-0959",
    404,
    "A recall has no such file.",
    "その形式のファイルはありません。",
    "Ask for pdf, xlsx or json.",
    "pdf、xlsx、json のいずれかを指定してください。",
)
RECALL_CHANGED = Code(
    "MES-T-0960",
    409,
    "The kept recall is not as it was made: its content and its hash differ.",
    "保存されたリコールの内容が作成時と異なります（ハッシュ不一致）。",
    "Use a copy that was exported earlier; restore the database from a backup.",
    "以前に出力したコピーを使用し、データベースをバックアップから復元してください。",
)
TRAY_EMPTY = Code(
    "MES-T-0961",
    422,
    "Nothing is known to be in the tray now, so a recall of it would be empty whatever was in it.",
    "現在このトレイに入っているユニットは把握されていません。過去に入っていたものがあっても、結果は空になります。",
    "Start from the serials of the units that were in it; where-used lists them by the tray's code.",
    "このトレイに入っていたユニットのシリアルから始めてください。使用先の照会でトレイコードから一覧できます。",
)
CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
