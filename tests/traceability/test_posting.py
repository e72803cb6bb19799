"""What a result may say beside its measurements: keys, clocks, counts, grade, what is mounted; and dry runs."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from lines import errors as l_errors
from lines.models import (
    AttributeCount,
    Event,
    MaterialDefinition,
    Measurement,
    OperationRecord,
    QuarantinedPost,
    Station,
    StationClock,
    StationPost,
)
from lines.records.content import COUNT_FIELDS, MEASUREMENT_FIELDS, RECORD_FIELDS, content_sha256
from lines.stations import errors as s_errors
from quality.models import Characteristic
from tests.traceability.conftest import Hand
from traceability import errors
from traceability.feeding import errors as f_errors
from traceability.feeding.models import FeedPoint
from traceability.feeding.services import mount_label
from traceability.models import GenealogyLink, Permit, Unit


def codes(answer: dict[str, Any]) -> list[str]:
    return [deviation["code"] for deviation in answer["deviations"]]


def test_the_stations_own_result_id_is_the_key(hand: Hand) -> None:
    body = hand.body(hand.serial("SLA"), "MIX-A", result_id="R-17")
    first = hand.post("stations/MIX-1/results", body, "MIX-1")
    assert first.status_code == 201
    for key in (None, "R-17"):
        again = hand.post("stations/MIX-1/results", body, "MIX-1", key)
        assert (again.status_code, again.content) == (201, first.content)  # byte for byte
        assert again.headers["Idempotency-Replayed"] == "true"
    differs = hand.post("stations/MIX-1/results", body, "MIX-1", "R-18")
    assert (differs.status_code, differs.json()["code"]) == (422, s_errors.KEY_DIFFERS.code)
    other = hand.post("stations/MIX-1/results", body | {"mass_kg": 1.0}, "MIX-1")
    assert (other.status_code, other.json()["code"]) == (422, l_errors.KEY_REUSED.code)
    assert OperationRecord.objects.count() == StationPost.objects.count() == 1


def test_the_machines_clock_is_measured_and_kept_with_the_record(hand: Hand) -> None:
    def post(ahead_s: float | None) -> OperationRecord:
        more = {} if ahead_s is None else {"sent_at": (timezone.now() + timedelta(seconds=ahead_s)).isoformat()}
        answer = hand.tell(hand.body(hand.serial("SLA"), "MIX-A", **more))
        return OperationRecord.objects.get(pk=answer.json()["record"])

    assert post(None).clock_offset_s is None
    assert post(90).clock_offset_s == pytest.approx(90, abs=1)
    clock = StationClock.objects.get(station__code="MIX-1")
    assert post(None).clock_offset_s == clock.offset_s
    post(90.05)
    assert StationClock.objects.get().measured_at == clock.measured_at  # it tells nothing new
    assert post(-30).clock_offset_s == pytest.approx(-30, abs=1)
    assert StationClock.objects.get().offset_s == pytest.approx(-30, abs=1)
    shown = hand.get("stations/MIX-1").json()
    assert shown["clock_offset_s"] == pytest.approx(-30, abs=1)
    assert shown["token"] is None


def test_each_station_has_its_own_tolerance(hand: Hand) -> None:
    Station.objects.filter(code="MIX-1").update(behind_tolerance_s=3600, ahead_tolerance_s=10)
    body = hand.body(hand.serial("SLA"), "MIX-A")  # days ago, as the hand's clock goes
    assert hand.tell(body).json()["code"] == l_errors.TIME_OUTSIDE.code
    now = timezone.now()
    ahead = {"started_at": now.isoformat(), "finished_at": (now + timedelta(seconds=60)).isoformat()}
    assert hand.tell(body | ahead).json()["code"] == l_errors.TIME_OUTSIDE.code
    fits = {"started_at": (now - timedelta(seconds=60)).isoformat(), "finished_at": now.isoformat()}
    assert hand.tell(body | fits).status_code == 201


def test_counts_and_grade_are_part_of_the_record(hand: Hand) -> None:
    counts = [
        {"code": "FIL-LOW", "count": 3, "inspected": 600.0, "position": "A"},
        {"code": "FIL-LOW", "count": 0, "position": "B"},
    ]
    serial = hand.serial("SLA")
    answer = hand.tell(hand.body(serial, "MIX-A", counts=counts, grade="A1", offline=True)).json()
    record = OperationRecord.objects.select_related("station").get(pk=answer["record"])
    assert (record.grade, record.is_offline) == ("A1", True)
    assert Unit.objects.get(serial=serial).grade == "A1"
    stored = list(AttributeCount.objects.filter(record=record).order_by("id").values(*COUNT_FIELDS))
    assert stored == [
        {"code": "FIL-LOW", "count": 3, "inspected": 600.0, "position": "A"},
        {"code": "FIL-LOW", "count": 0, "inspected": None, "position": "B"},
    ]
    content = {name: getattr(record, name) for name in RECORD_FIELDS} | {"station": "MIX-1"}
    measurements = list(Measurement.objects.filter(record=record).order_by("sequence").values(*MEASUREMENT_FIELDS))
    assert content_sha256(content, measurements, stored) == record.content_sha256
    assert content_sha256(content, measurements) != record.content_sha256
    shown = hand.get(f"units/{serial}").json()["records"][0]
    assert (shown["grade"], shown["is_offline"], shown["counts"]) == ("A1", True, stored)

    def refused(*counts: dict[str, Any]) -> str:
        code: str = hand.tell(hand.body(hand.serial("SLA"), "MIX-A", counts=list(counts))).json()["code"]
        return code

    assert refused({"code": "NO-SUCH", "count": 1}) == s_errors.UNKNOWN_COUNT.code
    assert refused({"code": "FIL-LOW", "count": -1}) == l_errors.OUT_OF_RANGE.code
    assert refused({"code": "FIL-LOW", "count": 1.5}) == l_errors.WRONG_TYPE.code
    assert refused({"code": "FIL-LOW", "count": 1}, {"code": "FIL-LOW", "count": 2}) == l_errors.REPEATED.code


@pytest.fixture
def lids(hand: Hand) -> FeedPoint:
    """The welder's only feed point."""
    station = Station.objects.get(code="WELD-1")
    FeedPoint.objects.filter(station=station).delete()
    point = FeedPoint.objects.create(station=station, code="LIDS", name_en="Lids", name_ja="蓋")
    point.materials.add(MaterialDefinition.objects.get(code="LID-LFP"))
    hand.receive("LID-LFP", "L-1")
    return point


def mount(hand: Hand, lot: str, at: datetime, material: str = "LID-LFP") -> None:
    body = {"material": material, "supplier": "ACME", "lot": lot, "source_time": at.isoformat()}
    assert hand.post("stations/WELD-1/feed-points/LIDS", body, "WELD-1").status_code == 200


def weld(hand: Hand, **more: Any) -> dict[str, Any]:
    """As far as the permit was denied for what is mounted, the result carries the same."""
    cell, jelly = hand.serial("CLF"), hand.make("LFP-JELLY")
    hand.ask(cell, "WELD")
    body = hand.body(cell, "WELD", components=[{"serial": jelly, "position": 1}], **more)
    answer: dict[str, Any] = hand.tell(body).json()
    return answer


@pytest.mark.usefixtures("lids")
def test_what_is_not_named_was_taken_from_what_is_mounted(hand: Hand) -> None:
    mount(hand, "L-1", hand.clock)
    answer = weld(hand)
    (lot,) = answer["mounted"]
    assert (lot["lot"], lot["quantity"], lot["unit"], codes(answer)) == ("L-1", 1.0, "pcs", [])
    link = GenealogyLink.objects.get(record=answer["record"], input_lot__number="L-1")
    assert (link.basis, link.quantity) == ("MOUNTED", 1.0)
    links = hand.get(f"units/{answer['serial']}").json()["made_of"]["links"]
    assert {link["basis"] for link in links} == {"RECORDED", "MOUNTED"}
    # What is named stands as named.
    named = weld(hand, consumed=[hand.lot("LID-LFP")])
    assert named["mounted"] == []
    assert GenealogyLink.objects.get(record=named["record"], input_lot__isnull=False).basis == "RECORDED"


@pytest.mark.usefixtures("lids")
def test_a_clock_ahead_changes_nothing_about_what_was_mounted(hand: Hand) -> None:
    cell, jelly = hand.serial("CLF"), hand.make("LFP-JELLY")
    ahead, station = timedelta(minutes=10), Station.objects.get(code="WELD-1")
    StationClock.objects.create(station=station, offset_s=ahead.total_seconds(), measured_at=timezone.now())
    mount(hand, "L-1", timezone.now() + ahead - timedelta(minutes=2))
    hand.receive("LID-LFP", "L-2")
    mount_label(f"station:{station.code}", station, "LIDS", "L-2")  # a minute after the visit, by our clock
    hand.clock = timezone.now() + ahead - timedelta(minutes=2)
    body = hand.body(cell, "WELD", components=[{"serial": jelly, "position": 1}])
    told = hand.tell(body | {"sent_at": (timezone.now() + ahead).isoformat()}).json()
    assert [lot["lot"] for lot in told["mounted"]] == ["L-1"]


@pytest.mark.usefixtures("lids")
def test_what_was_mounted_wrongly_is_a_deviation_of_what_was_made_of_it(hand: Hand) -> None:
    hand.receive("LID-LFP", "OLD", expires_at=hand.clock - timedelta(days=1))
    mount(hand, "OLD", hand.clock)
    assert codes(weld(hand)) == [errors.NO_PERMIT.code, errors.LOT_EXPIRED.code]  # the permit was denied for it
    hand.receive("CAN-LFP", "CANS")
    mount(hand, "CANS", hand.clock, material="CAN-LFP")
    wrong = weld(hand)
    assert [lot["lot"] for lot in wrong["mounted"]] == ["CANS"]
    assert codes(wrong)[-1] == errors.MATERIAL_NOT_IN_BILL.code
    headers = {"Authorization": f"Token {hand.tokens['WELD-1']}"}
    hand.client.delete("/api/v1/stations/WELD-1/feed-points/LIDS", headers=headers)
    hand.clock = timezone.now() - timedelta(minutes=3)
    assert codes(weld(hand))[-1] == f_errors.MATERIAL_NOT_NAMED.code


@pytest.mark.usefixtures("lids")
def test_a_result_that_comes_late_takes_what_was_mounted_then(hand: Hand) -> None:
    hand.receive("LID-LFP", "L-2")
    began = hand.clock
    mount(hand, "L-1", began)
    late = hand.body(hand.serial("CLF"), "WELD", "FAIL")
    between = hand.body(hand.serial("CLF"), "WELD", "FAIL")
    mount(hand, "L-2", datetime.fromisoformat(between["finished_at"]) - timedelta(seconds=10))
    assert [lot["lot"] for lot in hand.tell(late).json()["mounted"]] == ["L-1"]
    # Changed while it was welded: half of each, as nobody knows.
    both = hand.tell(between).json()["mounted"]
    assert [(lot["lot"], lot["quantity"]) for lot in both] == [("L-1", 0.5), ("L-2", 0.5)]


def test_a_dry_run_judges_wholly_and_stores_nothing(hand: Hand) -> None:
    serial = hand.serial("SLA")
    before = [model.objects.count() for model in (OperationRecord, StationPost, Unit, Permit, Event, QuarantinedPost)]
    asked = hand.post("stations/MIX-1/permits?dry_run=true", {"serial": serial, "operation": "MIX-A"}, "MIX-1")
    assert (asked.json()["verdict"], asked.json()["permit"], asked.json()["dry_run"]) == ("ALLOW", None, True)
    body = hand.body(serial, "MIX-A", sent_at=timezone.now().isoformat())
    tried = hand.post("stations/MIX-1/results?dry_run=true", body, "MIX-1")
    assert tried.status_code == 200
    answer = tried.json()
    assert (answer["verdict"], answer["record"], answer["dry_run"]) == ("PASS", None, True)
    assert errors.NO_PERMIT.code in codes(answer)
    refused = hand.post("stations/MIX-1/results?dry_run=true", body | {"colour": "blue"}, "MIX-1")
    assert (refused.status_code, refused.json()["code"]) == (422, l_errors.UNKNOWN_FIELD.code)
    assert hand.post("stations/MIX-1/results?dry_run=maybe", body, "MIX-1").status_code == 400
    after = [model.objects.count() for model in (OperationRecord, StationPost, Unit, Permit, Event, QuarantinedPost)]
    assert after == before
    assert not StationClock.objects.exists()
    assert hand.tell(body, "K").status_code == 201


@pytest.mark.usefixtures("lids")
def test_a_station_about_itself(hand: Hand) -> None:
    mount(hand, "L-1", hand.clock)
    headers = {"Authorization": f"Token {hand.tokens['WELD-1']}"}
    shown = hand.client.get("/api/v1/stations/WELD-1", headers=headers).json()
    assert (shown["mode"], shown["offline_policy"], shown["operations"]) == ("PRODUCTION", "RUN_ON", ["WELD"])
    assert (shown["ahead_tolerance_s"], shown["behind_tolerance_s"]) == (900, 2_592_000)
    assert shown["token"] == {"expires_at": None, "operations": []}
    assert shown["feed_points"][0]["mounted"]["lot"] == "L-1"


def test_a_characteristic_derived_from_counts(hand: Hand) -> None:
    """Plant data may name counted characteristics as inputs of a formula; here 100 a / b."""
    cell = hand.make("LFP-CELL", until="OCV2")
    derived = Characteristic.objects.filter(code="OCV-02")
    derived.update(formula="energy_efficiency", formula_inputs=["FIL-01", "WEL-01"])
    counts = [{"code": "FIL-01", "count": 2}, {"code": "WEL-01", "count": 30, "position": "A"}]
    counts.append({"code": "WEL-01", "count": 10, "position": "B"})
    answer = hand.run(cell, "OCV2", counts=counts, tray="T-1", slot=3)
    (found,) = (m for m in answer["measurements"] if m["code"] == "OCV-02")
    assert (found["value"], found["is_derived"], found["judgement"]) == (5.0, True, "FAIL_HIGH")
    assert answer["verdict"] == "FAIL"
    assert Measurement.objects.get(record=answer["record"], characteristic="OCV-02").value == 5.0
