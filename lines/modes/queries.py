"""In which mode a station is, and who put it there."""

from lines.models import ModeChange, Station


def station_by_code(code: str) -> Station | None:
    return Station.objects.filter(code=code).first() if code.isprintable() else None


def last_change(station: Station) -> ModeChange | None:
    """None: it has been in production from the beginning, or an administrator set its mode."""
    newest = ModeChange.objects.filter(station=station).order_by("-id").first()
    return newest if newest and newest.mode == station.mode else None
