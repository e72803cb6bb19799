"""Lots at feed points: whatever is mounted is written down with what is wrong about it, and nothing is refused."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from lines import errors as l_errors
from lines.models import MaterialDefinition, Person, QuarantinedPost, Station
from lines.people.models import Role
from lines.people.services import issue_person_token
from tests.traceability.conftest import Hand
from traceability import errors
from traceability.feeding import errors as f_errors
from traceability.feeding.models import FeedPoint, Mounting
from traceability.feeding.queries import mounted
from traceability.interlock import errors as entry_errors
from traceability.models import Lot

POINTS = "stations/WELD-1/feed-points"


@pytest.fixture
def point(hand: Hand) -> FeedPoint:
    station = Station.objects.get(code="WELD-1")
    FeedPoint.objects.filter(station=station).delete()
    found = FeedPoint.objects.create(station=station, code="LIDS", name_en="Lids", name_ja="蓋")
    found.materials.add(MaterialDefinition.objects.get(code="LID-LFP"))
    hand.receive("LID-LFP", "L-1")
    return found


def scan(hand: Hand, lot: str, at: str = "/LIDS", *, key: str | None = None, **more: Any) -> Any:
    body = {"material": "LID-LFP", "supplier": "ACME", "lot": lot, **more}
    return hand.post(POINTS + at, body, "WELD-1", key)


def wrong(answer: Any) -> list[str]:
    return [deviation["code"] for deviation in answer.json()["mounted"]["deviations"]]


def test_a_scan_mounts_and_ends_what_was_mounted(hand: Hand, point: FeedPoint) -> None:
    first = scan(hand, "L-1", operator="tanaka")
    assert (first.status_code, wrong(first)) == (200, [])
    assert first.json()["mounted"]["mounted_by"] == "station:WELD-1, tanaka"
    again = scan(hand, "L-1")
    assert again.json() == first.json()
    assert Mounting.objects.count() == 1
    hand.receive("LID-LFP", "L-2")
    assert scan(hand, "L-2", at="").status_code == 200  # the material says where
    assert [(m.lot.number, m.unmounted_at is None) for m in Mounting.objects.order_by("id")] == [
        ("L-1", False),
        ("L-2", True),
    ]
    (facts,) = mounted(point.station_id)
    assert (facts.feed_point, facts.material_code, facts.number, facts.state) == ("LIDS", "LID-LFP", "L-2", "RELEASED")
    listed = hand.get(POINTS).json()["items"]
    assert listed[0]["mounted"]["lot"] == "L-2"
    gone = hand.client.delete(f"/api/v1/{POINTS}/LIDS", headers={"Authorization": f"Token {hand.tokens['WELD-1']}"})
    assert gone.json()["mounted"] is None
    assert mounted(point.station_id) == []


def test_a_late_repeat_of_a_scan_with_a_key_changes_nothing(hand: Hand, point: FeedPoint) -> None:
    hand.receive("LID-LFP", "L-2")
    first = scan(hand, "L-1", key="scan-1")
    scan(hand, "L-2", key="scan-2")
    assert scan(hand, "L-1", key="scan-1").content == first.content
    assert [m.number for m in mounted(point.station_id)] == ["L-2"]
    assert scan(hand, "L-2", key="scan-1").json()["code"] == l_errors.KEY_REUSED.code
    assert scan(hand, "L-2", key="k" * 129).json()["code"] == l_errors.KEY_MISSING.code


@pytest.mark.usefixtures("point")
def test_what_is_wrong_with_a_lot_is_written_down(hand: Hand) -> None:
    assert wrong(scan(hand, "NEVER-SEEN")) == [f_errors.MOUNTED_UNKNOWN.code]
    assert Lot.objects.get(number="NEVER-SEEN").state == "UNKNOWN"
    hand.receive("LID-LFP", "OLD", expires_at=timezone.now() - timedelta(days=1))
    assert wrong(scan(hand, "OLD")) == [entry_errors.MOUNTED_EXPIRED.code]
    Lot.objects.filter(number="L-1").update(state="BLOCKED")
    assert wrong(scan(hand, "L-1")) == [entry_errors.MOUNTED_NOT_RELEASED.code]
    hand.receive("GRAPHITE", "G-1")
    assert wrong(scan(hand, "G-1")) == [errors.LOT_OTHER_MATERIAL.code]
    assert wrong(scan(hand, "G-1", material="GRAPHITE")) == [f_errors.NOT_FOR_FEED_POINT.code]
    assert wrong(scan(hand, "X", material="PIXIE-DUST")) == [
        errors.MATERIAL_UNKNOWN.code,
        f_errors.NOT_FOR_FEED_POINT.code,
        f_errors.MOUNTED_UNKNOWN.code,
    ]
    assert Mounting.objects.filter(unmounted_at=None).count() == 1


def test_what_cannot_be_understood_is_kept_in_quarantine(hand: Hand, point: FeedPoint) -> None:
    for answer, code in [
        (scan(hand, "L-1", at="/NO-SUCH"), f_errors.FEED_POINT_UNKNOWN),
        (scan(hand, "L-1", at="", material="GRAPHITE"), f_errors.FEED_POINT_UNCLEAR),
        (scan(hand, "L-1", colour="blue"), l_errors.UNKNOWN_FIELD),
        (scan(hand, "L\x00"), l_errors.BAD_TEXT),
        (scan(hand, "L-1", source_time="2099-01-01T00:00:00Z"), l_errors.TIME_OUTSIDE),
        (hand.post(f"{POINTS}/LIDS", {}, "WIND-1"), l_errors.NOT_ALLOWED),
    ]:
        assert (answer.status_code, answer.json()["code"]) == (code.status, code.code)
    assert QuarantinedPost.objects.count() == 6
    assert not Mounting.objects.filter(feed_point=point).exists()
    assert hand.get("stations/NO-SUCH/feed-points").json()["code"] == l_errors.UNKNOWN_STATION.code


def test_people_at_the_machine_scan_too(hand: Hand, point: FeedPoint) -> None:
    body = {"material": "LID-LFP", "supplier": "ACME", "lot": "L-1"}
    assert hand.post(f"{POINTS}/LIDS", body, hand.person_token).status_code == 403  # an auditor only reads
    supervisor = Person.objects.filter(role=Role.SUPERVISOR).first()
    assert supervisor
    answer = hand.post(f"{POINTS}/LIDS", body, issue_person_token(supervisor))
    assert answer.json()["mounted"]["mounted_by"] == f"person:{supervisor.username}"
    assert Mounting.objects.get(feed_point=point).lot.number == "L-1"


def test_the_scan_box_of_the_stations_page(hand: Hand, point: FeedPoint) -> None:
    def sent(username_of: Role, path: str, **fields: str) -> Any:
        hand.client.force_login(Person.objects.filter(role=username_of)[0])
        return hand.client.post(f"/stations/WELD-1/{path}", fields, headers={"HX-Request": "true"})

    assert sent(Role.AUDITOR, "mount/", label="L-1").status_code == 403
    unreadable = sent(Role.SUPERVISOR, "mount/", label="L-1|x")
    assert f_errors.SCAN_UNREADABLE.what_en in unreadable.content.decode()
    assert "L-1|x" in unreadable.content.decode()  # nobody types it twice
    assert (
        f_errors.FEED_POINT_UNCLEAR.what_en
        in sent(Role.SUPERVISOR, "mount/", label="GRAPHITE|ACME|G-1").content.decode()
    )
    # A received lot's number will do; without script the station's page comes back.
    assert sent(Role.SUPERVISOR, "mount/", label=" L-1 ").status_code == 200
    assert [m.number for m in mounted(point.station_id)] == ["L-1"]
    plain = hand.client.post("/stations/WELD-1/mount/", {"label": "LID-LFP;ACME;L-9", "feed_point": "LIDS"})
    assert plain.headers["Location"] == "/stations/WELD-1/"
    assert Mounting.objects.get(unmounted_at=None).deviation_codes == [f_errors.MOUNTED_UNKNOWN.code]
    assert "L-9" in hand.client.get("/stations/WELD-1/").content.decode()
    sent(Role.SUPERVISOR, "feed-points/LIDS/take-off/")
    assert mounted(point.station_id) == []
    assert sent(Role.SUPERVISOR, "feed-points/NO-SUCH/take-off/").status_code == 200
