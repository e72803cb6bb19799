"""Which alarms are open, where, and how urgent."""

from dataclasses import dataclass

from django.db.models import Count, Min, Q, QuerySet
from django.db.models.enums import TextChoices
from django.utils.translation import gettext_lazy as _

from lines.alarms.models import Alarm

OPEN = Q(acknowledged_at=None) | Q(cleared_at=None)


class AlarmState(TextChoices):
    """The four states of ISA-18.2 that a reader meets."""

    UNACKNOWLEDGED = "UNACKNOWLEDGED", _("Active, unacknowledged")
    ACKNOWLEDGED = "ACKNOWLEDGED", _("Active, acknowledged")
    RETURNED = "RETURNED", _("Returned to normal, unacknowledged")
    NORMAL = "NORMAL", _("Normal")


IN_STATE = {
    AlarmState.UNACKNOWLEDGED: Q(acknowledged_at=None, cleared_at=None),
    AlarmState.ACKNOWLEDGED: Q(acknowledged_at__isnull=False, cleared_at=None),
    AlarmState.RETURNED: Q(acknowledged_at=None, cleared_at__isnull=False),
    AlarmState.NORMAL: Q(acknowledged_at__isnull=False, cleared_at__isnull=False),
}


def state_of(alarm: Alarm) -> AlarmState:
    if alarm.cleared_at is None:
        return AlarmState.UNACKNOWLEDGED if alarm.acknowledged_at is None else AlarmState.ACKNOWLEDGED
    return AlarmState.RETURNED if alarm.acknowledged_at is None else AlarmState.NORMAL


def alarms(
    *, station: str = "", state: str = "", priority: int | None = None, only_open: bool = False
) -> QuerySet[Alarm]:
    """Alarms with station and person, newest first. Each filter left empty takes all."""
    found = Alarm.objects.select_related("station", "acknowledged_by").order_by("-id")
    if station:
        found = found.filter(station__code=station)
    if state:
        found = found.filter(IN_STATE[AlarmState(state)])
    if priority is not None:
        found = found.filter(priority=priority)
    return found.filter(OPEN) if only_open else found


def open_alarms(station: str = "") -> QuerySet[Alarm]:
    """What somebody still has to look at, most urgent first, then newest first."""
    return alarms(station=station, only_open=True).order_by("priority", "-id")


@dataclass(frozen=True)
class AlarmCounts:
    open: int
    unacknowledged: int
    highest_priority: int  # 1 is the most urgent


def counts_by_station() -> dict[str, AlarmCounts]:
    """Open alarms by station code, in one query; a station without any is absent."""
    rows = (
        Alarm.objects.filter(OPEN)
        .order_by()
        .values("station__code")
        .annotate(open=Count("id"), unacknowledged=Count("id", filter=Q(acknowledged_at=None)), first=Min("priority"))
    )
    return {row["station__code"]: AlarmCounts(row["open"], row["unacknowledged"], row["first"]) for row in rows}


class Show(TextChoices):
    """The tabs of the alarm list."""

    OPEN = "open", _("To acknowledge")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    ALL = "all", _("All")


_SHOWN = {Show.OPEN: Q(acknowledged_at=None), Show.ACKNOWLEDGED: Q(acknowledged_at__isnull=False), Show.ALL: Q()}


def shown(show: Show, station: str = "") -> QuerySet[Alarm]:
    """The rows of one tab: what waits for somebody comes most urgent first, everything else newest first."""
    found = alarms(station=station).filter(_SHOWN[show])
    return found.order_by("priority", "-id") if show is Show.OPEN else found


def one_alarm(alarm_id: int) -> Alarm | None:
    return alarms().filter(pk=alarm_id).first()
