"""Stable codes of entry and of permits; see lines.errors for the shape and the rules. The first fourteen reasons
against entry stand in traceability.errors."""

from lines.errors import Code

NOT_IN_SAMPLE = Code(
    "MES-T-0015",
    0,
    "Only every n-th unit does this operation, and this is not one of them.",
    "抜取りの工程で、このユニットは対象ではありません。",
    "Take the unit to its next operation.",
    "次の工程へ移してください。",
)
WRONG_RECIPE = Code(
    "MES-T-0016",
    0,
    "The station has another recipe set than the work order asks for.",
    "設備に設定されたレシピが作業指図のものと違います。",
    "Load the recipe that `detail` names, then ask again.",
    "`detail` に示すレシピを読み込み、もう一度要求してください。",
)
GRADE_NOT_ALLOWED = Code(
    "MES-T-0017",
    0,
    "The unit's grade is not allowed at this operation.",
    "このユニットの等級はこの工程では使えません。",
    "Take a unit of a grade that `detail` names; one without a grade is to be sorted first.",
    "`detail` に示す等級のユニットを使ってください。等級のないユニットは先に選別してください。",
)
TOO_EARLY = Code(
    "MES-T-0018",
    0,
    "The unit has not waited long enough since the operation before.",
    "前の工程からの待ち時間がまだ足りません。",
    "Ask again at the time that `detail` names.",
    "`detail` に示す時刻以降にもう一度要求してください。",
)
TOO_LATE = Code(
    "MES-T-0019",
    0,
    "The unit has waited longer than it may since the operation before.",
    "前の工程からの待ち時間が上限を超えました。",
    "Have quality decide on it: repeat the operation before, or scrap.",
    "前の工程のやり直しか廃棄かを品質部門で決定してください。",
)
GAUGE_OVERDUE = Code(
    "MES-T-0020",
    0,
    "A gauge of this station is out of calibration.",
    "この設備の測定器の校正期限が切れています。",
    "Have the gauge that `detail` names calibrated.",
    "`detail` に示す測定器を校正してください。",
)
CHANNEL_OVERDUE = Code(
    "MES-T-0021",
    0,
    "The channel is out of calibration.",
    "チャンネルの校正期限が切れています。",
    "Put the unit into another channel, or have this one calibrated.",
    "別のチャンネルに入れるか、このチャンネルを校正してください。",
)
OPERATOR_MISSING = Code(
    "MES-T-0022",
    0,
    "Only certified operators may do this operation, and the station named none.",
    "この工程には認定作業者が必要ですが、作業者が送られていません。",
    "Sign in at the machine; it sends the user name as `operator`.",
    "設備にサインインしてください。利用者名が `operator` として送られます。",
)
OPERATOR_UNKNOWN = Code(
    "MES-T-0023",
    0,
    "There is no person of the operator's name.",
    "その名前の作業者は登録されていません。",
    "Sign in at the machine with the user name of this system.",
    "このシステムの利用者名で設備にサインインしてください。",
)
NOT_CERTIFIED = Code(
    "MES-T-0024",
    0,
    "The operator is not certified for this operation.",
    "作業者はこの工程の認定を受けていません。",
    "Let a certified operator do it.",
    "認定を受けた作業者が行ってください。",
)
CERTIFICATION_EXPIRED = Code(
    "MES-T-0025",
    0,
    "The operator's certification for this operation has expired.",
    "作業者のこの工程の認定は期限が切れています。",
    "Let a certified operator do it, or renew the certification.",
    "認定が有効な作業者が行うか、認定を更新してください。",
)
NOT_IN_PRODUCTION = Code(
    "MES-T-0026",
    0,
    "The station is not in production mode.",
    "設備は生産モードではありません。",
    "Use another station, or have a supervisor put it back into production.",
    "別の設備を使うか、監督者が生産モードに戻してください。",
)
MOUNTED_WRONG = Code(
    "MES-T-0027",
    0,
    "A feed point has a material mounted that this unit does not take.",
    "このユニットに使わない材料が供給口にセットされています。",
    "Change the material at the feed point that `detail` names, and scan the new lot.",
    "`detail` に示す供給口の材料を交換し、新しいロットを読み取ってください。",
)
MOUNTED_EXPIRED = Code(
    "MES-T-0028",
    0,
    "The lot at a feed point has expired.",
    "供給口のロットの使用期限が切れています。",
    "Take the lot off and mount one that has not expired.",
    "ロットを外し、期限内のロットをセットしてください。",
)
MOUNTED_NOT_RELEASED = Code(
    "MES-T-0029",
    0,
    "The lot at a feed point is not released.",
    "供給口のロットは使用許可が出ていません。",
    "Take the lot off, or have quality release it.",
    "ロットを外すか、品質部門の使用許可を得てください。",
)
NOT_CONTAINED = Code(
    "MES-T-0030",
    0,
    "The control charts have not seen all of the unit's results yet.",
    "管理図による確認がまだ終わっていません。",
    "Ask again after a second.",
    "1秒後にもう一度要求してください。",
)
SAMPLE_WAITING = Code(
    "MES-T-0031",
    0,
    "A sample of this unit has no result yet.",
    "このユニットのサンプルの測定結果がまだありません。",
    "Wait for the laboratory; `detail` names the sample.",
    "測定室の結果を待ってください。サンプルは `detail` にあります。",
)
PERMIT_ELSEWHERE = Code(
    "MES-T-0032",
    0,
    "Another station has an open permit for this unit.",
    "別の設備がこのユニットの許可を受けています。",
    "Find the unit at the station that `detail` names; there the permit is used, cancelled or expires.",
    "`detail` に示す設備でユニットを確認してください。許可はそこで使用、取消、または期限切れになります。",
)
RETURNED = Code(
    "MES-T-0033",
    0,
    "The unit was returned to the supplier.",
    "このユニットは仕入先に返却されています。",
    "Check the serial: what was returned cannot be here.",
    "シリアルを確認してください。返却済みのユニットがここにあるはずはありません。",
)

# 0801-: results that were made while the MES did not answer.
OFFLINE_NOT_ALLOWED = Code(
    "MES-T-0801",
    0,
    "The station went on while the MES did not answer, and its policy is to stop.",
    "MESが応答しない間に設備が作業を続けましたが、この設備は停止する設定です。",
    "Inspect the unit and decide on it; have the station stop, or its policy changed.",
    "ユニットを点検して処置を決め、設備を停止させるか設定を見直してください。",
)
OFFLINE_BEYOND = Code(
    "MES-T-0802",
    0,
    "The station made more units in one outage than it may without the MES.",
    "MESなしで許された数を超えて、設備が作業を続けました。",
    "Inspect the unit and decide on it; find out why the station did not stop.",
    "ユニットを点検して処置を決め、設備が停止しなかった原因を調べてください。",
)

# Questions about permits.
PERMIT_UNKNOWN = Code(
    "MES-T-0205",
    404,
    "There is no such permit.",
    "その許可はありません。",
    "Take the number from the answer that allowed the unit to enter.",
    "進入を許可した応答の番号を使ってください。",
)
PERMIT_NOT_YOURS = Code(
    "MES-T-0206",
    403,
    "The permit was given to another station.",
    "その許可は別の設備に出されたものです。",
    "Only the station that asked for a permit cancels it.",
    "許可は、要求した設備だけが取り消せます。",
)
PERMIT_USED = Code(
    "MES-T-0207",
    409,
    "The permit is used: the result is stored.",
    "その許可は使用済みで、結果が保存されています。",
    "There is nothing to cancel any more.",
    "取り消すものはもうありません。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
