"""Rows of the ledger as tables and programs read them."""

from typing import Any

from lines.ledger.models import Gap
from lines.ledger.queries import HourLine, StationLines, state_of
from lines.records.models import OperationRecord
from lines.spreadsheets import Table

_HOURS = ("station", "hour", "expected", "received", "late", "duplicates", "rejected", "lost", "in_doubt")
_GAPS = ("gap", "station", "server", "cause", "since", "until", "state", "recovered", "lost", "is_exact", "event")


def hour_row(line: HourLine) -> dict[str, Any]:
    return {
        "hour": line.hour.isoformat(),
        "expected": line.expected,
        "received": line.received,
        "late": line.late,
        "duplicates": line.duplicates,
        "rejected": line.rejected,
        "lost": line.lost,
        "in_doubt": line.is_in_doubt,
    }


def station_row(lines: StationLines) -> dict[str, Any]:
    return {
        "station": lines.station.code,
        "counting_since": lines.counting_since.isoformat() if lines.counting_since else None,
        "hours": [hour_row(line) for line in lines.hours],
    }


def gap_row(gap: Gap) -> dict[str, Any]:
    return {
        "id": gap.pk,
        "station": gap.station.code,
        "cause": gap.cause,
        "state": state_of(gap).value,
        "since": gap.since.isoformat(),
        "until": gap.until.isoformat() if gap.until else None,
        "opened_at": gap.opened_at.isoformat(),
        "closed_at": gap.closed_at.isoformat() if gap.closed_at else None,
        "recovered": gap.recovered or None,
        "lost": gap.lost,
        "is_exact": gap.is_exact,
        "event": gap.event,
    }


def record_row(record: OperationRecord) -> dict[str, Any]:
    return {
        "record": record.pk,
        "serial": record.serial,
        "operation": record.operation,
        "started_at": record.started_at.isoformat() if record.started_at else None,
        "source_time": record.source_time.isoformat(),
    }


def hours_table(found: list[StationLines]) -> Table:
    """Hours in which there is anything to tell."""
    rows = [
        (lines.station.code, *(int(cell) if isinstance(cell, bool) else cell for cell in hour_row(line).values()))
        for lines in found
        for line in lines.hours
        if line.state != "none"
    ]
    return "Hours", _HOURS, rows


def gaps_table(found: list[Gap]) -> Table:
    rows = []
    for gap in found:
        row = gap_row(gap)
        rows.append((
            *(gap.pk, row["station"], gap.station.opcua_server.code, row["cause"], row["since"], row["until"]),
            *(row["state"], row["recovered"], row["lost"], int(gap.is_exact), row["event"]),
        ))  # fmt: skip
    return "Gaps", _GAPS, rows
