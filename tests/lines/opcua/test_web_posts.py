"""What a roll and a reworked pack tell comes through the structure as a station that speaks HTTP would post it."""

from typing import Any

import pytest

from lines.opcua.posts import UnreadableError, result_request
from lines.simulator.handshake import result_fields

BODY: dict[str, Any] = {
    "serial": "SK1RCC6BL000001AA",
    "operation": "COAT-C",
    "outcome": "PASS",
    "reason_codes": [],
    "started_at": "2027-04-01T08:00:00+00:00",
    "finished_at": "2027-04-01T08:30:00+00:00",
    "recipe": "",
    "operator": "",
    "length_m": 1000.0,
    "mass_kg": None,
    "measurements": [],
    "consumed": [
        {"material": "AL-FOIL", "supplier": "ACME", "lot": "F-1", "quantity": 400.0, "unit": "m", "own_from_m": 0.0}
        | {"own_to_m": 396.0, "delta_m": 0.2},
        {"material": "AL-FOIL", "supplier": "ACME", "lot": "F-2", "quantity": 610.0, "unit": "m"},
    ],
    "components": [
        {"serial": "SK1SLC6BL000001AA", "position": 1, "quantity": 300.0, "own_from_m": 0.0, "own_to_m": 640.0}
        | {"delta_m": 1.0},
        {"serial": "SK1SLC6BL000002AA", "position": 2, "quantity": 190.0, "own_from_m": 600.0, "own_to_m": 1000.0},
    ],
    "ranges": [
        {"serial": "SK1RKC6BL000001AA", "lane": 2, "from_m": 0.0, "to_m": 9.5, "own_from_m": 0.0, "own_to_m": 9.6}
        | {"delta_m": 0.1, "reversed": True, "mirrored": True},
        {"serial": "SK1RKC6BL000001AA", "lane": 2, "from_m": 10.0, "to_m": 19.5, "flipped": True},
    ],
    "lanes": 4,
    "marks": [
        {"code": "COA-PIN", "from_m": 12.0, "to_m": 12.0, "lane": 3, "side": "B", "y_mm": 412.5, "size_mm": 0.3},
        {"code": "COA-SPLICE", "from_m": 396.0, "to_m": 396.4},
    ],
    "scans": [
        {"characteristic": "COA-01", "at_m": 2.5, "values": [19.0, 19.1], "side": "A", "gauge": "BETA"},
        {"characteristic": "COA-01", "at_m": 7.5, "values": [18.9, 19.2], "side": "B", "gauge": "BETA"},
    ],
    "cut_outs": [{"serial": "SK1RKC6BL000001AA", "from_m": 9.5, "to_m": 10.0, "lane": 2, "code": "COA-LINE"}],
    "removed": [{"serial": "SK1CLF6BL000001AA", "position": 3, "reason": "EOL-SPREAD"}],
}


def test_nothing_of_a_web_is_lost_in_the_structure() -> None:
    assert result_request(result_fields(BODY)) == BODY


def test_a_controller_without_these_arrays_posts_the_body_it_always_did() -> None:
    """So that a repeat is recognised as one after an update."""
    plain = {name: BODY[name] for name in list(BODY)[:11]} | {"consumed": [], "components": [], "ranges": []}
    fields = result_fields(plain)
    assert result_request(fields) == plain
    older = {name: value for name, value in fields.items() if value not in ([], 0)}
    assert result_request(older).keys() == plain.keys()


@pytest.mark.parametrize("values", [[], [19.0, 19.1, 19.2]])
def test_passes_of_unequal_length_are_no_scan(values: list[float]) -> None:
    with pytest.raises(UnreadableError, match="ScanValue"):
        result_request(result_fields(BODY) | {"ScanValue": values})
