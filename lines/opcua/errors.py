"""Codes of what a server's variables can be that no chart wants. They mark; they refuse no request."""

from lines.errors import Code

VALUE_NO_NUMBER = Code(
    "MES-L-0321",
    0,
    "A variable gave text, a structure or something else that is no number.",
    "変数の値が文字列や構造体など、数値ではありませんでした。",
    "Correct the node in the plant data, or the variable's type in the controller; the value was not stored.",
    "マスタのノード、またはコントローラーの変数の型を修正してください。この値は保存されていません。",
)
VALUE_SHAPE = Code(
    "MES-L-0322",
    0,
    "A variable gave an array where the plant data say a number, a number where they say an array, or a longer array.",
    "変数の値の形がマスタと異なります（数値と配列の違い、または配列が長すぎます）。",
    "Set `elements` of the signal to the length of the array, or leave it out for a plain number.",
    "信号の `elements` を配列の長さに合わせてください。単独の数値の場合は省略してください。",
)
NODE_GONE = Code(
    "MES-L-0323",
    0,
    "A variable that was followed has been removed from its server.",
    "収集中の変数がサーバーから削除されました。",
    "Ask who changed the controller's program; the other variables are followed meanwhile.",
    "コントローラーのプログラム変更を確認してください。ほかの変数は収集を続けています。",
)
STRUCTURE_UNREADABLE = Code(
    "MES-L-0324",
    0,
    "A structure's field cannot be found: the server does not describe the type, or it has no such number.",
    "構造体の項目が見つかりません。サーバーが型を公開していないか、その数値項目がありません。",
    "Compare `field` with the data type in the server; it must describe it by the attribute DataTypeDefinition.",
    "`field` をサーバーのデータ型と照合してください。型は DataTypeDefinition 属性で公開されている必要があります。",
)
BROWSE_BOUND = Code(
    "MES-L-0325",
    0,
    "A browse path leads through a folder with so many nodes that the search was given up.",
    "ブラウズパス上のフォルダーのノード数が多すぎるため、検索を中止しました。",
    "Give the node by its id: nsu=<uri>;s=<id>.",
    "ノードを ID（nsu=<uri>;s=<id>）で指定してください。",
)
NODE_AMBIGUOUS = Code(
    "MES-L-0326",
    0,
    "A browse path leads to several nodes.",
    "ブラウズパスに該当するノードが複数あります。",
    "Give the node by its id: nsu=<uri>;s=<id>.",
    "ノードを ID（nsu=<uri>;s=<id>）で指定してください。",
)
ITEM_REFUSED = Code(
    "MES-L-0327",
    0,
    "A server does not let a variable be followed as the plant data ask.",
    "サーバーが、マスタの設定どおりの変数収集を許可しません。",
    "`detail` has the server's reason; check rights, deadband and type of the variable.",
    "`detail` にサーバーの理由があります。変数の権限、デッドバンド、型を確認してください。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
