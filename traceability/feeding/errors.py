"""Stable codes of feed points; see lines.errors for the shape and the rules."""

from lines.errors import Code

FEED_POINT_UNKNOWN = Code(
    "MES-T-0451",
    404,
    "The station has no such feed point.",
    "この設備にその供給口はありません。",
    "Check the code; GET /api/v1/stations/{station}/feed-points lists the station's.",
    "コードを確認してください。設備の供給口は GET /api/v1/stations/{station}/feed-points で確認できます。",
)
FEED_POINT_UNCLEAR = Code(
    "MES-T-0452",
    422,
    "Not exactly one feed point of the station takes this material.",
    "この材料を受け入れる供給口が1つに決まりません。",
    "Name the feed point at which the lot was mounted.",
    "ロットをセットした供給口を指定してください。",
)
NOT_FOR_FEED_POINT = Code(
    "MES-T-0453",
    0,
    "A material was mounted that the feed point is not for.",
    "供給口の対象でない材料がセットされました。",
    "Take the lot off and mount the right one; results carry a deviation where the material is not in their bill.",
    "ロットを外し、正しい材料をセットしてください。その間の製品は、部品表にない場合に逸脱として記録されます。",
)
MATERIAL_NOT_NAMED = Code(
    "MES-T-0454",
    0,
    "A material of the bill was not named, and nothing is mounted at the feed point for it.",
    "部品表の材料が報告されず、その供給口にも何もセットされていません。",
    "Find out which lot was used, and scan each lot when it is mounted.",
    "使用したロットを確認し、セット時に必ずロットを読み取ってください。",
)
SCAN_UNREADABLE = Code(
    "MES-T-0455",
    422,
    "The scan names no lot: neither material, supplier and lot nor the number of one known lot.",
    "読み取った内容からロットを特定できません（材料・仕入先・ロットの3項目でも、既知のロット番号でもありません）。",
    "Scan the label again, or type `material|supplier|lot`.",
    "ラベルをもう一度読み取るか、「材料|仕入先|ロット」と入力してください。",
)
MOUNTED_UNKNOWN = Code(
    "MES-T-0456",
    0,
    "The lot at a feed point was never received.",
    "供給口のロットに受入記録がありません。",
    "Book its receipt (POST /api/v1/lots) and check its papers; scan again if the label was misread.",
    "受入を登録し（POST /api/v1/lots）、書類を確認してください。誤読の場合は読み取り直してください。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
