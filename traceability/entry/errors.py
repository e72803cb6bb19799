"""Codes of what people enter by form, table and file; see lines.errors for the shape and the rules."""

from lines.errors import Code

NOT_YOURS_TO_ENTER = Code(
    "MES-T-0601",
    403,
    "This person may not enter results of this operation.",
    "この利用者はこの工程の結果を入力できません。",
    "Operators enter operations they are certified for, supervisors and quality engineers all; auditors read only.",
    "作業者は認定された工程のみ、監督者と品質技術者は全工程を入力できます。監査員は閲覧のみです。",
)
NOT_A_NUMBER = Code(
    "MES-T-0602",
    422,
    "What stands here is not a number.",
    "数値ではありません。",
    "Write digits with a decimal point and no thousands separator, for example 12.5 or -0.03.",
    "小数点を使い、桁区切りなしの数字で入力してください（例: 12.5、-0.03）。全角でも構いません。",
)
TIME_NOT_READ = Code(
    "MES-T-0603",
    422,
    "What stands here is not a time.",
    "時刻として読み取れません。",
    "Write 2027-04-01 09:30 by the site's wall clock, or ISO 8601 with its offset.",
    "工場の時計で 2027-04-01 09:30 のように書くか、時差付きの ISO 8601 で入力してください。",
)
OUTCOME_NOT_READ = Code(
    "MES-T-0604",
    422,
    "The outcome is neither PASS nor FAIL.",
    "判定が PASS でも FAIL でもありません。",
    "Say PASS or FAIL; in a file an empty cell means PASS.",
    "PASS か FAIL を指定してください。ファイルで空欄の場合は PASS とみなします。",
)
NOTHING_ENTERED = Code(
    "MES-T-0605",
    422,
    "Nothing was entered.",
    "何も入力されていません。",
    "Enter at least one serial with its outcome and values.",
    "少なくとも1つのシリアルについて、判定と測定値を入力してください。",
)
FILE_UNREADABLE = Code(
    "MES-T-0610",
    422,
    "The file is no table of comma- or tab-separated text.",
    "ファイルがカンマ区切りまたはタブ区切りの表ではありません。",
    "Save it as CSV in UTF-8 or Shift_JIS, at most 1 MB and 2000 lines, with the header line of the template.",
    "UTF-8 または Shift_JIS の CSV（1 MB、2000 行まで）で、ひな形の見出し行を付けて保存してください。",
)
FILE_COLUMNS = Code(
    "MES-T-0611",
    422,
    "The file's header has a wrong column.",
    "ファイルの見出しに誤った列があります。",
    "Use the columns of the template, each once; `detail` names the one at fault.",
    "ひな形の列名をそれぞれ1回だけ使ってください。`detail` に該当する列を示します。",
)
FIELD_MISSING = Code(
    "MES-T-0612",
    422,
    "A cell that is needed is empty.",
    "必要なセルが空です。",
    "Fill in the column that `detail` names.",
    "`detail` の列を入力してください。",
)
STATION_NEEDED = Code(
    "MES-T-0613",
    422,
    "Several stations do this operation, and the line names none.",
    "この工程を行う設備が複数ありますが、設備の指定がありません。",
    "Write the code of the station into the column `station`.",
    "`station` 列に設備コードを入力してください。",
)
LINES_DISAGREE = Code(
    "MES-T-0614",
    422,
    "Lines of one unit and operation say different things.",
    "同じユニット・工程の行の内容が一致していません。",
    "Give outcome, reasons and station once, or alike in all lines of the unit.",
    "判定・理由・設備は1行だけに書くか、そのユニットの全行で同じにしてください。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
