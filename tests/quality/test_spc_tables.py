"""Tables that people paste and upload: what is read, and what is told of every cell that is not."""

from io import BytesIO

import pytest
import xlsxwriter

from lines.errors import Refusal
from quality.spc.analysis import analyze
from quality.spc.columns import case_of
from quality.spc.tables import numbers, parse, read_table, texts


@pytest.mark.parametrize(
    ("cell", "unit", "value"),
    [
        ("1.5", "", 1.5),
        (" -2e-3 ", "", -0.002),
        ("１２．５", "", 12.5),
        ("−4", "", -4.0),
        ("3.2 mm", "mm", 3.2),
        ("3.2㎜", "mm", 3.2),
        (7, "", 7.0),
        ("", "", None),
        ("n/a", "", None),
        (float("nan"), "", None),
    ],
)
def test_numbers_as_people_write_them(cell: object, unit: str, value: float | None) -> None:
    assert parse(cell, unit) == (value, None)


@pytest.mark.parametrize(
    ("cell", "unit", "code"),
    [
        ("1,5", "", "MES-Q-0131"),
        ("1.234,5", "", "MES-Q-0131"),
        ("1,234.5", "", "MES-Q-0131"),
        ("abc", "", "MES-Q-0130"),
        ("12 34", "", "MES-Q-0130"),
        ("3.2 mm", "", "MES-Q-0132"),
        ("3.2 g", "mm", "MES-Q-0132"),
        ("inf", "", "MES-Q-0133"),
        ("1e999", "", "MES-Q-0133"),
        (1e200, "", "MES-Q-0133"),
        (True, "", "MES-Q-0130"),
        ([1], "", "MES-Q-0130"),
    ],
)
def test_what_is_no_number_says_why(cell: object, unit: str, code: str) -> None:
    value, wrong = parse(cell, unit)
    assert value is None and wrong is not None and wrong.code.code == code


@pytest.mark.parametrize(
    "content",
    [
        "value,lot\n1.5,A\n2.5,B\n",
        "\ufeffvalue;lot\r\n1.5;A\r\n2.5;B\r\n",
        "value\tlot\n1.5\tA\n\n2.5\tB",
        b"value,lot\n1.5,A\n2.5,B\n",
    ],
)
def test_separators_marks_and_empty_lines(content: str | bytes) -> None:
    table = read_table(content)
    assert table.header == ("value", "lot")
    assert numbers(table, "value") == ([1.5, 2.5], [])
    assert texts(table, "LOT") == ["A", "B"]


def test_the_text_of_a_japanese_spreadsheet() -> None:
    table = read_table("測定値［mm］,品番\n1.5,A\n".encode("cp932"))
    assert numbers(table, "測定値") == ([1.5], [])


def test_rows_are_told_as_a_spreadsheet_counts_them() -> None:
    table = read_table('mass [g],lot\n1.5 g,A\n"1,6",B\n,C\n\n2.0 kg,D\nx,E\n1,7,F\n')
    values, messages = numbers(table, "mass")
    assert values == [1.5, None, None, None, None, None]
    assert [(m.row, m.column, m.code.code) for m in messages] == [
        (3, "mass [g]", "MES-Q-0131"),
        (6, "mass [g]", "MES-Q-0132"),
        (7, "mass [g]", "MES-Q-0130"),
    ]
    assert [(m.row, m.code.code) for m in table.messages] == [(8, "MES-Q-0143")]


def test_a_decimal_comma_in_a_file_with_commas_is_seen() -> None:
    table = read_table("value\n1.5\n1,6\n1.7\n")
    assert [(m.row, m.code.code) for m in table.messages] == [(3, "MES-Q-0131")]
    assert numbers(table, 0)[0] == [1.5, None, 1.7]


def test_mixed_units_without_one_in_the_title() -> None:
    values, messages = numbers(read_table("x\n1.5 mm\n2.5 mm\n2 mm\n0.1 in\n3\n"), 0)
    assert values == [1.5, 2.5, 2, None, None]
    assert [m.row for m in messages] == [5, 6]


def test_an_empty_row_of_a_single_column_is_a_gap() -> None:
    assert numbers(read_table("1.5\n2.5\n\n3.5\n\n"), 0)[0] == [1.5, 2.5, None, 3.5]


def workbook(*rows: list[object], name: str = "data") -> bytes:
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet(name)
        for place, row in enumerate(rows):
            sheet.write_row(place, 0, row)
    return content.getvalue()


def test_a_workbook() -> None:
    content = workbook(["batch", "x [mm]", "note"], ["b1", 1.25, None], ["b1", "1,5", "late"], [7, 3, True])
    table = read_table(content, "measured.xlsx")
    assert texts(table, "batch") == ["b1", "b1", "7"]
    values, messages = numbers(table, "x")
    assert values == [1.25, None, 3.0]
    assert [(m.row, m.code.code) for m in messages] == [(3, "MES-Q-0131")]
    with pytest.raises(Refusal, match="data"):
        read_table(content, "measured.xlsx", sheet="other")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"\xff\xfe\x00\x00", "\n\n", "a\0b"])
def test_what_is_no_table_is_refused(content: bytes | str) -> None:
    with pytest.raises(Refusal, match="MES-Q-0135"):
        read_table(content)


def test_columns_become_a_case() -> None:
    by_row, _ = case_of(read_table("x1,x2,x3\n1,2,3\n2,3,4\n"), "xbar-r", {})
    assert by_row["data"] == [[1, 2, 3], [2, 3, 4]]
    stacked = read_table("batch,value\nA,1\nA,2\nB,3\nA,5\n")
    assert case_of(stacked, "xbar-s", {})[0]["data"] == [[1, 2, 5], [3]]
    counts, _ = case_of(read_table("defects,inspected\n3,50\n4,60\n"), "p", {})
    assert (counts["data"], counts["subgroups"]) == ([3, 4], [50, 60])
    study, _ = case_of(read_table("measured,who,which\n1.5,o1,p1\n1.6,o2,p1\n"), "gauge-rr", {}, {
        "part": "which", "operator": "who", "value": "measured",
    })  # fmt: skip
    assert study["data"] == [["p1", "o1", 1.5], ["p1", "o2", 1.6]]
    short, _ = case_of(read_table("part,nominal,value\nA,10,10.1\nB,20,20.2\n"), "i-mr-dnom", {})
    assert analyze(short)["charts"]["I"]["center"] == pytest.approx(0.15)
    vectors, _ = case_of(read_table("t1,t2\n1,2\n3,4\n"), "mewma", {})
    assert vectors["data"] == [[1, 2], [3, 4]]
    with pytest.raises(Refusal, match="there are: batch, value"):
        case_of(stacked, "i-mr", {}, {"value": "weight"})
