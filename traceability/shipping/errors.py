"""Stable codes of shipments, and of parts taken out at rework; see lines.errors for the shape and the rules."""

from lines.errors import Code

SHIPMENT_NOT_FOUND = Code(
    "MES-T-0920",
    404,
    "There is no shipment with this number.",
    "この番号の出荷はありません。",
    "Look at the list of shipments for the number.",
    "出荷一覧で番号を確認してください。",
)
SITE_UNKNOWN = Code(
    "MES-T-0921",
    422,
    "No data centre has this code.",
    "このコードのデータセンターは登録されていません。",
    "Choose a site of the plant's files, or have it added to sites.toml.",
    "登録済みの拠点を選ぶか、sites.toml に追加してください。",
)
SHIPMENT_DIFFERS = Code(
    "MES-T-0922",
    409,
    "A shipment of this number has another site, time or units.",
    "同じ番号の出荷が、別の拠点・日時・ユニットで登録されています。",
    "Give this shipment a number of its own.",
    "この出荷には別の番号を付けてください。",
)
NOT_FINISHED = Code(
    "MES-T-0923",
    409,
    "The unit has not finished its route.",
    "このユニットは工程を完了していません。",
    "Ship it when its last operation has passed; `detail` names the unit and its state.",
    "最終工程に合格してから出荷してください。ユニットと状態は `detail` にあります。",
)
UNIT_HELD = Code(
    "MES-T-0924",
    409,
    "The unit, or a part built into it, is on hold.",
    "このユニット、または組み込まれた部品が保留中です。",
    "Decide on the hold first; `detail` names what is held.",
    "先に保留を判断してください。保留中のものは `detail` にあります。",
)
SHIPPED_BEFORE = Code(
    "MES-T-0925",
    409,
    "The unit was shipped before, and is still there.",
    "このユニットはすでに出荷され、まだ戻っていません。",
    "Check the serial; take the unit back first if it returned.",
    "シリアルを確認してください。戻った場合は先に返却を登録してください。",
)
UNIT_FAILED = Code(
    "MES-T-0926",
    409,
    "The unit failed its last test or was scrapped.",
    "このユニットは最後の試験に不合格か、廃棄されています。",
    "Do not ship it; quality decides what becomes of it.",
    "出荷しないでください。処置は品質部門が決定します。",
)
NOT_IN_SHIPMENT = Code(
    "MES-T-0927",
    409,
    "The unit is not away with this shipment.",
    "このユニットはこの出荷に含まれていないか、すでに戻っています。",
    "Check the serial and the number of the shipment.",
    "シリアルと出荷番号を確認してください。",
)
UNIT_AWAY = Code(
    "MES-T-0928",
    0,
    "The unit was shipped to a data centre.",
    "このユニットはデータセンターに出荷されています。",
    "Check the serial; take the unit back in its shipment if it is here again.",
    "シリアルを確認してください。戻っている場合は出荷の画面で返却を登録してください。",
)
NOT_SHIPPABLE = Code(
    "MES-T-0929",
    409,
    "This kind of unit is not shipped, or it is built into another one.",
    "この種類のユニットは出荷できないか、別のユニットに組み込まれています。",
    "Ship cells, modules, packs and containers, and what is built in with the unit around it.",
    "出荷できるのはセル・モジュール・パック・コンテナです。組み込み済みのものは外側のユニットを出荷してください。",
)
RETURN_REASON = Code(
    "MES-T-0930",
    422,
    "What comes back needs a reason.",
    "返却には理由が必要です。",
    "Write in 3 to 200 characters why it came back.",
    "戻った理由を3～200文字で記入してください。",
)
TOO_EARLY_TO_SHIP = Code(
    "MES-T-0931",
    422,
    "The time of shipping or return lies in the future, or before it could be.",
    "出荷・返却の日時が未来か、あり得ない過去になっています。",
    "Check the time; leave it out for now.",
    "日時を確認してください。現在時刻でよければ省略できます。",
)
NOTHING_SHIPPED = Code(
    "MES-T-0932",
    422,
    "No unit is named.",
    "ユニットが指定されていません。",
    "Scan or choose at least one unit.",
    "ユニットを1つ以上読み取るか選択してください。",
)
NUMBER_MALFORMED = Code(
    "MES-T-0933",
    422,
    "That is no number for a shipment.",
    "出荷番号として使えない文字列です。",
    "Use 1 to 40 letters, digits, points, hyphens and underscores.",
    "英字・数字・ピリオド・ハイフン・下線の1～40文字にしてください。",
)

PART_REMOVED = Code(
    "MES-T-0934",
    0,
    "The part was taken out of the unit it was built into.",
    "この部品は、組み込まれていたユニットから取り外されました。",
    "Inspect it and decide on it; its history names the unit and the reason.",
    "部品を点検して処置を決めてください。取り外し元と理由は履歴にあります。",
)
PART_NOT_THERE = Code(
    "MES-T-0935",
    0,
    "The result takes out a part that is not in the unit.",
    "結果で取り外すとされた部品は、このユニットに組み込まれていません。",
    "Compare the unit with its record; `detail` names the serial or position.",
    "ユニットと記録を照合してください。シリアルまたは位置は `detail` にあります。",
)

NOT_MADE_YET = Code(
    "MES-T-0936",
    409,
    "The unit had not been made at the time of the shipment.",
    "出荷日時の時点で、このユニットはまだ製造されていません。",
    "Correct the time of the shipment, or the serial; `detail` names the unit and its first visit.",
    "出荷日時またはシリアルを修正してください。ユニットと最初の工程の日時は `detail` にあります。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
