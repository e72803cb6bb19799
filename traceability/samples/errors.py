"""Codes of samples; see lines.errors for the shape and the rules."""

from lines.errors import Code

SAMPLE_NOT_YOURS = Code(
    "MES-T-0631",
    403,
    "This person may not do that with samples.",
    "この利用者にはサンプルのこの操作は許可されていません。",
    "Operators take samples and enter results; supervisors and quality engineers cancel too. Auditors read only.",
    "採取と結果入力は作業者も可能です。取り消しは監督者と品質技術者が行います。監査員は閲覧のみです。",
)
SAMPLE_UNKNOWN = Code(
    "MES-T-0632",
    404,
    "There is no sample with this label.",
    "このラベルのサンプルはありません。",
    "Scan the label again; /samples/ lists the samples that wait.",
    "ラベルをもう一度読み取ってください。待ちのサンプルは /samples/ で確認できます。",
)
SAMPLE_NOT_WAITING = Code(
    "MES-T-0633",
    409,
    "The sample has its result already, or was cancelled.",
    "このサンプルは結果入力済みか、取り消されています。",
    "Look at the unit's page; take a new sample to measure again.",
    "ユニットのページを確認してください。再測定には新しいサンプルを採取してください。",
)
SAMPLE_CODE_TAKEN = Code(
    "MES-T-0634",
    409,
    "Another sample has this label.",
    "このラベルは別のサンプルで使われています。",
    "Use a new label, or leave it empty to have one made.",
    "新しいラベルを使うか、空欄にして自動採番してください。",
)
SAMPLE_WAITS_NOWHERE = Code(
    "MES-T-0635",
    422,
    "The unit's route has no such operation to wait at.",
    "ユニットの工程順に、待機先の工程がありません。",
    "Choose an operation that the unit has still to do.",
    "ユニットがこれから行う工程を選んでください。",
)
SAMPLE_OF_NOTHING = Code(
    "MES-T-0636",
    409,
    "The unit was scrapped: no sample is taken from it.",
    "廃棄されたユニットからはサンプルを採取できません。",
    "Take the sample from another unit.",
    "別のユニットからサンプルを採取してください。",
)
REASON_MISSING = Code(
    "MES-T-0637",
    422,
    "A reason is missing, or longer than 500 characters.",
    "理由がないか、500文字を超えています。",
    "Write in a few words why.",
    "理由を簡潔に入力してください。",
)
SAMPLE_LABEL = Code(
    "MES-T-0638",
    422,
    "That is no label for a sample.",
    "サンプルのラベルとして使えない文字列です。",
    "Use 1 to 32 of the letters A to Z, digits, point, hyphen and underscore, or leave it empty to have one made.",
    "英字・数字・ピリオド・ハイフン・下線の1～32文字にするか、空欄にして自動採番してください。",
)
SAMPLE_BUILT_IN = Code(
    "MES-T-0639",
    409,
    "The unit is built into another one: measuring cannot use it up.",
    "ユニットはすでに別のユニットに組み込まれているため、破壊測定はできません。",
    "Take a sample that is not destructive; a supervisor or quality engineer cancels one that was taken before.",
    "非破壊のサンプルを採取してください。採取済みの場合は、監督者または品質技術者が取り消してください。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
