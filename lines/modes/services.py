"""Taking a station out of production, and back."""

from django.utils import timezone

from lines.errors import Refusal
from lines.events.models import EventKind
from lines.events.services import emit
from lines.models import ModeChange, Station
from lines.modes import errors
from lines.people.actors import acting
from lines.people.auth import may_change_mode
from lines.people.models import Person
from lines.plant.models import UnitMode

LONGEST_REASON = 500


def change_mode(station: Station, person: Person, mode: str, reason: str) -> None:
    """From now on units may enter only if `mode` is PRODUCTION. The mode it is in already: nothing changes.

    Raises Refusal MODE_NOT_YOURS, MODE_UNKNOWN or MODE_REASON.
    """
    reason = reason.strip()
    if not may_change_mode(person):
        raise Refusal(errors.MODE_NOT_YOURS)
    if mode not in UnitMode.values:
        raise Refusal(errors.MODE_UNKNOWN)
    if not reason or len(reason) > LONGEST_REASON or "\0" in reason:
        raise Refusal(errors.MODE_REASON)
    with acting(f"person:{person.username}"):
        locked = Station.objects.select_for_update(no_key=True).get(pk=station.pk)
        if locked.mode == mode:
            return
        locked.mode = mode
        locked.save(update_fields=["mode"])
        ModeChange.objects.create(station=locked, mode=mode, reason=reason, by=person.username, at=timezone.now())
        emit(EventKind.STATE, locked.code, mode=mode, reason=reason, by=person.username)
