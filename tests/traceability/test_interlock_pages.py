"""The pages of what the interlock answered, and a station that is taken out of production."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client

from lines.events.models import Event
from lines.models import ModeChange, Person, Station
from lines.modes.errors import MODE_NOT_YOURS, MODE_REASON
from lines.people.models import Role
from tests.traceability.conftest import Hand
from traceability.interlock.errors import NOT_IN_PRODUCTION
from traceability.models import Permit

Open = Callable[..., str]


def client(role: Role, language: str = "en") -> Client:
    found = Client()
    found.force_login(Person.objects.filter(role=role)[0])
    found.cookies["django_language"] = language
    return found


@pytest.fixture
def opened(hand: Hand) -> Open:  # noqa: ARG001 - the plant comes first
    def get(path: str, language: str = "en") -> str:
        response = client(Role.QUALITY, language).get(path)
        assert response.status_code == 200, path
        return re.sub(r"\s+", " ", response.content.decode())

    return get


def test_the_list_tells_each_answer_with_its_reasons(hand: Hand, opened: Open) -> None:
    cell = hand.make("LFP-CELL", until="BAKE")
    for _ in range(2):
        hand.ask(cell, "CAN")
    hand.ask(cell, "BAKE")
    html = opened(f"/interlock/?serial={cell}")
    html = html[html.index("verdict-table") :]
    assert html.index("BAKE-1") < html.index("CAN-1")
    assert "has passed this operation already" in html
    assert "2 times" in html
    assert "このユニットはこの工程にすでに合格しています" in opened("/interlock/parts/?show=denied", "ja")
    assert "CAN-1" not in opened("/interlock/parts/?show=allowed&station=BAKE-1")
    assert "No such answer" in opened("/interlock/parts/?serial=%0A%E2%80%AE")
    denial = Permit.objects.get(serial=cell, verdict="DENY")
    html = opened(f"/interlock/{denial.pk}/")
    assert "The same as was answered" in html
    assert "WO-LFP-1001" in html
    # Rules that changed, and facts that nobody reads any more.
    Permit.objects.filter(pk=denial.pk).update(reasons=["MES-T-0001"])
    assert "Another verdict than was answered" in opened(f"/interlock/{denial.pk}/")
    Permit.objects.filter(pk=denial.pk).update(facts={"state": "IN_PROCESS"})
    assert "stored by an older version" in opened(f"/interlock/{denial.pk}/")
    assert client(Role.QUALITY).get("/interlock/999999999/").status_code == 404


def test_a_supervisor_takes_a_station_out_of_production_and_back(hand: Hand, opened: Open) -> None:
    path = "/stations/WIND-1/mode/"
    refused = client(Role.QUALITY).post(path, {"mode": "MAINTENANCE", "reason": "belt"})
    assert (refused.status_code, MODE_NOT_YOURS.what_en in unescape(refused.content.decode())) == (403, True)
    supervisor = client(Role.SUPERVISOR)
    refused = supervisor.post(path, {"mode": "MAINTENANCE", "reason": " "}, headers={"HX-Request": "true"})
    assert MODE_REASON.what_en in refused.content.decode()
    assert Station.objects.get(code="WIND-1").mode == "PRODUCTION"
    assert supervisor.post(path, {"mode": "MAINTENANCE", "reason": "belt torn"}).status_code == 302
    denied = hand.ask(hand.serial("JRL"), "WIND")
    assert [reason["code"] for reason in denied["reasons"]] == [NOT_IN_PRODUCTION.code]
    assert "belt torn" in opened("/stations/WIND-1/")
    assert Event.objects.filter(kind="STATE", station="WIND-1", payload__mode="MAINTENANCE").exists()
    supervisor.post(path, {"mode": "PRODUCTION", "reason": "belt new"}, headers={"HX-Request": "true"})
    assert hand.ask(hand.serial("JRL"), "WIND")["verdict"] == "ALLOW"
    changes = ModeChange.objects.order_by("id").values_list("mode", "reason")
    assert list(changes) == [("MAINTENANCE", "belt torn"), ("PRODUCTION", "belt new")]
