"""Ad-hoc analyses: a pasted or uploaded table, and the same for scripts. Nothing is stored."""

import io
import json
import re

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from lines.errors import Refusal
from lines.models import Person
from lines.people.models import Role
from quality.analyses import errors
from quality.analyses.form import read
from quality.analyses.tabled import Tabled, case_of
from quality.spc.tables import read_table

VALUES = [
    10.2,
    9.8,
    10.1,
    10.0,
    9.9,
    10.3,
    9.7,
    10.1,
    10.0,
    9.9,
    10.2,
    10.1,
    9.8,
    10.0,
    10.1,
    9.9,
    10.0,
    10.2,
    9.9,
    10.1,
]


@pytest.fixture
def client(db: None) -> Client:  # noqa: ARG001 - order
    client = Client()
    client.force_login(Person.objects.create(username="auditor", role=Role.AUDITOR))  # reading is enough
    return client


def ask(client: Client, table: str, **fields: object) -> str:
    response = client.post("/analyses/", {"table": table, "rules": [1, 2], **fields})
    assert response.status_code == 200, response.content.decode()[-4000:]
    return response.content.decode()


def spec_of(html: str) -> dict[str, object]:
    found = re.search(r'id="analysis-spec" type="application/json">(.*?)</script>', html, re.DOTALL)
    assert found
    spec: dict[str, object] = json.loads(found[1])
    return spec


def points_of(html: str) -> list[dict[str, object]]:
    datasets = spec_of(html)["datasets"]
    assert isinstance(datasets, dict)
    points: list[dict[str, object]] = datasets["points"]
    return points


def tabled(text: str, **fields: str) -> Tabled:
    asked = read(fields, ["1"])
    return case_of(read_table(text), asked.layout, asked.params)


def test_a_pasted_column_becomes_the_same_chart_as_everywhere_and_nothing_is_written(client: Client) -> None:
    text = "Serial\tFill [g]\n" + "\n".join(f"S{i}\t{value}" for i, value in enumerate([*VALUES, 12.0]))
    with CaptureQueriesContext(connection) as queries:
        html = ask(client, text, usl="12", lsl="8")
    assert not [query for query in queries if not query["sql"].lower().startswith(("select", "savepoint", "release"))]
    assert [row["I"] for row in points_of(html)] == [*VALUES, 12.0]
    assert "(g)" in json.dumps(spec_of(html))
    signals = html[html.index('id="signals"') :]
    assert "One point beyond a control limit" in signals
    assert "S20" in signals  # the row is named
    ability = html[html.index('id="ability"') : html.index('id="signals"')]
    assert "not in control" in ability
    assert "Cpk</dt>" not in ability  # not of a process out of control
    assert "Ppk</dt>" in ability


def test_bad_cells_are_told_by_row_and_the_rest_goes_on(client: Client) -> None:
    rows = ["value", *map(str, VALUES)]
    rows[3], rows[5], rows[7], rows[9] = "broken", "9,9", "", "10 mm"
    html = ask(client, "\n".join(f"{row};x" for row in rows).replace("value;x", "value;note"))
    troubles = html[html.index('id="troubles"') : html.index('id="analysis-chart"')]
    assert [int(row) for row in re.findall(r'<td class="num">(\d+)</td>', troubles)] == [4, 6, 10]
    for code in ("MES-Q-0130", "MES-Q-0131", "MES-Q-0132"):
        assert code in troubles
    gaps = [place for place, row in enumerate(points_of(html)) if row["I"] is None]
    assert gaps == [2, 4, 6, 8]  # gaps, never 0


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"chart": "i-mr"}, "x\n5\n5\n5\n5"),
        ({"chart": "i-mr"}, "x\n5"),
        ({"chart": "i-mr", "lsl": "5", "usl": "1"}, "x\n5\n6\n7"),
        ({"chart": "cusum"}, "x\n5\n5\n5"),
        ({"chart": "ewma", "n": "2"}, "x\n5\n6\n7"),
        ({"chart": "xbar-r"}, "a,b\n1,2\n,\n3,"),
        ({"chart": "i-mr-s"}, "a,b\n1,2\n,\n3,"),
        ({"chart": "p", "size": "50"}, "x\n5\n51\n-1\n0"),
        ({"chart": "laney-p"}, "x,n\n5,50\n6,50"),
        ({"chart": "c"}, "x\n0\n0"),
        ({"chart": "g"}, "x\n0\n-4"),
        ({"chart": "t"}, "x\n0\n-4\n3"),
        ({"chart": "hotelling-t2-individuals"}, "a,b\n1,2\n2,4\n3,6"),
        ({"chart": "mewma"}, "a,b\n1,2\n2,4\n3,6"),
        ({"chart": "xbar-r-dnom"}, "a,b,nominal\n1,2,1\n2,4,\n3,6,3"),
    ],
)
def test_too_little_or_too_even_data_are_undefined_with_a_reason_and_never_fail(
    client: Client, fields: dict[str, str], text: str
) -> None:
    html = ask(client, text, **fields)
    shown = re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)
    assert not re.search(r"\b(nan|inf|infinity|traceback)\b", shown, re.IGNORECASE)
    assert "NaN" not in json.dumps(spec_of(html))


def test_what_cannot_be_analysed_is_refused_in_the_readers_language(client: Client) -> None:
    for fields, code in (
        ({"table": ""}, errors.NO_TABLE),
        ({"table": "name\nx\ny"}, errors.NO_NUMBERS),
        ({"table": "x\n1\n2", "chart": "p"}, errors.NO_SIZES),
        ({"table": "x\n1\n2", "chart": "mewma"}, errors.TOO_FEW_COLUMNS),
        ({"table": "x\n1\n2", "usl": "1,5"}, errors.FIELD_NOT_A_NUMBER),
    ):
        client.cookies["django_language"] = "ja"
        response = client.post("/analyses/", fields)
        assert response.status_code == 422
        assert code.what_ja in response.content.decode()


def test_an_uploaded_workbook_is_read_and_stays_in_the_field(client: Client) -> None:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["No.", "a", "b", "c"])
        for row in range(12):
            sheet.write_row(row + 1, 0, [row + 1, *VALUES[row : row + 3]])
    upload = SimpleUploadedFile("data.xlsx", content.getvalue())
    html = ask(client, "", chart="xbar-r", file=upload)
    assert len(points_of(html)) == 12
    first = points_of(html)[0]["XBAR"]
    assert isinstance(first, float)
    assert first == pytest.approx(sum(VALUES[:3]) / 3)  # without the column "No."
    assert "1.0,10.2,9.8,10.1" in html
    broken = client.post("/analyses/", {"file": SimpleUploadedFile("data.xlsx", b"PK\x03\x04broken")})
    assert broken.status_code == 422


def test_rows_of_one_column_become_subgroups_that_are_told_by_their_rows() -> None:
    text = "x [mm]\n" + "\n".join(map(str, range(1, 8)))
    found = tabled(text, chart="xbar-r", n="3")
    assert (found.title, found.unit) == ("x", "mm")
    assert found.rows == [(2, 3, 4), (5, 6, 7), (8,)]
    found = tabled("batch,x\nA,1\nA,2\nB,3\n,\nB,4\nB,5", chart="xbar-r")
    assert found.case["data"] == [[1, 2], [3, 4, 5]]
    assert found.rows == [(2, 3), (4, 6, 7)]
    counted = tabled("defects,inspected\n3,50\n2,60", chart="p")
    assert (counted.case["data"], counted.case["subgroups"]) == ([3, 2], [50, 60])
    short = tabled("x,nominal\n1,1\n2,1\n5,4\n6,4", chart="xbar-r-dnom", n="2")
    assert short.case["params"]["nominal"] == [1, 4]
    with pytest.raises(Refusal):
        tabled("x\n1", chart="i-mr", columns="y")


def test_scripts_post_the_same_cases(client: Client) -> None:
    case = {"chart": "i-mr", "data": [*VALUES, None, "9,8"], "params": {"rules": [1]}}
    response = client.post("/api/v1/spc/analyses", json.dumps(case), content_type="application/json")
    assert response.status_code == 200
    body = response.json()
    assert body["charts"]["I"]["center"] == pytest.approx(sum(VALUES) / len(VALUES))
    assert [problem["place"] for problem in body["problems"]] == [21]
    for wrong, code in (({"chart": "pareto", "data": []}, "MES-Q-0140"), ({"chart": "i-mr", "more": 1}, "MES-L-0202")):
        refused = client.post("/api/v1/spc/analyses", json.dumps(wrong), content_type="application/json")
        assert refused.status_code == 422
        assert refused.json()["code"] == code
    assert Client().post("/api/v1/spc/analyses", "{}", content_type="application/json").status_code == 401
