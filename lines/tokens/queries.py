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
    REPLACED = "REPLACED", _("Replaced")
    EXPIRED = "EXPIRED", _("Expired")
    REVOKED = "REVOKED", _("Revoked")


@dataclass(frozen=True)
class ListedToken:
    token: StationToken
    state: TokenState

    @property
    def is_valid(self) -> bool:
        return self.state in (TokenState.VALID, TokenState.EXPIRES_SOON, TokenState.REPLACED)


def state_of(token: StationToken, now: datetime, *, is_replaced: bool = False) -> TokenState:
    """`is_replaced`: another one was made in its place, so that its end surprises nobody."""
    if token.revoked_at is not None:
        return TokenState.REVOKED
    if token.expires_at is None:
        return TokenState.VALID
    if token.expires_at <= now:
        return TokenState.EXPIRED
    if is_replaced:
        return TokenState.REPLACED
    return TokenState.EXPIRES_SOON if token.expires_at <= now + EXPIRES_SOON else TokenState.VALID


def tokens_of(station: Station) -> list[ListedToken]:
    """Every token the station ever had: those that count first, then the newest first."""
    now = timezone.now()
    found = StationToken.objects.filter(station=station).select_related("station").order_by("-id")
    replaced = {token.replaces_id for token in found}
    listed = [ListedToken(t, state_of(t, now, is_replaced=t.pk in replaced)) for t in found]
    return sorted(listed, key=lambda each: not each.is_valid)


def station_by_code(code: str) -> Station | None:
    return Station.objects.filter(code=code).first() if code.isprintable() else None


def operations_of(station: Station) -> list[tuple[str, str]]:
    """(code, name in the reader's language), in order of the code."""
    return [(operation.code, operation.name) for operation in station.operations.all()]


def expiring(now: datetime) -> dict[int, datetime]:
    """Stations with a token that ends soon and has none in its place, and when the first of them ends. One that a
    station replaces by itself, and that lives for weeks only, ends soon when a third of its life is left."""
    soon = StationToken.objects.filter(revoked_at=None, expires_at__gt=now, expires_at__lte=now + EXPIRES_SOON)
    found: dict[int, datetime] = {}
    for token in soon.filter(replaced_by=None).order_by("-expires_at"):
        if token.expires_at is not None and 3 * (token.expires_at - now) <= token.expires_at - token.created_at:
            found[token.station_id] = token.expires_at
    return found


def token_row(listed: ListedToken) -> dict[str, Any]:
    """A token as the API tells it."""
    token = listed.token
    return {
        "id": token.pk,
        "station": token.station.code,
        "state": listed.state.value,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
        "operations": token.operations,
        "certificate_sha256": token.certificate_sha256 or None,
        "made_by": token.made_by,
        "replaces": token.replaces_id,
    }
