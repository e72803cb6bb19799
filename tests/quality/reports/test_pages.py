"""Pages and API of reports."""

import json
from typing import Any

import pytest
from django.test import Client

from lines.models import Person
from lines.people.models import Role
from quality.reports import services
from quality.reports.models import Report, ReportSchedule
from tests.quality.conftest import ChartPlant
from tests.quality.reports.conftest import asked, made


@pytest.fixture
def client(quality: Person) -> Client:
    client = Client()
    client.force_login(quality)
    return client


FORM = {
    **{"span": "own", "since": "2026-03-01T08:00", "until": "2026-03-02T08:00", "language": "en"},
    **{"naming": "AIAG2005", "confidence": "0.95", "plans": "CHART-SOME"},
}


def test_a_report_is_asked_for_watched_and_read_on_pages(client: Client, charted: ChartPlant) -> None:
    filled = client.get("/reports/new/?plans=CHART-SOME").content.decode()
    assert 'value="CHART-SOME" selected' in filled
    answer = client.post("/reports/new/", FORM)
    report = Report.objects.get()
    assert answer.headers["Location"] == f"/reports/{report.pk}/"
    assert report.asked["since"] == "2026-02-28T23:00:00+00:00"  # the plant's clock
    page = client.get(f"/reports/{report.pk}/").content.decode()
    assert 'hx-trigger="every 1s"' in page
    assert "Cancel this report" in page
    services.make_next()
    report.refresh_from_db()
    page = client.get(f"/reports/{report.pk}/parts/").content.decode()
    assert "hx-trigger" not in page
    assert report.content_sha256 in page
    answer = client.get(f"/reports/{report.pk}/files/pdf/")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="spc-report-{report.pk}.pdf"'
    assert b"".join(answer.streaming_content).startswith(b"%PDF")  # type: ignore[attr-defined]  # of a stream
    assert "as it was made" in client.get(f"/reports/{report.pk}/?verify").content.decode()
    assert "CHART-SOME" in client.get("/reports/").content.decode()
    assert client.get("/reports/999999/").status_code == 404
    assert charted.plans


@pytest.mark.parametrize("span", ["shift", "day", "week", "days30"])
def test_every_preset_is_a_span(client: Client, charted: ChartPlant, span: str) -> None:
    assert client.post("/reports/new/", {**FORM, "span": span}).status_code == 302
    assert charted.plans


def test_what_is_wrong_stands_on_the_form(client: Client, charted: ChartPlant) -> None:
    for change, code in (
        ({"until": "2026-02-01T08:00"}, "MES-Q-0401"),
        ({"since": "soon"}, "MES-Q-0400"),
        ({"confidence": "2"}, "MES-Q-0400"),
        ({"serials": "NOBODY"}, "MES-Q-0403"),
    ):
        answer = client.post("/reports/new/", {**FORM, **change})
        assert answer.status_code == 422
        assert code in answer.content.decode()
        assert 'value="CHART-SOME" selected' in answer.content.decode()
    assert not Report.objects.exists()
    assert charted.plans


def test_the_rows_behind_a_chart_are_one_click_away(client: Client, charted: ChartPlant) -> None:
    assert "/charts/CHART-CALM/data/" in client.get("/charts/CHART-CALM/").content.decode()
    page = client.get("/charts/CHART-CALM/data/").content.decode()
    assert page.count("/go/unit/") == 50
    assert "SCALE" in page
    assert "CH-1" in page
    last = client.get("/charts/CHART-CALM/data/?page=3").content.decode()
    assert last.count("/go/unit/") == 20
    rows = client.get("/charts/CHART-CALM/data.csv").content.decode("utf-8-sig").splitlines()
    assert len(rows) == 121
    assert client.get("/charts/CHART-CALM/data.xlsx").content.startswith(b"PK")
    assert client.get("/charts/CHART-NONE/data/").status_code == 200
    assert charted.plans


def test_a_schedule_is_made_changed_and_stopped_on_pages(client: Client, charted: ChartPlant) -> None:
    form = {
        **{"name": "Night", "every": "SHIFT", "hour": "6", "language": "ja", "naming": "Minitab", "confidence": "0.9"},
        **{"recipients": "a@example.com\nb@example.com", "formats": ["PDF"], "stations": ["COAT-9"]},
    }
    assert client.post("/reports/schedules/new/", form).status_code == 302
    schedule = ReportSchedule.objects.get()
    assert schedule.recipients == ["a@example.com", "b@example.com"]
    page = client.get(f"/reports/schedules/{schedule.pk}/").content.decode()
    assert 'value="COAT-9" selected' in page
    assert "b@example.com" in page
    assert client.post(f"/reports/schedules/{schedule.pk}/", {**form, "every": "MONTH"}).status_code == 302
    assert client.post(f"/reports/schedules/{schedule.pk}/", {"stop": "1"}).status_code == 302
    schedule.refresh_from_db()
    assert (schedule.every, schedule.is_active) == ("MONTH", False)
    assert "stopped" in client.get("/reports/schedules/").content.decode()
    assert charted.plans


def test_the_api_asks_tells_cancels_and_gives_files(client: Client, charted: ChartPlant, quality: Person) -> None:
    def post(address: str, body: Any) -> Any:
        return client.post(f"/api/v1/spc/reports{address}", json.dumps(body), content_type="application/json")

    body = {"since": "2026-03-01T00:00:00Z", "until": "2026-03-02T00:00:00Z", "plans": ["CHART-SOME"]}
    answer = post("", body)
    assert answer.status_code == 202
    number = answer.json()["report"]
    assert post(f"/{number}/cancel", {}).json()["state"] == "CANCELLED"
    assert post(f"/{number}/cancel", {}).json()["code"] == "MES-Q-0406"
    assert post("", {**body, "colour": "red"}).json()["code"] == "MES-Q-0400"
    assert post("", {**body, "language": 1}).json()["code"] == "MES-Q-0400"
    done = made(quality, plans=("CHART-SOME",))
    told = client.get(f"/api/v1/spc/reports/{done.pk}").json()
    assert (told["state"], told["content_sha256"]) == ("DONE", done.content_sha256)
    content = client.get({file["format"]: file["address"] for file in told["files"]}["JSON"])
    assert json.loads(b"".join(content.streaming_content))["report"] == "SPC"  # type: ignore[attr-defined]  # of a stream
    page = client.get("/api/v1/spc/reports?limit=1").json()
    assert [item["report"] for item in page["items"]] == [done.pk]
    older = client.get(f"/api/v1/spc/reports?before={page['before']}").json()
    assert [item["report"] for item in older["items"]] == [number]
    client.force_login(Person.objects.create(username="operator", role=Role.OPERATOR))
    assert post("", body).json()["code"] == "MES-Q-0405"
    assert charted.plans


def test_an_auditor_asks_for_reports_but_neither_schedules_nor_cancels_those_of_others(
    client: Client, charted: ChartPlant, quality: Person
) -> None:
    del charted
    other = services.ask(asked(plans=("CHART-SOME",)), "en", quality)
    auditor = Person.objects.create(username="auditor", role=Role.AUDITOR)
    own = services.ask(asked(plans=("CHART-SOME",)), "en", auditor)
    client.force_login(auditor)
    assert "Cancel this report" not in client.get(f"/reports/{other.pk}/").content.decode()
    assert client.post(f"/api/v1/spc/reports/{other.pk}/cancel").json()["code"] == "MES-Q-0405"
    assert client.post(f"/api/v1/spc/reports/{own.pk}/cancel").json()["state"] == "CANCELLED"
    fields = {
        "name": "Daily",
        "every": "DAY",
        "hour": "6",
        "language": "en",
        "formats": "PDF",
        "recipients": "a@b.example",
    }
    assert client.post("/reports/schedules/new/", {**fields, "plans": "CHART-SOME"}).status_code == 403
