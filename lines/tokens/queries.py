"""The tokens of stations: what each may do, and until when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models.enums import TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lines.people.models import StationToken
from lines.plant.models import Station

# So long before a token ends somebody is told.
EXPIRES_SOON = timedelta(days=30)


class TokenState(TextChoices):
    VALID = "VALID", _("Valid")
    EXPIRES_SOON = "EXPIRES_SOON", _("Expires soon")
    EXPIRED = "EXPIRED", _("Expired")
    REVOKED = "REVOKED", _("Revoked")


@dataclass(frozen=True)
class ListedToken:
    token: StationToken
    state: TokenState

    @property
    def is_valid(self) -> bool:
        return self.state in (TokenState.VALID, TokenState.EXPIRES_SOON)


def state_of(token: StationToken, now: datetime) -> TokenState:
    if token.revoked_at is not None:
        return TokenState.REVOKED
    if token.expires_at is None:
        return TokenState.VALID
    if token.expires_at <= now:
        return TokenState.EXPIRED
    return TokenState.EXPIRES_SOON if token.expires_at <= now + EXPIRES_SOON else TokenState.VALID


def tokens_of(station: Station) -> list[ListedToken]:
    """Every token the station ever had: those that count first, then the newest first."""
    now = timezone.now()
    listed = [
        ListedToken(t, state_of(t, now))
        for t in StationToken.objects.filter(station=station).select_related("station").order_by("-id")
    ]
    return sorted(listed, key=lambda each: not each.is_valid)


def station_by_code(code: str) -> Station | None:
    return Station.objects.filter(code=code).first() if code.isprintable() else None


def operations_of(station: Station) -> list[tuple[str, str]]:
    """(code, name in the reader's language), in order of the code."""
    return [(operation.code, operation.name) for operation in station.operations.all()]


def token_row(token: StationToken) -> dict[str, Any]:
    """A token as the API tells it."""
    return {
        "id": token.pk,
        "station": token.station.code,
        "state": state_of(token, timezone.now()).value,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
        "operations": token.operations,
        "certificate_sha256": token.certificate_sha256 or None,
        "made_by": token.made_by,
        "replaces": token.replaces_id,
    }
