"""A plant where something happened to a few units, and people who look at it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, override_settings
from django.utils import timezone

from lines.models import Person, Station
from lines.people.models import Role
from lines.people.services import issue_person_token
from quality.gauges.models import Calibration, Gauge
from tests.traceability.conftest import Hand
from traceability.holds.services import hold_unit
from traceability.models import Unit


@pytest.fixture(autouse=True)
def kept(settings: Any, tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "reports"
    storage = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(folder)}}
    with override_settings(STORAGES={**settings.STORAGES, "reports": storage}):
        yield folder


@dataclass
class Plant:
    hand: Hand
    good: str  # slurry batches
    failed: (
        str  # its viscosity was too high; a value of it was corrected, it was measured by a gauge in doubt, and held
    )
    denied: str  # tried to enter a wrong station
    tokens: dict[str, str]

    def get(self, path: str, role: str = Role.AUDITOR, **query: Any) -> Any:
        headers = {"Authorization": f"Token {self.tokens[role]}"}
        return self.hand.client.get(f"/api/v1/{path}", query, headers=headers)

    def post(self, path: str, body: Any, role: str = Role.AUDITOR) -> Any:
        return self.hand.post(path, body, self.tokens[role])

    def browser(self, role: str = Role.AUDITOR) -> Client:
        client = Client()
        client.force_login(Person.objects.filter(role=role)[0])
        return client


@pytest.fixture
def plant(hand: Hand) -> Plant:
    people = {role: Person.objects.filter(role=role).first() for role in Role.values}
    people[Role.OPERATOR] = people[Role.OPERATOR] or Person.objects.create(username="op", role=Role.OPERATOR)
    tokens = {role: issue_person_token(person) for role, person in people.items() if person}
    good, failed, denied = (hand.serial("SLA") for _ in range(3))
    hand.run(good, "MIX-A", **hand.inputs(_step(hand, good)))
    wrong = [value | {"value": value["value"] * 9 + 9} for value in hand.values(failed, "MIX-A")]
    told = hand.tell(hand.body(failed, "MIX-A", "FAIL", measurements=wrong, recipe="LFP-314/MIX-A/v1")).json()
    assert told["verdict"] == "FAIL"
    record = hand.get(f"units/{failed}").json()["records"][0]["record"]
    mended = {"record": record, "kind": "VALUE", "reason": "Typed wrongly", "sequence": 0, "value": 1.0}
    assert hand.post("corrections", mended, tokens[Role.QUALITY]).status_code == 201
    gauge = Gauge.objects.filter(station__code="MIX-1").first() or Gauge.objects.create(
        code="MIX-1-RHEO", name_en="Rheometer", name_ja="粘度計", station=_station("MIX-1"), channel="",
        calibrated_at=timezone.now() - timedelta(days=60), valid_until=timezone.now() + timedelta(days=60),
    )  # fmt: skip
    ten_days_ago = timezone.now() - timedelta(days=10)
    Calibration.objects.create(
        gauge=gauge, kind="CALIBRATION", at=ten_days_ago, as_found_passed=True, as_left_passed=True, certificate="C-1",
        performed_by="Laboratory", next_due=ten_days_ago + timedelta(days=90), recorded_at=ten_days_ago,
        recorded_by="person:q",
    )  # fmt: skip
    Calibration.objects.create(
        gauge=gauge, kind="CHECK", at=timezone.now(), as_found_passed=False, as_left_passed=False,
        performed_by="Laboratory", recorded_at=timezone.now(), recorded_by="person:q",
    )  # fmt: skip
    hold_unit(Unit.objects.get(serial=failed).pk, reason="looked strange", by="person:q", now=timezone.now())
    assert hand.tell(hand.body(denied, "MIX-A")).status_code == 201
    assert hand.ask(denied, "MIX-A")["verdict"] == "DENY"
    return Plant(hand, good, failed, denied, tokens)


def _step(hand: Hand, serial: str) -> Any:
    return hand.step(serial, "MIX-A")


def _station(code: str) -> Any:
    return Station.objects.get(code=code)
