"""Making, replacing and ending the tokens of stations. The plain text leaves here once and is stored nowhere."""

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from django.utils import timezone

from lines.alarms.models import Alarm, AlarmPriority
from lines.alarms.services import clear, raise_alarm
from lines.errors import Refusal
from lines.people import errors
from lines.people.actors import acting
from lines.people.certificates import fingerprint
from lines.people.models import StationToken
from lines.people.services import token_sha256
from lines.plant.models import Station
from lines.tokens.queries import expiring

# So long the old token stays valid, for what is on its way and for stations that share it.
GRACE = timedelta(minutes=10)
_LONGEST = timedelta(days=3660)


def make_token(
    station: Station,
    *,
    by: str,
    expires_at: datetime | None = None,
    operations: Collection[str] = (),
    certificate: str = "",
) -> tuple[StationToken, str]:
    """A new token and its plain text. `by`: as actors are named; `certificate`: a fingerprint, or nothing.

    Raises Refusal: TOKEN_EXPIRY, TOKEN_OPERATIONS, TOKEN_CERTIFICATE.
    """
    now = timezone.now()
    if expires_at is not None and not now < expires_at <= now + _LONGEST:
        raise Refusal(errors.TOKEN_EXPIRY, expires_at.isoformat())
    unknown = set(operations) - set(station.operations.values_list("code", flat=True))
    if unknown:
        raise Refusal(errors.TOKEN_OPERATIONS, ", ".join(sorted(unknown)))
    sha256 = fingerprint(certificate) if certificate else ""
    if certificate and not sha256:
        raise Refusal(errors.TOKEN_CERTIFICATE, certificate[:80])
    with acting(by):
        return _create(station, by, expires_at, sorted(set(operations)), sha256)


def rotate_token(station: Station, token_id: int, *, by: str) -> tuple[StationToken, str]:
    """A new token like an old one, which ends after the grace. One that expires is followed by one that lives as long.

    Raises Refusal: TOKEN_UNKNOWN, TOKEN_ENDED.
    """
    now = timezone.now()
    with acting(by):
        old = _locked(station, token_id, now)
        # Asked again in the grace, because the first answer was lost: the old one's end says nothing any more.
        sibling = old.replaced_by.order_by("-pk").first()
        expires_at = now + (old.expires_at - old.created_at) if old.expires_at else None
        if sibling is not None:
            expires_at = sibling.expires_at
        new = _create(station, by, expires_at, old.operations, old.certificate_sha256, replaces=old)
        old.expires_at = min(old.expires_at or now + GRACE, now + GRACE)
        old.save(update_fields=["expires_at"])
    return new


def revoke_token(station: Station, token_id: int, *, by: str) -> None:
    """Refused from the next request on. Raises Refusal: TOKEN_UNKNOWN, TOKEN_ENDED."""
    now = timezone.now()
    with acting(by):
        token = _locked(station, token_id, now)
        token.revoked_at = now
        token.save(update_fields=["revoked_at"])


def warn_of_expiry() -> None:
    """One alarm for each station that somebody has to give a new token, cleared when there is one."""
    now = timezone.now()
    with acting("task:warn-of-expiring-tokens"):
        ends = expiring(now)
        known = {a.station_id: a for a in Alarm.objects.filter(code=errors.TOKEN_EXPIRES.code, cleared_at=None)}
        for station_id in known.keys() - ends.keys():
            clear(known[station_id].pk)
        for station in Station.objects.filter(pk__in=ends.keys() - known.keys()):
            day = timezone.localtime(ends[station.pk]).strftime("%Y-%m-%d")
            raise_alarm(
                station,
                errors.TOKEN_EXPIRES.code,
                priority=AlarmPriority.MEDIUM,
                message_en=f"A token of {station.code} expires on {day}.",
                message_ja=f"{station.code} のトークンは {day} に期限が切れます。",
                subject_kind="station",
                subject_id=station.code,
                source_time=now,
            )


def _create(
    station: Station,
    by: str,
    expires_at: datetime | None,
    operations: list[str],
    certificate_sha256: str,
    *,
    replaces: StationToken | None = None,
) -> tuple[StationToken, str]:
    plain = f"st_{secrets.token_urlsafe(32)}"
    token = StationToken.objects.create(
        station=station,
        sha256=token_sha256(plain),
        expires_at=expires_at,
        operations=operations,
        certificate_sha256=certificate_sha256,
        made_by=by[:120],
        replaces=replaces,
    )
    return token, plain


def _locked(station: Station, token_id: int, now: datetime) -> StationToken:
    """The token until the transaction ends, while it counts."""
    token = StationToken.objects.select_for_update(of=("self",)).filter(station=station, pk=token_id).first()
    if token is None:
        raise Refusal(errors.TOKEN_UNKNOWN, str(token_id))
    if token.revoked_at is not None or (token.expires_at is not None and token.expires_at <= now):
        raise Refusal(errors.TOKEN_ENDED, str(token_id))
    return token
