"""The sha256 of what a record says, measurements and counts included: sealed by the audit ledger. Pure.

The hash is over UTF-8 JSON with sorted keys and no white space; times are ISO 8601 in UTC with microseconds, numbers
as Python and JavaScript print the shortest text of a double. It can be computed again from the stored rows.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

# Columns of a record that the hash covers, by their names in the database; `station` is the station's code.
RECORD_FIELDS = (
    "station", "operation", "serial", "product", "attempt", "started_at", "source_time", "received_at",
    "machine_outcome", "verdict", "is_conforming", "deviation_codes", "reason_codes", "recipe", "operator", "tray",
    "slot", "channel", "grade", "clock_offset_s", "is_offline", "entered_by",
)  # fmt: skip
MEASUREMENT_FIELDS = (
    "sequence", "characteristic", "value", "unit", "position", "source_time", "judgement", "limits_version",
    "is_derived",
)  # fmt: skip
COUNT_FIELDS = ("code", "count", "inspected", "position")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    raise TypeError(type(value))


def content_sha256(
    record: Mapping[str, Any], measurements: Iterable[Mapping[str, Any]], counts: Iterable[Mapping[str, Any]] = ()
) -> str:
    """`record` has at least RECORD_FIELDS, each measurement MEASUREMENT_FIELDS, in order of sequence, each attribute
    count COUNT_FIELDS, in order of storing."""
    content = {name: record[name] for name in RECORD_FIELDS}
    content["measurements"] = [[m[name] for name in MEASUREMENT_FIELDS] for m in measurements]
    content["counts"] = [[c[name] for name in COUNT_FIELDS] for c in counts]
    text = json.dumps(content, default=_plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
