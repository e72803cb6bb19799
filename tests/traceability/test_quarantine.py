"""What cannot be understood or trusted: a stable code, kept in quarantine, and the key stays free."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lines import errors as l_errors
from lines.errors import Code
from lines.models import OperationRecord, QuarantinedPost, StationPost
from lines.stations import errors as s_errors
from quality import errors as q_errors
from tests.traceability.conftest import Hand
from traceability import errors as t_errors


def _with(**changed: Any) -> Any:
    return lambda body: body | changed


def _measured(**changed: Any) -> Any:
    return lambda body: body | {"measurements": [body["measurements"][0] | changed, *body["measurements"][1:]]}


def _raw(text: str) -> Any:
    return lambda _: text.encode()


FUTURE = (timezone.now() + timedelta(hours=6)).isoformat()  # the run may come much later than the import
PAST = (timezone.now() - timedelta(days=31)).isoformat()
RANGE = {"serial": "X", "from_m": 5.0, "to_m": 5.0}
LOT = {"material": "GRAPHITE", "supplier": "A", "lot": "1", "quantity": 1.0, "unit": "g"}

BAD: list[tuple[Any, Code, str]] = [
    (_raw("{not json"), l_errors.NOT_JSON, ""),
    (_raw("[" * 100_000), l_errors.NOT_JSON, ""),
    (_raw("[]"), l_errors.WRONG_TYPE, "object"),
    (_raw('{"serial": "A", "serial": "B"}'), l_errors.REPEATED, ""),
    (_raw('{"mass_kg": NaN}'), l_errors.NOT_FINITE, "NaN"),
    (_raw(" " * 1_000_001), l_errors.BODY_TOO_LARGE, ""),
    (_raw(" " * 2_000_000), l_errors.BODY_TOO_LARGE, ""),
    (_raw('{"mass_kg": -Infinity}'), l_errors.NOT_FINITE, "Infinity"),
    (_with(colour="blue"), l_errors.UNKNOWN_FIELD, "colour"),
    (_with(result_id="other"), s_errors.KEY_DIFFERS, "$.result_id"),
    (_with(result_id="R\x01"), l_errors.BAD_TEXT, "$.result_id"),
    (_with(sent_at=FUTURE), l_errors.TIME_OUTSIDE, "$.sent_at"),
    (_with(offline="yes"), l_errors.WRONG_TYPE, "$.offline"),
    (_with(grade="MUCH-TOO-LONG"), l_errors.BAD_TEXT, "$.grade"),
    (_with(counts=[{"code": "FIL-LOW", "count": "3"}]), l_errors.WRONG_TYPE, "$.counts[0].count"),
    (_with(counts=[{"code": "NO-SUCH", "count": 3}]), s_errors.UNKNOWN_COUNT, "$.counts[0].code"),
    (_with(slot=3), l_errors.NOT_OF_THIS_KIND, "slot"),
    (_with(tray="T-1"), l_errors.NOT_OF_THIS_KIND, "tray"),
    (_with(serial=None), l_errors.MISSING_FIELD, "$.serial"),
    (_with(serial="SK1\x00SLA"), l_errors.BAD_TEXT, "$.serial"),
    (_with(serial="SK1\ud800"), l_errors.BAD_TEXT, "$.serial"),
    (_with(serial="S" * 65), l_errors.BAD_TEXT, "$.serial"),
    (_with(serial=7), l_errors.WRONG_TYPE, "$.serial"),
    (_with(outcome="GOOD"), l_errors.OUT_OF_RANGE, "$.outcome"),
    (_with(finished_at=FUTURE), l_errors.TIME_OUTSIDE, "$.finished_at"),
    (_with(started_at=PAST), l_errors.TIME_OUTSIDE, "$.started_at"),
    # Outside the tolerance, with a separator that no text of the database takes.
    (_with(started_at="2020-01-01\x0010:00:00Z"), l_errors.TIME_OUTSIDE, "$.started_at"),
    (_with(started_at="2020-01-01\ud80010:00:00Z"), l_errors.TIME_OUTSIDE, "$.started_at"),
    (_with(started_at="yesterday"), l_errors.BAD_TIME, "$.started_at"),
    (_with(started_at="2026-11-20T10:00:00"), l_errors.BAD_TIME, "offset"),
    (_with(started_at=timezone.now().isoformat()), l_errors.OUT_OF_RANGE, "$.started_at"),
    (_with(operation="JUGGLE"), l_errors.UNKNOWN_OPERATION, "JUGGLE"),
    (_with(reason_codes=["NO-SUCH"]), l_errors.UNKNOWN_REASON, "NO-SUCH"),
    (_with(length_m=1.0, mass_kg=1.0), l_errors.OUT_OF_RANGE, "batch"),
    (_with(mass_kg=-1), l_errors.OUT_OF_RANGE, "$.mass_kg"),
    (_with(ranges=[RANGE]), l_errors.OUT_OF_RANGE, "$.ranges[0]"),
    (_with(consumed=[LOT]), l_errors.WRONG_QUANTITY_UNIT, "$.consumed[0].unit"),
    (_with(measurements=[{}] * 1001), l_errors.TOO_MANY, "$.measurements"),
    (_measured(value="3.1"), l_errors.WRONG_TYPE, "$.measurements[0].value"),
    (_measured(value=1.7e308), l_errors.OUT_OF_RANGE, "$.measurements[0].value"),
    (_measured(value=True), l_errors.WRONG_TYPE, "$.measurements[0].value"),
    (_measured(code="NO-01"), q_errors.UNKNOWN_CHARACTERISTIC, "$.measurements[0].code"),
    (_measured(unit="furlong"), q_errors.WRONG_UNIT, "$.measurements[0].unit"),
]


@pytest.mark.parametrize(("change", "code", "detail"), BAD)
def test_not_understood(hand: Hand, change: Any, code: Code, detail: str) -> None:
    slurry = hand.serial("SLA")
    good = hand.body(slurry, "MIX-A")
    bad = change(good)
    response = hand.post("stations/MIX-1/results", bad, "MIX-1", "K")
    assert (response.status_code, response.json()["code"]) == (code.status, code.code), response.content
    assert detail in response.json()["detail"]
    kept = QuarantinedPost.objects.get()
    assert kept.station and (kept.station.code, kept.code, kept.key) == ("MIX-1", code.code, "K")
    assert bytes(kept.body) == (bad if isinstance(bad, bytes) else json.dumps(bad).encode())[:1_000_000]
    assert not StationPost.objects.exists()
    assert not OperationRecord.objects.exists()
    assert hand.post("stations/MIX-1/results", good, "MIX-1", "K").status_code == 201


def test_numbers_that_no_double_holds(hand: Hand) -> None:
    body = json.dumps(hand.body(hand.serial("SLA"), "MIX-A", mass_kg=1234.5))
    for number in ("1e999", "1" + "0" * 400):
        response = hand.post("stations/MIX-1/results", body.replace("1234.5", number).encode(), "MIX-1", "K")
        assert response.json()["code"] == l_errors.NOT_FINITE.code


def test_the_key_and_the_media_type_must_be_there(hand: Hand) -> None:
    body = hand.body(hand.serial("SLA"), "MIX-A")
    assert hand.post("stations/MIX-1/results", body, "MIX-1").json()["code"] == l_errors.KEY_MISSING.code
    assert hand.post("stations/MIX-1/results", body, "MIX-1", "k" * 129).json()["code"] == l_errors.KEY_MISSING.code
    response = hand.post("stations/MIX-1/results", body, "MIX-1", "K", content_type="text/plain")
    assert (response.status_code, response.json()["code"]) == (415, l_errors.WRONG_MEDIA_TYPE.code)


def test_only_a_station_speaks_for_itself(hand: Hand) -> None:
    body = hand.body(hand.serial("SLA"), "MIX-A")
    response = hand.post("stations/MIX-1/results", body, "WIND-1", "K")
    assert (response.status_code, response.json()["code"]) == (403, l_errors.NOT_ALLOWED.code)
    kept = QuarantinedPost.objects.get()
    assert kept.station and kept.station.code == "WIND-1"
    assert hand.post("stations/MIX-1/results", body, hand.person_token, "K").status_code == 403
    assert hand.post("stations/MIX-1/results", body, "no such token", "K").status_code == 401
    assert hand.post("stations/MIX-1/permits", {"serial": "X", "operation": "MIX-A"}, "WIND-1").status_code == 403
    # Somebody without a token cannot fill the quarantine.
    assert QuarantinedPost.objects.count() == 2


def test_a_permit_request_that_is_not_understood(hand: Hand) -> None:
    for body, code in [
        ({"operation": "WIND"}, l_errors.MISSING_FIELD),
        ({"serial": "X", "colour": "blue"}, l_errors.UNKNOWN_FIELD),
        ({"operation": "WIND", "serials": []}, l_errors.TOO_MANY),
        ({"operation": "WIND", "serials": ["X", "x"]}, l_errors.REPEATED),
        ({"operation": "JUGGLE", "serial": "X"}, l_errors.UNKNOWN_OPERATION),
    ]:
        response = hand.post("stations/WIND-1/permits", body, "WIND-1")
        assert (response.status_code, response.json()["code"]) == (422, code.code)
    assert QuarantinedPost.objects.count() == 5


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
FIELDS = [
    "serial", "operation", "outcome", "reason_codes", "started_at", "finished_at", "recipe", "operator", "tray", "slot",
    "channel", "measurements", "consumed", "components", "ranges", "length_m", "mass_kg", "items",
    "result_id", "sent_at", "offline", "grade", "counts",
]  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_body_breaks_the_api(hand: Hand, data: st.DataObject) -> None:
    """Whatever stands in one field of a good post: 201 or a coded refusal."""
    operation, station = data.draw(st.sampled_from([("MIX-A", "MIX-1"), ("FORM", "FORM-1"), ("EOL", "EOL-1")]))
    body = hand.body(hand.serial("SLA"), operation, measurements=[])
    field = data.draw(st.sampled_from(FIELDS))
    body[field] = data.draw(JSON)
    response = hand.post(f"stations/{station}/results", body, station, f"F-{hand.made}")
    assert response.status_code in (201, 400, 422), response.content
    if response.status_code != 201:
        assert response.json()["code"].startswith("MES-")


def test_goods_receipt(hand: Hand) -> None:
    first = hand.receive("GRAPHITE", "G-1")
    assert first.status_code == 201
    again = hand.receive("GRAPHITE", "G-1")
    assert (again.status_code, again.json()) == (200, first.json())
    assert hand.receive("NMP", "G-1").json()["code"] == t_errors.LOT_DIFFERS.code
    assert hand.receive("LFP-CELL", "G-2").json()["code"] == t_errors.NOT_A_LOT_MATERIAL.code
    body = {"supplier": "ACME", "number": "G-3", "material": "GRAPHITE"}
    assert hand.post("lots", body, hand.person_token).status_code == 403  # an auditor only reads
    listed = hand.get("lots", supplier="ACME", number="G-1").json()["items"]
    assert [lot["id"] for lot in listed] == [first.json()["id"]]
