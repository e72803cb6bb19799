"""Which gauges measured a value, and how they stood then. What a later calibration says of that time is told too."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lines.models import OperationRecord
from quality.gauges.models import Calibration, Gauge
from quality.gauges.standing import Standing, Window, standing, suspect_window


@dataclass(frozen=True)
class _Known:
    gauge: Gauge
    measures: frozenset[str]  # empty: whatever its station measures
    rows: Sequence[Calibration]  # oldest first


class Gauges:
    """The gauges of some stations, read at once: three queries."""

    def __init__(self, station_ids: Collection[int]) -> None:
        found = Gauge.objects.filter(station__in=station_ids).order_by("code")
        self._by_station: dict[int, list[_Known]] = {}
        for gauge in found.prefetch_related("characteristics", "calibrations"):
            rows = sorted(gauge.calibrations.all(), key=lambda row: (row.at, row.pk))
            measures = frozenset(each.code for each in gauge.characteristics.all())
            self._by_station.setdefault(gauge.station_id, []).append(_Known(gauge, measures, rows))

    def of(self, record: OperationRecord, characteristic: str) -> list[str]:
        """Codes of the gauges that measured a characteristic in this visit: of its channel, else of the station."""
        here = self._by_station.get(record.station_id, [])
        fitting = [each for each in here if characteristic in each.measures]
        fitting = fitting or [each for each in here if not each.measures]
        of_channel = [each for each in fitting if each.gauge.channel and each.gauge.channel == record.channel]
        return [each.gauge.code for each in of_channel or [each for each in fitting if not each.gauge.channel]]

    def standing(self, record: OperationRecord, codes: Collection[str]) -> list[dict[str, Any]]:
        """Each of these gauges as it stood when the visit ended, by our clock."""
        at = record.source_time - timedelta(seconds=record.clock_offset_s or 0.0)
        return [_stood(each, at) for each in self._by_station.get(record.station_id, []) if each.gauge.code in codes]


def _stood(known: _Known, at: datetime) -> dict[str, Any]:
    before = [row for row in known.rows if row.at <= at]
    last = next((row for row in reversed(before) if row.as_left_passed and row.next_due is not None), None)
    now: Standing | None = None
    if not known.rows:  # what the master data said is all that is known
        now = Standing(known.gauge.calibrated_at, known.gauge.valid_until)
    elif last is not None and last.next_due is not None:
        now = standing(Standing(last.at, last.next_due), before[before.index(last) + 1 :])
    return {
        "gauge": known.gauge.code,
        "name": {"en": known.gauge.name_en, "ja": known.gauge.name_ja},
        "calibrated_at": _utc(now.calibrated_at) if now else None,
        "valid_until": _utc(now.valid_until) if now else None,
        "was_valid": now.calibrated_at <= at <= now.valid_until if now else None,
        "certificate": last.certificate if last else "",
        "performed_by": last.performed_by if last else "",
        "doubted_by": [
            {"calibration": row.pk, "at": _utc(row.at)}
            for row in known.rows
            if not row.as_found_passed and _is_within(suspect_window(known.rows, row), at)
        ],
    }


def _is_within(window: Window, at: datetime) -> bool:
    return (window.since is None or window.since <= at) and (window.until is None or at <= window.until)


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
