"""Raising, acknowledging and clearing alarms, after ISA-18.2.

An alarm stays open until both have happened, in either order: a person acknowledged it with a note, and its cause
went away (cleared). So a condition that came and went still reaches somebody.
"""

from datetime import datetime

from django.utils import timezone

from lines.alarms.errors import ALARM_ACKNOWLEDGED, ALARM_NOT_YOURS, ALARM_NOTE, ALARM_UNKNOWN
from lines.alarms.models import Alarm, AlarmPriority
from lines.errors import Refusal
from lines.events.models import EventKind
from lines.events.services import emit
from lines.people.actors import acting
from lines.people.auth import may_acknowledge
from lines.people.models import Person
from lines.plant.models import Station

LONGEST_NOTE = 2000
LONGEST_MESSAGE = 300


def raise_alarm(
    station: Station,
    code: str,
    *,
    priority: AlarmPriority,
    message_en: str,
    message_ja: str,
    subject_kind: str,
    subject_id: str,
    source_time: datetime,
) -> Alarm:
    """Store one alarm and tell the screens, in the caller's transaction. `source_time` is the machine's clock."""
    alarm = Alarm.objects.create(
        station=station,
        code=code,
        priority=priority,
        # A long name in master data must not keep an alarm from being raised.
        message_en=message_en[:LONGEST_MESSAGE],
        message_ja=message_ja[:LONGEST_MESSAGE],
        subject_kind=subject_kind,
        subject_id=subject_id,
        source_time=source_time,
        raised_at=timezone.now(),
    )
    emit(EventKind.ALARM, station.code, alarm=alarm.pk, change="raised")
    return alarm


def acknowledge(alarm_id: int, person: Person, note: str) -> Alarm:
    """Take an alarm over in one's own name. Raises Refusal: not allowed, no note, unknown, already acknowledged."""
    note = note.strip()
    if not may_acknowledge(person):
        raise Refusal(ALARM_NOT_YOURS, f"{person.username} is {person.get_role_display()}")
    if not note or len(note) > LONGEST_NOTE:
        raise Refusal(ALARM_NOTE, f"the note has {len(note)} characters, 1 to {LONGEST_NOTE} are taken")
    with acting(f"person:{person.username}"):
        # no_key: what refers to the alarm is stored meanwhile.
        alarm = (
            Alarm.objects.select_for_update(no_key=True, of=("self",))
            .select_related("station")
            .filter(pk=alarm_id)
            .first()
        )
        if alarm is None:
            raise Refusal(ALARM_UNKNOWN, f"alarm {alarm_id}")
        if alarm.acknowledged_at is not None:
            raise Refusal(ALARM_ACKNOWLEDGED, f"alarm {alarm_id}, at {alarm.acknowledged_at.isoformat()}")
        alarm.acknowledged_at = timezone.now()
        alarm.acknowledged_by = person
        alarm.note = note
        alarm.save(update_fields=["acknowledged_at", "acknowledged_by", "note"])
        emit(EventKind.ALARM, alarm.station.code, alarm=alarm.pk, change="acknowledged")
    return alarm


def clear(alarm_id: int) -> bool:
    """The cause is gone, in the caller's transaction. Says whether this call cleared it; a second changes nothing."""
    if not Alarm.objects.filter(pk=alarm_id, cleared_at=None).update(cleared_at=timezone.now()):
        return False
    station = Alarm.objects.values_list("station__code", flat=True).get(pk=alarm_id)
    emit(EventKind.ALARM, station, alarm=alarm_id, change="cleared")
    return True
