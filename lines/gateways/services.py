"""The alarm of a gateway whose spool fills up, raised while the database answers."""

from django.utils import timezone

from lines.alarms.models import Alarm, AlarmPriority
from lines.alarms.services import clear, raise_alarm
from lines.errors import Code
from lines.gateways.errors import SPOOL_FILLING, SPOOL_FULL
from lines.people.actors import acting
from lines.plant.models import Station

# Loud well before it is full, and not off and on again at the edge.
ALARM_SHARE, CLEAR_SHARE = 0.5, 0.4


def tell_spool(line_code: str, share: float, *, is_full: bool) -> None:
    """Raise or clear the alarms of a line's gateway. `share` of the spool's limit; `is_full`: it takes no more.

    They stand at the line's first station, for an alarm has one.
    """
    with acting(f"gateway:{line_code}"):
        station = Station.objects.filter(production_line__code=line_code).order_by("sequence", "pk").first()
        if station is None:
            return
        open_alarms = Alarm.objects.filter(station__production_line__code=line_code, cleared_at=None)
        known = {code: pk for pk, code in open_alarms.values_list("pk", "code")}
        percent = round(share * 100)
        for code, is_on, is_off, english, japanese in (
            (
                *(SPOOL_FILLING, share >= ALARM_SHARE, share < CLEAR_SHARE),
                f"The spool of the gateway of {line_code} is {percent} % full: its values are not being stored.",
                f"{line_code} のゲートウェイのスプールが {percent} % に達しました。値が保存されていません。",
            ),
            (
                *(SPOOL_FULL, is_full, not is_full),
                f"The spool of the gateway of {line_code} takes no more ({percent} % full).",
                f"{line_code} のゲートウェイのスプールに書き込めません（{percent} %）。",
            ),
        ):
            if is_on and code.code not in known:
                _raise(station, code, english, japanese)
            elif is_off and code.code in known:
                clear(known[code.code])


def _raise(station: Station, code: Code, english: str, japanese: str) -> None:
    raise_alarm(
        station,
        code.code,
        priority=AlarmPriority.HIGH,
        message_en=english,
        message_ja=japanese,
        subject_kind="station",
        subject_id=station.code,
        source_time=timezone.now(),
    )
