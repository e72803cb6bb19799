"""Alarms about certificates of OPC UA connections, from the gateway's folder of keys."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from lines.alarms.models import Alarm, AlarmPriority
from lines.alarms.services import clear, raise_alarm
from lines.certificates.errors import CODES, EXPIRES
from lines.errors import SERVER_NOT_SECURED, Code
from lines.opcua.pki import Pki
from lines.people.actors import acting
from lines.plant.models import SecurityPolicy, Station

AHEAD = timedelta(days=30)
# A gateway tries again every 10 s; one that has been silent for so long connected, or is down, which has its own alarm.
REFUSED_FOR = timedelta(minutes=2)

_REFUSALS = {code.code: code for code in (*CODES, SERVER_NOT_SECURED) if code is not EXPIRES}
_WHOSE = {
    "own": ("The gateway's own certificate", "ゲートウェイ自身の証明書"),
    "login": ("The certificate with which the gateway logs in", "ゲートウェイのログイン用証明書"),
    "server": ("The server's certificate", "サーバーの証明書"),
}


@dataclass(frozen=True)
class _Due:
    """An alarm that should stand now."""

    server: str  # empty: all that are secured
    code: Code
    message_en: str
    message_ja: str
    priority: AlarmPriority


def watch() -> None:
    """One alarm for each certificate that ends within 30 days and each server that is refused for its security, at the
    server's first station; cleared when that is over."""
    now = timezone.now()
    pki = Pki(settings.DENCHI_VAR / "pki")
    with acting("task:watch-certificates"):
        stations = _stations()
        secured = {code: s for code, s in stations.items() if s.opcua_server.security_policy != SecurityPolicy.NONE}
        due = {}
        for each, places in (
            *((ending, secured) for ending in _ending(pki, now)),
            *((refused, stations) for refused in _refused(pki, now)),
        ):
            station = places.get(each.server) if each.server else next(iter(places.values()), None)
            if station is not None:
                due[_key(each.code.code, station.pk, each.message_en)] = station, each
        standing = Alarm.objects.filter(code__in=[*_REFUSALS, EXPIRES.code], cleared_at=None)
        known = {_key(alarm.code, alarm.station_id, alarm.message_en): alarm.pk for alarm in standing}
        for key in known.keys() - due.keys():
            clear(known[key])
        for key in due.keys() - known.keys():
            station, each = due[key]
            raise_alarm(
                station,
                each.code.code,
                priority=each.priority,
                message_en=each.message_en,
                message_ja=each.message_ja,
                subject_kind="station",
                subject_id=station.code,
                source_time=now,
            )


def _key(code: str, station_id: int, message_en: str) -> tuple[str, int, str]:
    """Several certificates may end at one station; of a refusal only the detail changes from try to try."""
    return code, station_id, message_en if code == EXPIRES.code else ""


def _stations() -> dict[str, Station]:
    """The first station of each server."""
    stations = Station.objects.select_related("opcua_server").order_by("-sequence")
    found = {each.opcua_server.code: each for each in stations}
    return dict(sorted(found.items()))


def _ending(pki: Pki, now: datetime) -> Iterable[_Due]:
    for server, kind, end in pki.ends():
        if end <= now + AHEAD:
            day = timezone.localtime(end).strftime("%Y-%m-%d")
            en, ja = _WHOSE[kind]
            of_en, of_ja = (f" ({server})", f"（{server}）") if server else ("", "")
            yield _Due(
                server,
                EXPIRES,
                f"{en}{of_en} expires on {day}.",
                f"{ja}{of_ja}は {day} に期限が切れます。",
                AlarmPriority.MEDIUM,
            )


def _refused(pki: Pki, now: datetime) -> Iterable[_Due]:
    for each in pki.refusals():
        code = _REFUSALS.get(each.code)
        if code is not None and each.at > now - REFUSED_FOR:
            yield _Due(
                each.server,
                code,
                f"{each.server}: {code.what_en} {each.detail}",
                f"{each.server}：{code.what_ja}{each.detail_ja}",
                AlarmPriority.HIGH,
            )
