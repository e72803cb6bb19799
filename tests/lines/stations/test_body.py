"""Reading bodies: anything is either read or refused with a code; what is read is what was sent."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lines import errors
from lines.errors import Refusal
from lines.plant.models import StationKind
from lines.stations.body import Tolerance, read_json, read_serial
from lines.stations.contracts import CONTRACTS, read_permit_request, read_result

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CLOCK = Tolerance(NOW)
GOOD = {
    "serial": "S1",
    "operation": "OP",
    "outcome": "PASS",
    "started_at": "2026-11-20T10:00:00+09:00",
    "finished_at": "2026-11-20T01:00:30Z",
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def test_each_kind_of_station_has_its_contract() -> None:
    assert set(CONTRACTS) == set(StationKind.values)


@given(st.binary(max_size=200))
def test_any_bytes(raw: bytes) -> None:
    try:
        assert isinstance(read_json(raw), dict)
    except Refusal as refusal:
        assert 400 <= refusal.code.status < 500


@given(
    st.sampled_from(StationKind.values), st.dictionaries(st.sampled_from([*GOOD, "items", "measurements", "x"]), JSON)
)
def test_any_object(kind: str, changed: dict[str, Any]) -> None:
    for read in (lambda: read_result(GOOD | changed, kind, CLOCK), lambda: read_permit_request(changed, CLOCK)):
        try:
            read()
        except Refusal as refusal:
            assert 400 <= refusal.code.status < 500


@given(st.text())
def test_a_serial_is_read_once_and_for_all(text: str) -> None:
    try:
        serial = read_serial(text, "$")
    except Refusal:
        return
    assert serial == serial.strip()
    assert serial.isprintable()
    assert read_serial(f"  {serial.lower()}\r\n", "$") == serial or not serial.isascii()


def test_what_is_read_is_what_was_sent() -> None:
    body = GOOD | {
        "length_m": 1000,
        "measurements": [{"code": "COA-01", "value": 19, "unit": "mg/cm2", "position": "A", "source_time": None}],
        "components": [{"serial": "s2", "quantity": 490.5}],
        "ranges": [{"serial": "S3", "lane": 2, "from_m": 0, "to_m": 15.75}],
        "consumed": [{"material": "AL-FOIL", "supplier": "X", "lot": "L", "quantity": 3, "unit": "m"}],
        "recipe": None,
        "reason_codes": [],
    }
    result = read_result(read_json(json.dumps(body).encode()), "ELECTRODE_COATING", CLOCK)
    assert result.finished_at - result.started_at == timedelta(seconds=30)
    ((_, unit),) = result.units
    assert (unit.length_m, unit.mass_kg) == (1000.0, None)
    assert (unit.measurements[0].value, unit.measurements[0].position) == (19.0, "A")
    assert (unit.components[0].serial, unit.components[0].position) == ("S2", None)
    assert (unit.ranges[0].lane, unit.ranges[0].to_m) == (2, 15.75)
    assert unit.consumed[0].quantity == 3.0


@pytest.mark.parametrize(
    ("kind", "changed", "code"),
    [
        ("PACK_TEST", {"components": [{"serial": "A"}]}, errors.MISSING_FIELD),
        (
            "PACK_TEST",
            {"components": [{"serial": "A", "position": 1}, {"serial": "B", "position": 1}]},
            errors.REPEATED,
        ),
        ("CELL_ASSEMBLY", {"components": [{"serial": "A"}, {"serial": "a "}]}, errors.REPEATED),
        ("CELL_ASSEMBLY", {"channel": "C-1"}, errors.NOT_OF_THIS_KIND),
        ("FORMATION", {"channel": "C-1"}, errors.MISSING_FIELD),
        ("FORMATION", {"ranges": [{"serial": "A", "from_m": 0, "to_m": 1}]}, errors.NOT_OF_THIS_KIND),
        ("ELECTRODE_COATING", {"tray": "T"}, errors.NOT_OF_THIS_KIND),
        ("ELECTRODE_COATING", {"components": [{"serial": " s1"}]}, errors.OUT_OF_RANGE),
        ("PACK_TEST", {"items": []}, errors.UNKNOWN_FIELD),
    ],
)
def test_what_a_kind_does_not_send(kind: str, changed: dict[str, Any], code: errors.Code) -> None:
    with pytest.raises(Refusal) as refused:
        read_result(GOOD | changed, kind, CLOCK)
    assert refused.value.code is code
