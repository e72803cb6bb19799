"""Stations as the API tells them."""

from datetime import datetime, timedelta
from typing import Any

from lines.errors import UNKNOWN_STATION, Refusal
from lines.models import Station
from lines.stations.body import Tolerance


def tolerance_of(station: Station, now: datetime) -> Tolerance:
    """Which times this station may send now."""
    return Tolerance(now, timedelta(seconds=station.ahead_tolerance_s), timedelta(seconds=station.behind_tolerance_s))


def show_station(code: str) -> dict[str, Any]:
    """What a station is and does. Raises Refusal UNKNOWN_STATION."""
    station = Station.objects.select_related("area", "production_line").filter(code=code).first()
    if station is None:
        raise Refusal(UNKNOWN_STATION, code if code.isprintable() else "")
    return {
        "station": station.code,
        "name": {"en": station.name_en, "ja": station.name_ja},
        "kind": station.kind,
        "line": station.production_line.code,
        "area": station.area.code,
        "interface": station.interface,
        "operations": list(station.operations.order_by("code").values_list("code", flat=True)),
        # Measured from the first issue that compares clocks; until then nobody may rely on it.
        "clock_offset_s": None,
    }
