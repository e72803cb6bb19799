"""The alarm list: what waits comes first, a note is required, and the reader sees who answered."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from lines.alarms.models import AlarmPriority
from lines.alarms.services import raise_alarm
from lines.models import Alarm, Person
from lines.people.models import Role
from tests.lines.rows import make_line, make_server, make_station

pytestmark = pytest.mark.django_db


@pytest.fixture
def alarm() -> Alarm:
    station = make_station(make_server(make_line(), "SRV"), "COAT-9").station
    return raise_alarm(
        station, "SPC-RULE-1", priority=AlarmPriority.HIGH, message_en="Point outside", message_ja="管理外れ",
        subject_kind="chart", subject_id="PLAN", source_time=datetime(2026, 3, 1, tzinfo=UTC),
    )  # fmt: skip


def _signed_in(role: Role) -> Client:
    client = Client()
    client.force_login(Person.objects.create(username=role.lower(), role=role, name_en="Somebody", name_ja="担当者"))
    return client


def test_an_open_alarm_is_listed_in_the_readers_language(alarm: Alarm) -> None:
    client = _signed_in(Role.SUPERVISOR)
    assert "Point outside" in client.get("/alarms/").content.decode()
    page = client.get("/alarms/", headers={"accept-language": "ja"}).content.decode()
    assert "管理外れ" in page and "/go/chart/PLAN/" in page
    assert "COAT-9" not in client.get("/alarms/?station=OTHER").content.decode().split("<main")[1]
    assert f"alarm-{alarm.pk}" not in client.get("/alarms/?show=acknowledged").content.decode()


def test_acknowledging_needs_a_note_and_shows_who(alarm: Alarm) -> None:
    client = _signed_in(Role.QUALITY)
    row = client.post(f"/alarms/{alarm.pk}/acknowledge/", {"note": "  "}, headers={"hx-request": "true"})
    assert "acknowledged with a note" in row.content.decode() and "<form" in row.content.decode()
    row = client.post(f"/alarms/{alarm.pk}/acknowledge/", {"note": "Die <b>cleaned"}, headers={"hx-request": "true"})
    text = row.content.decode()
    assert "Somebody" in text and "Die &lt;b&gt;cleaned" in text and "<form" not in text
    assert f"alarm-{alarm.pk}" not in client.get("/alarms/").content.decode()
    assert f"alarm-{alarm.pk}" in client.get("/alarms/?show=acknowledged").content.decode()


def test_without_script_the_form_works_as_well(alarm: Alarm) -> None:
    client = _signed_in(Role.SUPERVISOR)
    refused = client.post(f"/alarms/{alarm.pk}/acknowledge/", {"note": ""})
    assert (refused.status_code, "acknowledged with a note" in refused.content.decode()) == (422, True)
    assert client.post(f"/alarms/{alarm.pk}/acknowledge/", {"note": "Seen."})["Location"] == "/alarms/"
    assert client.post("/alarms/999999/acknowledge/", {"note": "Seen."}).status_code == 404


def test_an_auditor_reads_only(alarm: Alarm) -> None:
    client = _signed_in(Role.AUDITOR)
    assert "acknowledge/" not in client.get("/alarms/").content.decode()
    assert client.post(f"/alarms/{alarm.pk}/acknowledge/", {"note": "Seen."}).status_code == 403
    alarm.refresh_from_db()
    assert alarm.acknowledged_at is None
