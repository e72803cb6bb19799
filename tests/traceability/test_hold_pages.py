"""Holds and nonconformances by page and API, as supervisors, quality engineers and auditors meet them."""

import html
import re
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from psycopg.errors import DeadlockDetected

from lines.errors import BAD_TEXT, BAD_TIME, BUSY
from lines.models import Person
from lines.people.models import Role
from lines.people.services import issue_person_token
from tests.traceability.conftest import Hand
from traceability.holds import disposing, errors, placing
from traceability.models import Hold, HoldUnit, Lot, Nonconformance, Unit


class Reader:
    """A signed-in person with a browser."""

    def __init__(self, role: str) -> None:
        self.client = Client()
        self.client.force_login(Person.objects.get(role=role))

    def get(self, path: str, **query: str) -> str:
        response = self.client.get(path, query)
        assert response.status_code == 200, (path, response.status_code)
        return html.unescape(re.sub(r"\s+", " ", response.content.decode()))

    def post(self, path: str, status: int = 302, **fields: Any) -> str:
        response = self.client.post(path, fields)
        assert response.status_code == status, (path, response.content)
        return html.unescape(re.sub(r"\s+", " ", response.content.decode()))


@pytest.fixture
def batch(hand: Hand) -> str:
    return hand.make("CATHODE-SLURRY")


def test_a_hold_is_counted_confirmed_once_and_released(batch: str) -> None:
    supervisor, auditor = Reader(Role.SUPERVISOR), Reader(Role.AUDITOR)
    lot = Lot.objects.get(number="LOT-LFP-POWDER")
    assert f"scope=LOT&supplier={lot.supplier}&lot={lot.number}" in supervisor.get(f"/lots/{lot.pk}/")
    asked: dict[str, Any] = {"scope": "LOT", "supplier": lot.supplier, "lot": lot.number, "reason": "iron"}
    counted = supervisor.get("/holds/new/", preview="1", **asked)
    assert "1 unit would be held" in counted and batch in counted and "MIX-1" in counted
    assert not Hold.objects.exists()
    token = re.findall(r'name="token" value="([^"]+)"', counted)[0]
    assert 'name="token"' not in auditor.get("/holds/new/", preview="1", **asked)
    refused = auditor.post("/holds/new/", 403, token="x", **asked)
    assert errors.HOLD_NOT_YOURS.code in refused
    for _ in range(2):
        supervisor.post("/holds/new/", token=token, **asked)
    hold = Hold.objects.get()
    assert batch in supervisor.get(f"/holds/{hold.pk}/")
    assert f"/holds/{hold.pk}/" in supervisor.get("/holds/")
    assert "iron" in supervisor.get(f"/units/{batch}/")
    wrong = supervisor.post(f"/holds/{hold.pk}/release/", 422, unit=[batch], reason=" ")
    assert errors.HOLD_REASON.what_en in wrong
    supervisor.post(f"/holds/{hold.pk}/release/", unit=[batch], reason="analysed")
    assert HoldUnit.objects.get().released_at is not None
    supervisor.post(f"/holds/{hold.pk}/release/", whole="1", reason="all analysed")
    supervisor.client.cookies["django_language"] = "ja"
    assert "解除済み" in supervisor.get(f"/holds/{hold.pk}/", show="all")
    assert "all analysed" in supervisor.get("/holds/", show="released")


def test_what_is_wrong_in_the_form_stands_beside_its_field(hand: Hand) -> None:  # noqa: ARG001 - the plant comes first
    quality = Reader(Role.QUALITY)
    quality.client.cookies["django_language"] = "ja"
    for field, code, asked in (
        ("serial", errors.NOTHING_TO_HOLD, {"scope": "UNIT", "serial": "NOBODY"}),
        ("lot", errors.NOTHING_TO_HOLD, {"scope": "LOT", "supplier": "x", "lot": "y"}),
        ("to_m", errors.HOLD_RANGE, {"scope": "ROLL_RANGE", "serial": "X", "from_m": "9", "to_m": "3"}),
        ("window_from", errors.HOLD_WINDOW, {"scope": "STATION", "station": "WIND-1"}),
        ("reason", errors.HOLD_REASON, {"scope": "TRAY", "tray": "T-1", "reason": ""}),
        ("window_from", BAD_TIME, {"scope": "STATION", "station": "WIND-1", "window_from": "0001-01-01T00:00"}),
        (
            "window_to",
            BAD_TIME,
            {"scope": "CHANNEL", "channel": "C-1", "window_from": "2026-01-01T00:00", "window_to": "9999-12-31T23:59"},
        ),
        ("tray", BAD_TEXT, {"scope": "TRAY", "tray": "T" * 33}),
        ("channel", BAD_TEXT, {"scope": "CHANNEL", "channel": "C" * 49, "window_from": "2026-01-01T00:00"}),
    ):
        response = quality.client.get("/holds/new/", {"preview": "1", "reason": "why", **asked})
        assert response.status_code == 422
        shown = response.content.decode()
        assert f'id="error-{field}"' in shown and code.what_ja in shown


def test_a_nonconformance_is_decided_on_its_page(hand: Hand, batch: str) -> None:
    hand.tell(hand.body(batch, "MIX-C"))  # a second time, without a permit
    found = Nonconformance.objects.get(unit__serial=batch)
    path = f"/nonconformances/{found.pk}/"
    quality, supervisor = Reader(Role.QUALITY), Reader(Role.SUPERVISOR)
    assert path in quality.get("/nonconformances/")
    shown = quality.get(path)
    assert "MES-T-0007" in shown and "The unit has passed this operation already." in shown
    assert 'name="disposition"' in shown and 'name="disposition"' not in supervisor.get(path)
    refused = supervisor.post(path, 403, disposition="SCRAP", reason="x")
    assert errors.DISPOSITION_NOT_YOURS.code in refused or "Quality engineers decide" in refused
    assert errors.GRADE_MISSING.code in quality.post(path, 422, disposition="DOWNGRADE", reason="x")
    assert errors.REWORK_STEP.code in quality.post(path, 422, disposition="REWORK", reason="x", rework_to="COAT")
    quality.post(path, disposition="USE_AS_IS", reason="mixed longer, no harm")
    assert "mixed longer, no harm" in quality.get(path)
    assert path in quality.get("/nonconformances/", show="closed")
    assert Unit.objects.get(serial=batch).state == "COMPLETED"


def test_lists_ask_the_same_number_of_queries_however_long(hand: Hand, batch: str) -> None:
    quality = Reader(Role.QUALITY)

    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            quality.get(path)
        return len(captured)

    hand.tell(hand.body(batch, "MIX-C"))
    paths = ("/nonconformances/", "/holds/?show=nonconformance")
    first = [queries(path) for path in paths]
    for _ in range(3):
        hand.tell(hand.body(batch, "MIX-C"))
    assert [queries(path) for path in paths] == first


def test_by_the_api_as_on_the_pages(hand: Hand, batch: str) -> None:
    tokens = {role: issue_person_token(Person.objects.get(role=role)) for role in (Role.QUALITY, Role.AUDITOR)}
    quality = tokens[Role.QUALITY]
    body = {"scope": "UNIT", "serial": batch, "reason": "look at it"}
    counted = hand.post("holds/preview", body, quality).json()
    assert counted["n_units"] == 1 and counted["situations"][0]["serials"] == [batch]
    assert not Hold.objects.exists()
    assert hand.post("holds", body, tokens[Role.AUDITOR]).json()["code"] == errors.HOLD_NOT_YOURS.code
    assert hand.post("holds", body, "MIX-1").status_code == 403
    placed = hand.post("holds", body, quality, "K-1")
    again = hand.post("holds", body, quality, "K-1")
    assert (placed.status_code, again.status_code, again.json()) == (201, 200, placed.json())
    number = placed.json()["hold"]
    assert hand.get("holds", state="open").json()["items"] == [placed.json()]
    assert hand.get(f"holds/{number}/units").json()["items"][0]["serial"] == batch
    released = hand.post(f"holds/{number}/release", {"reason": "fine"}, quality)
    assert released.json()["n_held"] == 0 and released.json()["release_reason"] == "fine"
    assert hand.post(f"holds/{number}/release", {"reason": "fine"}, quality).status_code == 409
    hand.tell(hand.body(batch, "MIX-C"))
    found = hand.get("nonconformances", state="open", serial=batch).json()["items"][0]
    decided = hand.post(
        f"nonconformances/{found['nonconformance']}/dispositions", {"disposition": "SCRAP", "reason": "old"}, quality
    )
    assert decided.status_code == 201 and decided.json()["unit_state"] == "SCRAPPED"
    assert decided.json()["decisions"][0]["decided_by"] == "quality"
    huge = hand.get(f"holds/{10**30}")
    assert huge.status_code == 404 and huge.json()["code"] == errors.HOLD_NOT_FOUND.code


def test_who_waits_in_a_circle_is_told_to_come_again(hand: Hand, batch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def deadlock(*_: Any, **__: Any) -> None:
        raise OperationalError from DeadlockDetected()

    monkeypatch.setattr(placing, "cover", deadlock)
    monkeypatch.setattr(disposing, "standing", deadlock)
    quality = issue_person_token(Person.objects.get(role=Role.QUALITY))
    placed = hand.post("holds", {"scope": "UNIT", "serial": batch, "reason": "look at it"}, quality)
    assert (placed.status_code, placed.json()["code"]) == (BUSY.status, BUSY.code)
    found = Nonconformance.objects.create(
        unit=Unit.objects.get(serial=batch), codes=["MES-T-0001"], opened_at=timezone.now()
    )
    decision = {"disposition": "SCRAP", "reason": "old"}
    decided = hand.post(f"nonconformances/{found.pk}/dispositions", decision, quality)
    assert decided.json()["code"] == BUSY.code
