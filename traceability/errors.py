"""Stable codes of this app; see lines.errors for the shape and the rules."""

from lines.errors import Code

# May this unit enter this operation? Each denies a permit; a result that came anyway carries it as a deviation.
SERIAL_MALFORMED = Code(
    "MES-T-0001",
    0,
    "The serial does not fit the plant's serial rule.",
    "シリアルがこの工場の規則に合いません。",
    "Scan the code again; if it stays so, take the unit out and have its mark checked.",
    "もう一度読み取ってください。変わらない場合はユニットを取り出し、刻印を確認してください。",
)
DESIGN_UNKNOWN = Code(
    "MES-T-0002",
    0,
    "The serial's design code belongs to nothing this plant makes.",
    "シリアルの設計コードに該当する品目がありません。",
    "Check that the unit belongs to this line, or have its product added to the plant data.",
    "ユニットがこのラインのものか確認するか、製品を工場データに登録してください。",
)
SERIAL_UNKNOWN = Code(
    "MES-T-0003",
    0,
    "This serial was never seen, and this is not its first operation.",
    "このシリアルの記録がなく、ここは最初の工程ではありません。",
    "Send the unit back to its first operation, or find out where its records are.",
    "最初の工程に戻すか、記録の所在を確認してください。",
)
NOT_AT_THIS_STATION = Code(
    "MES-T-0004",
    0,
    "This station does not do this operation.",
    "この設備ではその工程を行いません。",
    "Take the unit to a station that does, or correct the operation the station sends.",
    "対応する設備へ移すか、設備が送る工程コードを修正してください。",
)
NOT_IN_ROUTE = Code(
    "MES-T-0005",
    0,
    "The route of this unit has no such operation.",
    "このユニットの工程順にその工程はありません。",
    "Check product and operation: the unit belongs to another step.",
    "製品と工程を確認してください。このユニットは別の工程に進むべきものです。",
)
WRONG_STEP = Code(
    "MES-T-0006",
    0,
    "Another operation is next for this unit.",
    "このユニットの次の工程は別の工程です。",
    "Take the unit to the operation that `detail` names.",
    "`detail` に示す工程へ移してください。",
)
ALREADY_DONE = Code(
    "MES-T-0007",
    0,
    "The unit has passed this operation already.",
    "このユニットはこの工程にすでに合格しています。",
    "Take it on to its next operation; a repeat needs a disposition.",
    "次の工程へ進めてください。再実施には処置の決定が必要です。",
)
EARLIER_MISSING = Code(
    "MES-T-0008",
    0,
    "An earlier operation of the route was not done.",
    "前の工程が実施されていません。",
    "Do the operations that `detail` names first.",
    "`detail` の工程を先に実施してください。",
)
EARLIER_FAILED = Code(
    "MES-T-0009",
    0,
    "The unit failed an earlier operation.",
    "前の工程で不合格になっています。",
    "Rework the operations that `detail` names, or have the unit dispositioned.",
    "`detail` の工程を再作業するか、処置を決定してください。",
)
HELD = Code(
    "MES-T-0010",
    0,
    "The unit is on hold.",
    "このユニットは保留中です。",
    "Keep it aside until the hold is released; `detail` says why it was held.",
    "保留が解除されるまで別に置いてください。理由は `detail` にあります。",
)
SCRAPPED = Code(
    "MES-T-0011",
    0,
    "The unit was scrapped.",
    "このユニットは廃棄されています。",
    "Take it out of the line and to the scrap area.",
    "ラインから取り出し、廃棄場所へ移してください。",
)
CONSUMED = Code(
    "MES-T-0012",
    0,
    "The unit was built into another one.",
    "このユニットは別のユニットに組み込まれています。",
    "Check the serial: a unit that is built in cannot be here by itself.",
    "シリアルを確認してください。組み込み済みのユニットが単独であるはずはありません。",
)
MAX_PASSES = Code(
    "MES-T-0013",
    0,
    "The unit has failed this operation as often as it may.",
    "この工程で許される回数だけ不合格になりました。",
    "Have it dispositioned; there is no further try.",
    "処置を決定してください。再試行はできません。",
)
NO_PERMIT = Code(
    "MES-T-0014",
    0,
    "The station started without a permit for this unit and operation.",
    "このユニットと工程の許可を得ずに開始しました。",
    "Ask for a permit before each start; check the station's connection.",
    "開始前に毎回許可を求めてください。設備の接続も確認してください。",
)

# What the unit was made of. Deviations only: the link is stored all the same, and the unit is held.
COMPONENT_UNKNOWN = Code(
    "MES-T-0101",
    0,
    "A component or roll was never seen before.",
    "記録のない部品またはロールが使われました。",
    "Find out where it came from before the hold is released.",
    "保留を解除する前に、その出所を確認してください。",
)
COMPONENT_NOT_IN_BILL = Code(
    "MES-T-0102",
    0,
    "The operation's bill of materials has no such component.",
    "この工程の部品表にない部品が使われました。",
    "Check that the right component was built in.",
    "正しい部品が組み込まれたか確認してください。",
)
COMPONENT_HELD = Code(
    "MES-T-0103",
    0,
    "A component was on hold when it was built in.",
    "保留中の部品が組み込まれました。",
    "Disposition the component first, then this unit.",
    "先に部品、次にこのユニットの処置を決定してください。",
)
COMPONENT_SCRAPPED = Code(
    "MES-T-0104",
    0,
    "A component had been scrapped.",
    "廃棄された部品が組み込まれました。",
    "Take the unit out; it must not go on with this component.",
    "ユニットを取り出してください。この部品のまま進めてはいけません。",
)
COMPONENT_TAKEN = Code(
    "MES-T-0105",
    0,
    "A component is already built into another unit.",
    "部品はすでに別のユニットに組み込まれています。",
    "One of the two reports is wrong: check both units' component serials.",
    "どちらかの報告が誤りです。両方のユニットの部品シリアルを確認してください。",
)
COMPONENT_NOT_READY = Code(
    "MES-T-0106",
    0,
    "A component had not finished its own route.",
    "部品が自身の工程を完了していません。",
    "Find the component's missing operations in its history.",
    "部品の履歴で未実施の工程を確認してください。",
)
LOT_UNKNOWN = Code(
    "MES-T-0107",
    0,
    "A lot was consumed that was never received.",
    "受入記録のないロットが使われました。",
    "Book its receipt (POST /api/v1/lots) and check its papers.",
    "受入を登録し（POST /api/v1/lots）、書類を確認してください。",
)
LOT_EXPIRED = Code(
    "MES-T-0108",
    0,
    "A lot was consumed after its expiry.",
    "使用期限を過ぎたロットが使われました。",
    "Have quality decide on the unit; take the lot off the station.",
    "ユニットの処置を品質部門で決定し、ロットを設備から外してください。",
)
LOT_NOT_RELEASED = Code(
    "MES-T-0109",
    0,
    "A lot was consumed that is in quarantine or blocked.",
    "隔離中または使用禁止のロットが使われました。",
    "Take the lot off the station and have quality decide on the unit.",
    "ロットを設備から外し、ユニットの処置を品質部門で決定してください。",
)
LOT_OTHER_MATERIAL = Code(
    "MES-T-0110",
    0,
    "The lot was received as another material.",
    "ロットは別の材料として受け入れられています。",
    "Check the label of the lot and what the station has set up.",
    "ロットのラベルと設備の設定を確認してください。",
)
MATERIAL_NOT_IN_BILL = Code(
    "MES-T-0111",
    0,
    "The operation's bill of materials has no such material.",
    "この工程の部品表にない材料が使われました。",
    "Check that the right material is on the station.",
    "設備に正しい材料がセットされているか確認してください。",
)
MATERIAL_UNKNOWN = Code(
    "MES-T-0112",
    0,
    "The plant data has no such material.",
    "その材料は工場データに登録されていません。",
    "Correct the material code the station sends, or have it added to the plant data.",
    "設備が送る材料コードを修正するか、工場データに登録してください。",
)

MEASUREMENT_MISSING = Code(
    "MES-T-0113",
    0,
    "The station says PASS, but a required measurement is missing.",
    "設備は合格としていますが、必須の測定値がありません。",
    "Measure what `detail` names, or check the station's programme.",
    "`detail` の項目を測定するか、設備のプログラムを確認してください。",
)
COMPONENT_MISSING = Code(
    "MES-T-0114",
    0,
    "The station says PASS, but names no unit of a kind that the bill of materials asks for.",
    "設備は合格としていますが、部品表にある種類のユニットが一つも報告されていません。",
    "Find out what was built in: without its serials nobody can trace the unit. `detail` names what is missing.",
    "何が組み込まれたか確認してください。シリアルがないと追跡できません。不足は `detail` にあります。",
)

# Questions and goods receipt.
UNIT_NOT_FOUND = Code(
    "MES-T-0201",
    404,
    "No unit has this serial.",
    "このシリアルのユニットはありません。",
    "Check the serial; the search also finds parts of one.",
    "シリアルを確認してください。検索では一部からも探せます。",
)
LOT_NOT_FOUND = Code(
    "MES-T-0202",
    404,
    "There is no such lot.",
    "そのロットはありません。",
    "Look it up by GET /api/v1/lots?supplier=&number=.",
    "GET /api/v1/lots?supplier=&number= で検索してください。",
)
NOT_A_LOT_MATERIAL = Code(
    "MES-T-0203",
    422,
    "The plant data has no bought material of this code.",
    "このコードの購入材料は工場データにありません。",
    "Send the code of a material that is followed by lot.",
    "ロットで管理する材料のコードを送ってください。",
)
LOT_DIFFERS = Code(
    "MES-T-0204",
    409,
    "This lot was received before with another material or expiry.",
    "このロットは別の材料または期限で受け入れ済みです。",
    "Compare the label with the first receipt; a correction is made by quality.",
    "ラベルを最初の受入と照合してください。訂正は品質部門が行います。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
