"""Examples of what is posted, for the API's documentation; a test posts each of them to the real API.

By operation id and what the example shows. Views that bring examples of their own are not repeated here. Times of the
day 2027-04-01 are moved near to the time of reading (mes.api_schema). Lots 1 and 2 stand for any two of one material.
"""

from typing import Any

PARAMETERS: dict[str, Any] = {
    "station": "MIX-1",
    "serial": "SK1SLA6BL900001UE",
    "tray": "T-0001",
    "feed_point": "GRAPHITE-SILO",
    "lot_id": 1,
    "permit_id": 1,
    "post_id": 1,
    "token_id": 1,
    "hold_id": 1,
    "nonconformance_id": 1,
    "correction_id": 1,
    "reaction_id": 1,
    "gauge": "AIL-1-POWER",
    "calibration_id": 1,
    "report_id": 1,
    "analysis_id": 1,
    "archive_id": 1,
    "recall_id": 1,
    "file_format": "pdf",
    "Idempotency-Key": "MIX-1:b7:R:17",
    "number": "S-2027-001",
    "limit": 100,
}

_CELLS = ("SK1CLF6BL000456DB", "SK1CLF6BL000457CM", "SK1CLF6BL000458BX")
_REASON = "Certificate checked by the incoming inspection."

BODIES: dict[str, dict[str, Any]] = {
    "receive_lot": {
        "A delivery with its certificate": {
            **{"supplier": "ACME", "number": "A-2", "material": "GRAPHITE", "quantity": 800.0},
            "expires_at": "2027-04-01T10:00:00Z",
        },
    },
    "release_lot": {"By an engineer": {"reason": _REASON}},
    "block_lot": {"A complaint": {"reason": "Supplier's notice of iron in this batch."}},
    "change_lot_expiry": {
        "Tested again": {"expires_at": "2027-04-01T10:00:00Z", "reason": "Tested again by the laboratory."}
    },
    "split_lot": {
        "Half to the other line": {"parts": [{"number": "A-1/2", "quantity": 100.0}], "reason": "Half to line 2."}
    },
    "merge_lots": {
        "Two into one silo": {
            **{"lots": [{"lot": 1, "quantity": 50.0}, {"lot": 2}], "number": "S-1", "supplier": "SILO"},
            "reason": "Both went into silo 1.",
        }
    },
    "mount_lot": {"A scanned label": {"material": "GRAPHITE", "supplier": "ACME", "lot": "A-1", "operator": "op1"}},
    "mount_lot_at": {"A scanned label": {"material": "GRAPHITE", "supplier": "ACME", "lot": "A-1", "operator": "op1"}},
    "issue_serials": {"A hundred batches": {"definition": "ANODE-SLURRY", "count": 100}},
    "load_tray": {
        "Two cells": {
            "items": [{"serial": _CELLS[2], "slot": 3}, {"serial": _CELLS[0], "slot": 1}],
            "move": False,
        }
    },
    "move_to_slot": {"Into slot 7": {"serial": _CELLS[0], "slot": 7}},
    "swap_in_tray": {"Slots 1 and 2": {"slots": [1, 2], "serials": [_CELLS[0], _CELLS[1]]}},
    "unload_tray": {"By slot": {"slots": [1, 2]}, "All": {"all": True}},
    "replay_refused_post": {
        "With what was wrong put right": {
            "body": {
                **{"serial": "SK1SLA6BL900002TP", "operation": "MIX-A", "outcome": "PASS"},
                **{"started_at": "2027-04-01T05:30:00Z", "finished_at": "2027-04-01T09:30:00Z"},
                "measurements": [{"code": "MIX-03", "value": 15.0, "unit": "um"}],
            }
        }
    },
    "dismiss_refused_post": {"Posted again since": {"note": "The station posted it again with the right unit."}},
    "preview_hold": {"A lot": {"scope": "LOT", "supplier": "ACME", "lot": "A-1"}},
    "place_hold": {
        "A roll's range": {
            **{"scope": "ROLL_RANGE", "serial": "SK1RLC6BL000004G9", "from_m": 100.0, "to_m": 250.0},
            "reason": "Streaks on the camera.",
        },
        "A lot": {"scope": "LOT", "supplier": "ACME", "lot": "A-1", "reason": "Supplier's notice of iron."},
        "A station's hour": {
            **{"scope": "STATION", "station": "MIX-1", "reason": "Scale out of adjustment."},
            **{"window_from": "2027-04-01T08:30:00Z", "window_to": "2027-04-01T09:30:00Z"},
        },
        "One unit, from an operation on": {
            **{"scope": "UNIT", "serial": "SK1SLA6BL900001UE", "at_operation": "COAT-A"},
            "reason": "Look at the viscosity before it is coated.",
        },
    },
    "preview_recall": {
        "A lot": {"kind": "LOT", "supplier": "ACME", "lot": "A-1"},
        "Metres of a roll": {"kind": "ROLL_RANGE", "serial": "SK1RLC6BL000004G9", "from_m": 100.0, "to_m": 250.0},
        "A recipe since a day": {
            **{"kind": "RECIPE", "recipe": "LFP-314/WELD/v1", "window_from": "2027-04-01T00:00:00Z"},
        },
    },
    "confirm_recall": {
        "A lot": {"kind": "LOT", "supplier": "ACME", "lot": "A-1", "reason": "Supplier's notice of iron."},
        "A drill from two cells": {
            **{"kind": "UNITS", "serials": [_CELLS[0], _CELLS[1]], "reason": "Half-yearly drill.", "hold": False},
        },
    },
    "release_hold": {"The whole hold": {"reason": "Viscosity measured again, within limits."}},
    "decide_nonconformance": {
        "Rework": {"disposition": "REWORK", "rework_to": "SLIT-C", "reason": "Edge to be cut again."},
        "Use as it is": {"disposition": "USE_AS_IS", "reason": "Within the customer's tolerance."},
    },
    "record_calibration": {
        "Found out of order and adjusted": {
            **{"kind": "CALIBRATION", "as_found_passed": False, "as_left_passed": True},
            **{"as_found": 0.4, "as_left": 0.0, "allowed": 0.1, "unit": "kW"},
            **{"performed_by": "Calibration laboratory", "certificate": "C-2026-118", "next_due": "2027-05-20"},
        },
        "A check that passed": {"kind": "CHECK", "as_found_passed": True, "performed_by": "T. Mori"},
    },
    "work_reaction": {
        "Worked, verified and closed": {
            "answers": [{"step": 1, "text": "Real: the reference mass reads right."}],
            "verification": "Five cells weighed by hand: all within 1 g of the target.",
            "cause": "WEAR",
            "action": "REPLACED",
            "note": "Dosing pump changed.",
        },
        "A step answered": {"answers": [{"step": 1, "text": "The gauge is right, the value is real."}]},
    },
    "find_common_cause": {
        "These units, against good ones of the same day": {"serials": [*_CELLS], "within": "DAY"},
    },
    "ask_report": {
        "Everything of a shift, in Japanese": {
            **{"since": "2027-04-01T00:00:00Z", "until": "2027-04-01T08:00:00Z", "language": "ja"},
        },
        "One station's day, with the names of AIAG-VDA": {
            **{"since": "2027-04-01T00:00:00Z", "until": "2027-04-02T00:00:00Z", "stations": ["FILL-1"]},
            **{"naming": "AIAG-VDA2026", "confidence": 0.9},
        },
    },
    "ask_history_archive": {
        "Ten batches that passed a visit, drawn at random": {
            "filter": {"kinds": ["slurry_batch"], "verdict": "PASS"},
            **{"size": 10, "seed": "20270401", "language": "ja"},
        },
    },
    "verify_history": {
        "The code of a printed history": {"code": "TTPP-T2JH-GMEP-DRK5"},
        "The hash of a file": {"sha256": "9cdef9e9273308f1c55d3399171a684d17f4fc5fc01dc03701830f1931aa1ad1"},
    },
    "analyse": {
        "A control chart of individuals": {
            "chart": "i-mr",
            "data": [10.2, 9.8, 10.1, None, 10.4, 9.9, 10.0, 11.9, 10.1, 10.2],
            "params": {"rules": [1, 2]},
        },
        "Shares nonconforming of samples": {"chart": "p", "data": [3, 5, 2, 9, 4], "subgroups": [50, 50, 48, 50, 51]},
        "Capability with one limit": {
            "chart": "capability",
            "data": [[24.9, 25.1, 25.0], [25.2, 25.0, 24.8], [25.1, 24.9, 25.0], [25.0, 25.1, 24.9]],
            "params": {"usl": 26.0},
        },
    },
    "ship_units": {
        "One container": {
            **{"number": "S-2027-002", "site": "DC-SAKAI", "serials": ["SK1XLF6BL0000020Y"]},
            "shipped_at": "2027-04-01T09:30:00Z",
        }
    },
    "take_back_units": {
        "After an alarm there": {"serials": ["SK1XLF6BL0000011N"], "reason": "Insulation alarm at the site."}
    },
    "make_token": {"For one operation": {"operations": ["MIX-A"], "expires_at": "2027-04-02T10:00:00Z"}},
}
