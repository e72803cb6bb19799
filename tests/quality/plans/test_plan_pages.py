"""Control plans and studies as a quality engineer goes through them in a browser."""

import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from lines.models import Person
from lines.people.models import Role
from quality.charts.services import evaluate
from quality.plans.models import ControlLimits, ControlPlan
from quality.studies.models import LimitsStudy
from tests.quality.conftest import STARTED, ChartPlant

FORM = {
    "form": "1", "code": "NEW-1", "name_en": "New plan", "name_ja": "新しい計画", "characteristic": "A",
    "product": "CELL-X", "station": "COAT-9", "chart": "XBAR-R", "subgroup_size": "3", "rule": ["1", "2"],
    "response": "ALARM", "is_active": "1", "reason": "A customer asked for it.",
}  # fmt: skip
VALUES = [10.0, 11.0, 9.0, 10.5, 9.5, 10.2, 9.8, 9.9, 10.1, 10.4, 9.7, 10.3]


def signed_in(role: Role) -> Client:
    client = Client()
    client.force_login(Person.objects.create(username=role.lower(), role=role))
    return client


@pytest.fixture
def client(db: None) -> Client:  # noqa: ARG001 - order
    return signed_in(Role.QUALITY)


def text_of(client: Client, path: str, **query: str) -> str:
    response = client.get(path, query)
    assert response.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_a_plan_is_entered_studied_frozen_and_charts(client: Client, plant: ChartPlant) -> None:
    plant.add_plan("A")
    plant.post([{"A": [value]} for value in VALUES], pending=False)
    assert client.post("/plans/new/", FORM).headers["Location"] == "/plans/NEW-1/"
    assert "no limits yet" in text_of(client, "/plans/NEW-1/")
    response = client.post("/plans/NEW-1/studies/", {"since": "2026-03-01T00:00", "until": "2026-03-02T00:00"})
    study = LimitsStudy.objects.get()
    assert response.headers["Location"] == f"/studies/{study.pk}/"
    page = text_of(client, f"/studies/{study.pk}/")
    assert "In control" in page
    assert "Only 12 values" in page
    spec = json.loads(client.get(f"/studies/{study.pk}/spec.json", {"width": "900"}).content)
    assert len(spec["datasets"]["points"]) == 4
    client.post(f"/studies/{study.pk}/points/", {"place": ["1"], "reason": "Wrong master piece."})
    assert "Wrong master piece." in text_of(client, f"/studies/{study.pk}/")
    client.post(f"/studies/{study.pk}/freeze/", {"reason": "First study."})
    assert ControlPlan.objects.get(code="NEW-1").limits.get().reason == "First study."
    page = text_of(client, "/plans/NEW-1/")
    assert "frozen as version 1" in page
    assert "A customer asked for it." in page
    # To the database the whole test is one moment, before the limits were frozen.
    ControlLimits.objects.filter(plan__code="NEW-1").update(valid_from=STARTED)
    plant.post([{"A": [value]} for value in (10.0, 10.1, 10.2)])
    evaluate()
    assert ControlPlan.objects.get(code="NEW-1").points.count() == 1


def test_the_preview_follows_the_form_and_stores_nothing(client: Client, plant: ChartPlant) -> None:
    plant.add_plan("A")
    plant.post([{"A": [value]} for value in [*VALUES, 30.0]], pending=False)
    asked = {**FORM, "chart": "I-MR", "subgroup_size": "1", "code": "NEW-1"}
    page = client.get("/plans/preview/", asked)
    words = " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())
    assert "Mean of these points" in words
    assert "In the last 13 points this would have signalled" in words
    assert "All plans together" in words
    query = re.search(r'data-spec="([^"]+)"', page.content.decode())
    assert query is not None
    spec = json.loads(client.get(query[1].replace("&amp;", "&")).content)
    assert len(spec["datasets"]["points"]) == 13
    half = text_of(client, "/plans/preview/", form="1", chart="XBAR-R", characteristic="A")
    assert "The chart appears when these fields are filled in" in half
    assert client.get("/plans/preview/spec.json", {"chart": "PIE"}).status_code == 404
    assert ControlPlan.objects.count() == 1


def test_a_wrong_field_is_told_beside_it_and_what_was_typed_stays(client: Client, plant: ChartPlant) -> None:
    plant.add_plan("A")
    response = client.post("/plans/new/", {**FORM, "subgroup_size": "3,5", "reaction_en": "Look at the die."})
    html = response.content.decode()
    assert response.status_code == 422
    assert "MES-Q-0203" in html[html.index('id="error-subgroup_size"') :][:600]
    assert "Look at the die." in html
    assert 'value="New plan"' in html


def test_the_list_says_what_the_plans_expect_together(client: Client, plant: ChartPlant) -> None:
    plant.add_plan("A")
    plant.add_plan("B", response="CONTAIN")
    plant.post([{"A": [10.0 + n % 2], "B": [10.0]} for n in range(480)])  # 8 hours: one shift
    evaluate()
    page = text_of(client, "/plans/")
    # Rules 1 and 2 on individuals and rule 1 on moving ranges: once in about 65 points; 960 points a shift.
    expected = re.search(r"Expected false alarms per shift ([\d.]+) at most 10", page)
    held = re.search(r"Expected false containments per shift ([\d.]+) at most 2", page)
    assert expected is not None
    assert held is not None
    assert float(expected[1]) == pytest.approx(2 * float(held[1]), rel=0.02)
    assert 5 < float(held[1]) < 10


def test_a_table_goes_out_and_comes_in_again_changed(client: Client, plant: ChartPlant) -> None:
    plant.add_plan("A")
    for name in ("csv", "xlsx"):
        content = client.get(f"/plans/export.{name}").content
        upload = SimpleUploadedFile(f"plans.{name}", content)
        page = client.post("/plans/import/", {"file": upload}).content.decode()
        assert "1 rows: 0 new, 0 changed, 0 wrong" in " ".join(page.split()) or "0 wrong" in page
    table = client.get("/plans/export.csv").content.decode().replace("ALARM", "CONTAIN").replace("CHART-A", "CHART-A")
    checked = client.post("/plans/import/", {"file": SimpleUploadedFile("plans.csv", table.encode())})
    assert "ALARM" in checked.content.decode()
    assert ControlPlan.objects.get().response == "ALARM"
    carried = checked.context["table"]
    seen = checked.context["seen"]
    client.post("/plans/import/", {"table": carried, "seen": seen, "reason": "Units are to be held.", "store": "1"})
    plan = ControlPlan.objects.get()
    newest = plan.changes.first()
    assert plan.response == "CONTAIN"
    assert newest is not None
    assert newest.reason == "Units are to be held."


def test_what_others_changed_between_check_and_import_is_not_undone(client: Client, plant: ChartPlant) -> None:
    plan = plant.add_plan("A")
    table = SimpleUploadedFile("plans.csv", b"code,margin_units\nCHART-A,9\n")
    page = client.post("/plans/import/", {"file": table})
    plan.response = "LOG"  # by somebody else
    plan.save()
    for status, margin in ((409, 5), (302, 9)):
        carried = {name: page.context[name] for name in ("table", "seen")}
        assert "response" not in carried["table"]
        page = client.post("/plans/import/", {**carried, "reason": "why", "store": "1"})
        plan.refresh_from_db()
        assert (page.status_code, plan.margin_units, plan.response) == (status, margin, "LOG")
        if status == 409:
            assert "MES-Q-0214" in page.content.decode()


def test_a_table_with_a_wrong_row_stores_nothing(client: Client, plant: ChartPlant) -> None:
    plant.add_plan("A")
    rows = [
        "code,name_en,name_ja,characteristic,product,station,chart,subgroup_size,rules",
        "NEW-1,One,一,A,CELL-X,COAT-9,XBAR-R,3,1 2",
        'NEW-2,Two,二,A,CELL-X,COAT-9,XBAR-R,"2,5",1 2',
        "NEW-3,Three,三,A,CELL-X,NOWHERE,XBAR-R,5,nine",
        "NEW-1,One again,一,A,CELL-X,COAT-9,XBAR-S,3,1",
    ]
    upload = SimpleUploadedFile("plans.csv", "\n".join(rows).encode())
    page = client.post("/plans/import/", {"file": upload, "reason": "why", "store": "1"})
    html = page.content.decode()
    assert page.status_code == 422
    for code in ("MES-Q-0221", "MES-Q-0203", "MES-Q-0206", "MES-Q-0209", "MES-Q-0222"):
        assert code in html
    assert ControlPlan.objects.count() == 1


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no workbook", b"a;b\n1;2\n", b"\xff\xfe\x00", b"code\n"])
def test_a_file_that_is_no_table_is_refused_with_a_code(client: Client, plant: ChartPlant, content: bytes) -> None:
    plant.add_plan("A")
    page = client.post("/plans/import/", {"file": SimpleUploadedFile("plans.csv", content)})
    assert page.status_code in {413, 422}
    assert "MES-Q-0" in page.content.decode()


def test_everybody_reads_and_only_quality_writes(plant: ChartPlant) -> None:
    plant.add_plan("A")
    auditor = signed_in(Role.AUDITOR)
    assert "New plan" not in text_of(auditor, "/plans/")
    assert "Store the plan" not in text_of(auditor, "/plans/CHART-A/edit/")
    assert auditor.post("/plans/new/", FORM).status_code == 403
    assert auditor.post("/plans/CHART-A/limits/", {"center": "1"}).status_code == 403
    assert ControlPlan.objects.count() == 1
    assert Client().get("/plans/").status_code == 302
    assert auditor.get("/plans/NONE/").status_code == 404
    assert auditor.get(f"/studies/{2**70}/").status_code == 404


def test_text_that_no_database_takes_is_no_failure(client: Client, plant: ChartPlant) -> None:
    plant.add_plan("A")
    odd = {**FORM, "station": "a\0", "signal_code": "\0b", "code": "X\0", "stream": "\0"}
    asked = [client.get(path) for path in ("/plans/%00/", "/plans/%00/edit/", "/plans/preview/spec.json?station=%00")]
    asked += [client.get("/plans/new/", {"copy": "\0"}), client.get("/plans/preview/", odd)]
    asked += [client.post("/plans/new/", odd)]
    entered = {"center": "1", "sigma_within": "1", "n_values": "9", "reason": "why"}
    asked += [
        client.post("/plans/CHART-A/limits/", {**entered, **more})
        for more in ({"stream": "\0x"}, {"valid_from": "soon"})
    ]
    asked += [client.post("/plans/CHART-A/studies/", {"since": "\0", "until": "9999-99-99"})]
    assert all(response.status_code < 500 for response in asked)
    assert ControlPlan.objects.count() == 1
