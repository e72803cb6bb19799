"""Issuing and revoking tokens. The plain text leaves this module once and is stored nowhere."""

import hashlib
import secrets
from datetime import datetime

from lines.people.models import Person, PersonToken, StationToken
from lines.plant.models import Station


def token_sha256(plain: str) -> str:
    """Tokens carry 256 random bits, so a plain hash is enough; a slow one would cost every request."""
    return hashlib.sha256(plain.encode()).hexdigest()


def issue_station_token(station: Station, expires_at: datetime | None = None) -> str:
    plain = f"st_{secrets.token_urlsafe(32)}"
    StationToken.objects.create(station=station, sha256=token_sha256(plain), expires_at=expires_at)
    return plain


def issue_person_token(person: Person, expires_at: datetime | None = None) -> str:
    plain = f"pe_{secrets.token_urlsafe(32)}"
    PersonToken.objects.create(person=person, sha256=token_sha256(plain), expires_at=expires_at)
    return plain
