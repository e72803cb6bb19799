"""Stable codes of rolls and of what lies on their metres; see lines.errors for the shape and the rules."""

from lines.errors import Code

BEYOND_ROLL = Code(
    "MES-T-0900",
    0,
    "A range, or what was cut out, lies beyond the end of the roll that it was taken from.",
    "使用区間または切除区間が、元のロールの長さを超えています。",
    "Check the encoder, the serial of the roll and its recorded length; correct the link.",
    "エンコーダー、ロールのシリアル番号、記録された長さを確認し、リンクを訂正してください。",
)
METRES_TAKEN = Code(
    "MES-T-0901",
    0,
    "Metres of a lane that went into another unit, or were cut out, are taken again.",
    "他のユニットで使用済み、または切除済みのレーン区間が再び使用されています。",
    "Check the metres of both units that `detail` names; correct the wrong link.",
    "`detail` に示す両方のユニットの区間を確認し、誤ったリンクを訂正してください。",
)
LINK_CIRCLE = Code(
    "MES-T-0902",
    422,
    "The unit would be made of itself: something that it is part of is named as an input.",
    "ユニットが自分自身から作られることになります。自分を含むユニットが投入部品として指定されています。",
    "Check which of the serials are inputs and which is the unit.",
    "どのシリアル番号が投入部品で、どれが対象ユニットかを確認してください。",
)
BEYOND_OWN_LENGTH = Code(
    "MES-T-0903",
    0,
    "A mark, a scan, a cut-out or a place on the unit's own axis lies beyond the unit's own length.",
    "マーク、走査、切除、またはユニット自身の軸上の位置が、ユニットの長さを超えています。",
    "Check the encoder and the length that the station sends.",
    "エンコーダーと設備が送信する長さを確認してください。",
)
OFF_ROLL = Code(
    "MES-T-0904",
    422,
    "The roll has no such metres, or no such lane.",
    "ロールに、その長さの位置、またはその条はありません。",
    "Give metres up to its length, and a lane that it has; the page of the roll shows both.",
    "ロールの長さと条数の範囲で指定してください。ロールのページで確認できます。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
