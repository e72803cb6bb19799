"""Stations as the API tells them."""

from datetime import datetime, timedelta
from typing import Any

from lines.errors import UNKNOWN_STATION, Refusal
from lines.models import Station, StationClock, StationToken
from lines.stations.body import Tolerance


def tolerance_of(station: Station, now: datetime) -> Tolerance:
    """Which times this station may send now."""
    return Tolerance(now, timedelta(seconds=station.ahead_tolerance_s), timedelta(seconds=station.behind_tolerance_s))


def show_station(code: str, token_id: int | None = None) -> dict[str, Any]:
    """What a station is and does. `token_id`: the token by which it asks about itself.

    Raises Refusal UNKNOWN_STATION.
    """
    known = Station.objects.select_related("area", "production_line", "clock")
    station = known.filter(code=code).first() if code.isprintable() else None
    if station is None:
        raise Refusal(UNKNOWN_STATION, code if code.isprintable() else "")
    clock: StationClock | None = getattr(station, "clock", None)
    return {
        "station": station.code,
        "name": {"en": station.name_en, "ja": station.name_ja},
        "kind": station.kind,
        "line": station.production_line.code,
        "area": station.area.code,
        "interface": station.interface,
        "operations": list(station.operations.order_by("code").values_list("code", flat=True)),
        "mode": station.mode,
        "clock_offset_s": clock.offset_s if clock else None,
        "clock_measured_at": clock.measured_at.isoformat() if clock else None,
        "ahead_tolerance_s": station.ahead_tolerance_s,
        "behind_tolerance_s": station.behind_tolerance_s,
        "offline_policy": station.offline_policy,
        "offline_units": station.offline_units,
        "token": _token(station, token_id) if token_id is not None else None,
    }


def _token(station: Station, token_id: int) -> dict[str, Any] | None:
    token = StationToken.objects.filter(pk=token_id, station=station).first()
    if token is None:
        return None
    return {
        "expires_at": token.expires_at.isoformat() if token.expires_at else None,
        "operations": token.operations,
    }
