"""Stable codes of analyses of pasted or uploaded tables. Pure."""

from lines.errors import Code

NO_TABLE = Code(
    "MES-Q-0100",
    422,
    "There is no table to analyse.",
    "解析する表がありません。",
    "Paste a table, or choose a CSV or XLSX file.",
    "表を貼り付けるか、CSV または XLSX ファイルを選んでください。",
)
NO_NUMBERS = Code(
    "MES-Q-0101",
    422,
    "No column of the table holds numbers.",
    "数値の列が見つかりません。",
    "Put each measured value into a cell of its own, with a point as the decimal sign.",
    "測定値は1セルに1つずつ入れ、小数点にはピリオドを使ってください。",
)
NO_SIZES = Code(
    "MES-Q-0102",
    422,
    "This chart needs the size of each sample or area beside the counts.",
    "この管理図には、件数とともに各サンプルの大きさ（または面積）が必要です。",
    "Name the column that holds the sizes, or give one size for all.",
    "大きさの列を指定するか、共通の大きさを1つ入力してください。",
)
TOO_FEW_COLUMNS = Code(
    "MES-Q-0103",
    422,
    "This chart takes several measured columns, and there is only one.",
    "この管理図には複数の測定列が必要ですが、1列しかありません。",
    "Name at least two columns with measurements of the same units.",
    "同じ個体の測定値が入った列を2つ以上指定してください。",
)
FIELD_NOT_A_NUMBER = Code(
    "MES-Q-0104",
    422,
    "A field of the form is not a number.",
    "入力欄の値が数値ではありません。",
    "Correct the field that the detail names; use a point as the decimal sign.",
    "詳細に示す欄を訂正してください。小数点にはピリオドを使います。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
