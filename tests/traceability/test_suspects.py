"""A gauge that is found out of order: nothing more gets in, what it judged is listed and held, and it is good again."""

from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from lines.models import Person, Station
from lines.people.models import Role
from lines.people.services import issue_person_token
from quality.models import Calibration, Gauge
from tests.traceability.conftest import Hand
from traceability.interlock.errors import CHANNEL_OVERDUE, GAUGE_OVERDUE
from traceability.models import Hold, HoldUnit, Unit
from traceability.suspects.errors import NOTHING_JUDGED

CHECK = {"kind": "CHECK", "as_found_passed": False, "performed_by": "T. Mori", "as_found": 0.4, "unit": "g"}
REPAIR = {"kind": "CALIBRATION", "as_found_passed": True, "performed_by": "Laboratory", "certificate": "C-7"}


def page(role: str) -> Client:
    client = Client()
    client.force_login(Person.objects.get(role=role))
    return client


def record(
    hand: Hand, gauge: Gauge, body: dict[str, Any], status: int = 201, role: str = Role.QUALITY
) -> dict[str, Any]:
    token = issue_person_token(Person.objects.get(role=role))
    response = hand.post(f"gauges/{gauge.code}/calibrations", body, token)
    assert response.status_code == status, response.content
    found: dict[str, Any] = response.json()
    return found


def now(hand: Hand, serial: str, operation: str, **more: Any) -> list[str]:
    """Why the unit may not enter at this moment."""
    hand.clock = timezone.now()
    return [reason["code"] for reason in hand.ask(serial, operation, **more)["reasons"]]


def test_from_the_failed_check_to_the_passed_calibration(hand: Hand) -> None:
    batch = hand.make("CATHODE-SLURRY")
    unit, other = Unit.objects.get(serial=batch), hand.station_of("MIX-A")
    gauge = Gauge.objects.filter(station__code=other, channel="").first()
    if gauge is None:
        gauge = Gauge.objects.create(
            code="MIX-SCALE", name_en="Scale", name_ja="はかり", station=Station.objects.get(code=other),
            calibrated_at=timezone.now() - timedelta(days=30), valid_until=timezone.now() + timedelta(days=30),
        )  # fmt: skip
    fresh = hand.serial("SLA")
    assert GAUGE_OVERDUE.code not in now(hand, fresh, "MIX-A")
    record(hand, gauge, CHECK, 403, Role.SUPERVISOR)
    failed = record(hand, gauge, CHECK)["calibration"]
    assert GAUGE_OVERDUE.code in now(hand, fresh, "MIX-A")
    # A check that passes does not make it good again: it was out, so it needs a calibration.
    record(hand, gauge, CHECK | {"as_found_passed": True})
    assert GAUGE_OVERDUE.code in now(hand, fresh, "MIX-A")
    listed = hand.get(f"gauges/calibrations/{failed}/suspects").json()
    assert [item["serial"] for item in listed["items"]] == [batch]
    assert hand.get(f"gauges/calibrations/{failed}/suspects", after=batch).json()["items"] == []
    # The button of the page: once counted, held once, twice pressed the same hold, with what was made of it.
    supervisor = page(Role.SUPERVISOR)
    assert supervisor.get(f"/go/gauge-hold/{failed}/").status_code == 302
    assert batch in supervisor.get(f"/holds/calibrations/{failed}/").content.decode()
    assert page(Role.AUDITOR).post(f"/holds/calibrations/{failed}/").status_code == 403
    assert not Hold.objects.filter(scope="UNITS").exists()
    for _ in range(2):
        assert supervisor.post(f"/holds/calibrations/{failed}/").status_code == 302
    hold = Hold.objects.get(scope="UNITS")
    assert HoldUnit.objects.filter(hold=hold, unit=unit).exists()
    assert gauge.code in hold.reason
    record(hand, gauge, REPAIR)
    assert GAUGE_OVERDUE.code not in now(hand, fresh, "MIX-A")


def test_a_channel_out_of_order_is_passed_over_and_the_others_go_on(hand: Hand) -> None:
    gauges = list(Gauge.objects.filter(station__code="FORM-1").exclude(code="FORM-1-R03-C05").order_by("code")[:2])
    record(hand, gauges[0], CHECK)
    cell = hand.serial("CLF")
    assert CHANNEL_OVERDUE.code in now(hand, cell, "FORM", channel=gauges[0].channel)
    assert CHANNEL_OVERDUE.code not in now(hand, cell, "FORM", channel=gauges[1].channel)
    failed = Calibration.objects.latest("pk")
    response = page(Role.QUALITY).post(f"/holds/calibrations/{failed.pk}/")
    assert response.status_code == 422
    assert NOTHING_JUDGED.code in response.content.decode()
    assert page(Role.QUALITY).get("/holds/calibrations/999999/").status_code == 404


def test_the_plant_has_its_gauges_calibrations_and_a_study(hand: Hand) -> None:
    shown = hand.get("gauges/OCV-1-ACIR").json()
    assert shown["characteristics"] == ["OCV-03"]
    (study,) = shown["studies"]
    assert (study["parts"], study["operators"], study["repeats"], study["of"]) == (10, 3, 3, "TOLERANCE")
    assert 0 < study["grr_percent"] < 30
    overdue = hand.get("gauges", state="OVERDUE").json()["items"]
    assert [item["gauge"] for item in overdue] == ["FORM-1-R03-C05"]
    assert hand.get("gauges", state="BAD").status_code in (400, 422)
    assert hand.get("gauges/NONE").status_code == 404
