"""Serials handed out in blocks: consecutive, never one that a unit bears, the same block for the same key."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from lines.models import MaterialDefinition, ProductionLine, QuarantinedPost
from lines.orders.serials import MAX_SEQUENCE, Serial, make_serial, parse_serial
from tests.traceability.conftest import Hand
from tests.traceability.test_units_api import fits
from traceability.issuing import errors, schemas
from traceability.models import SerialBlock, Unit


def ask(hand: Hand, key: str, station: str = "WELD-1", **body: Any) -> Any:
    return hand.post(f"stations/{station}/serial-blocks", body, station, key)


def bear(serial: str) -> None:
    now = timezone.now()
    Unit.objects.create(serial=serial, created_at=now, updated_at=now)


def test_serials_that_units_bear_are_passed_by(hand: Hand) -> None:
    day = timezone.now().astimezone(UTC).date()
    for sequence in (3, 41, 999_000):
        bear(make_serial(Serial("SK", "1", "CLF", day if sequence < 900_000 else day - timedelta(1), sequence)))
    bear(make_serial(Serial("SK", "1", "CLF", day, 17))[:-1])  # no serial of ours
    first = ask(hand, "A", definition="LFP-CELL", count=2, day=day.isoformat())
    assert [parse_serial(serial).sequence for serial in first.json()["serials"]] == [42, 43]
    bear(make_serial(Serial("SK", "1", "CLF", day, 43)))
    fits(schemas.BlockShape(), first.json())
    again = ask(hand, "A", definition="LFP-CELL", count=2, day=day.isoformat())
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    other = ask(hand, "A", definition="LFP-CELL", count=3, day=day.isoformat())
    assert (other.status_code, other.json()["code"]) == (422, "MES-L-0217")
    # Another station's key is another key.
    assert ask(hand, "A", "WIND-1", definition="LFP-CELL", count=3, day=day.isoformat()).status_code == 201
    bear(make_serial(Serial("SK", "1", "CLF", day, MAX_SEQUENCE - 2)))
    full = ask(hand, "B", definition="LFP-CELL", count=3, day=day.isoformat())
    assert (full.status_code, full.json()["code"]) == (409, errors.SERIALS_EXHAUSTED.code)
    assert "2 left" in full.json()["detail"]
    last = ask(hand, "B", definition="LFP-CELL", count=2, day=day.isoformat())  # the refusal left the key free
    assert [parse_serial(serial).sequence for serial in last.json()["serials"]] == [999_998, 999_999]


def test_the_day_is_the_plants(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: datetime(2027, 3, 31, 16, 0, tzinfo=UTC))
    answer = ask(hand, "A", definition="LFP-CELL", count=1).json()
    assert parse_serial(answer["serials"][0]).made_on == date(2027, 4, 1)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"count": 3}, "MES-L-0203"),
        ({"definition": "LFP-CELL"}, "MES-L-0203"),
        ({"definition": "LFP-CELL", "count": 0}, "MES-L-0209"),
        ({"definition": "LFP-CELL", "count": 1001}, "MES-L-0209"),
        ({"definition": "LFP-CELL", "design_code": "CLF", "count": 1}, "MES-L-0210"),
        ({"definition": "NMP", "count": 1}, errors.NO_SUCH_KIND.code),
        ({"design_code": "XXX", "count": 1}, errors.NO_SUCH_KIND.code),
        ({"definition": "LFP-CELL", "count": 1, "day": "tomorrow"}, "MES-L-0207"),
        ({"definition": "LFP-CELL", "count": 1, "day": "2090-01-01"}, errors.DAY_TOO_FAR.code),
        ({"definition": "LFP-CELL", "count": 1, "colour": 1}, "MES-L-0202"),
    ],
)
def test_what_is_refused_goes_to_quarantine(hand: Hand, body: dict[str, Any], code: str) -> None:
    response = ask(hand, "A", **body)
    assert (response.status_code, response.json()["code"]) == (422, code)
    assert QuarantinedPost.objects.filter(key="A", code=code).count() == 1
    assert not SerialBlock.objects.exists()


def test_a_plant_without_serial_characters_issues_none(hand: Hand) -> None:
    ProductionLine.objects.update(serial_code="")
    assert MaterialDefinition.objects.filter(design_code="CLF").exists()
    refused = ask(hand, "A", definition="LFP-CELL", count=1)
    assert (refused.status_code, refused.json()["code"]) == (409, errors.NO_SERIAL_CODE.code)
    assert hand.post("stations/WELD-1/serial-blocks", {}, "WIND-1", "A").status_code == 403
