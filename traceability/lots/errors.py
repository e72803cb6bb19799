"""Stable codes of lots; see lines.errors for the shape and the rules."""

from lines.errors import Code

LOT_NOT_RECEIVED = Code(
    "MES-T-0401",
    409,
    "This lot was never received; it is known only from a result.",
    "このロットは受入記録がなく、設備の結果でのみ確認されています。",
    "Book its receipt first.",
    "先に受入を登録してください。",
)
REASON_MISSING = Code(
    "MES-T-0402",
    422,
    "What is decided about a lot needs a reason.",
    "ロットに関する決定には理由が必要です。",
    "Write why in at least three characters; it stays with the lot.",
    "理由を3文字以上で記入してください。ロットの記録に残ります。",
)
QUANTITY_UNKNOWN = Code(
    "MES-T-0403",
    409,
    "Nobody knows how much of this lot there is.",
    "このロットの数量が登録されていません。",
    "Receive it again with its quantity; what is filled in later is added to the receipt.",
    "数量を付けて受入をもう一度登録してください。未記入の項目は後から補えます。",
)
MORE_THAN_REST = Code(
    "MES-T-0404",
    409,
    "That is more than what is left of the lot.",
    "ロットの残量を超えています。",
    "Take less; `detail` says how much is left.",
    "数量を減らしてください。残量は `detail` にあります。",
)
LOT_NUMBER_TAKEN = Code(
    "MES-T-0405",
    409,
    "The supplier has a lot of this number already.",
    "この仕入先には同じ番号のロットがすでにあります。",
    "Give the new lot another number.",
    "新しいロットに別の番号を付けてください。",
)
OTHER_MATERIAL = Code(
    "MES-T-0406",
    409,
    "Lots of different materials cannot become one.",
    "異なる材料のロットは一つにできません。",
    "Merge lots of one material only.",
    "同じ材料のロットだけを統合してください。",
)
CERTIFICATE_OUTSIDE = Code(
    "MES-T-0407",
    0,
    "The certificate of analysis shows a value outside the supplier's limits.",
    "分析成績書の値が仕入先の規格を外れています。",
    "The lot is in quarantine; quality decides whether it may be used.",
    "ロットは隔離されています。使用の可否は品質部門が決定します。",
)
LIMITS_CROSSED = Code(
    "MES-T-0408",
    422,
    "The lower limit of a certificate value lies above its upper one.",
    "成績書の下限が上限より大きくなっています。",
    "Check both limits against the certificate.",
    "成績書の上下限を確認してください。",
)
WAITS_FOR_RELEASE = Code(
    "MES-T-0409",
    0,
    "Lots of this material wait for their release.",
    "この材料のロットは出庫許可を待ちます。",
    "Quality releases the lot when it has looked at it.",
    "品質部門が確認後に許可します。",
)
MERGE_OF_ONE = Code(
    "MES-T-0410",
    422,
    "Merging takes at least two different lots.",
    "統合には異なるロットが二つ以上必要です。",
    "Name each lot once.",
    "各ロットを一度ずつ指定してください。",
)
LINE_DIFFERS = Code(
    "MES-T-0412",
    422,
    "Two lines of one lot say different things about it.",
    "同じロットの行の内容が一致しません。",
    "Repeat material, quantity and expiry as in the lot's first line, or leave them empty.",
    "材料・数量・期限は最初の行と同じにするか、空欄にしてください。",
)
FILE_HAS_FAULTS = Code(
    "MES-T-0413",
    422,
    "The file has lines that cannot be received, so none was.",
    "登録できない行があるため、全体を登録しませんでした。",
    "Correct the lines that are named and send the file again.",
    "表示された行を修正して、もう一度送ってください。",
)

SUPPLIER_NEEDED = Code(
    "MES-T-0414",
    422,
    "The lots are of different suppliers, so the new one needs a name in front of its number.",
    "仕入先が異なるため、新しいロットの仕入先名が必要です。",
    "Send `supplier` for the merged lot, for example this plant's own name.",
    "統合後のロットの `supplier` を指定してください（例：自工場名）。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
