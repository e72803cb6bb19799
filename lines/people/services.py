"""People of the plant files, and issuing tokens. The plain text leaves this module once and is stored nowhere."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password

from lines.orders.models import Operation
from lines.people.models import Certification, Person, PersonToken, Role, StationToken
from lines.plant.files import PersonFile
from lines.plant.master import Changes, Rows
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


def keep_station_token(station: Station, plain: str | None) -> str:
    """A token that is valid for the station: the given one, set again if the database lacks it, else a new one."""
    if plain:
        token, _ = StationToken.objects.get_or_create(sha256=token_sha256(plain), defaults={"station": station})
        if token.station_id == station.pk and token.revoked_at is None and token.expires_at is None:
            return plain
    return issue_station_token(station)


def keep_person_token(person: Person, plain: str | None) -> str:
    """A token that is valid for the person: the given one, set again if the database lacks it, else a new one."""
    if plain:
        token, _ = PersonToken.objects.get_or_create(sha256=token_sha256(plain), defaults={"person": person})
        if token.person_id == person.pk and token.revoked_at is None and token.expires_at is None:
            return plain
    return issue_person_token(person)


def keep_password(person: Person, plain: str | None) -> str:
    """The given password, set if the person has none yet, or a new one. One that the person chose stays."""
    password = plain or secrets.token_urlsafe(12)
    if plain is None or not person.has_usable_password():
        person.set_password(password)
        person.save(update_fields=["password"])
    return password


def load_people(people: Iterable[PersonFile], changes: Changes) -> None:
    """Demo people with their roles; a new one cannot sign in before keep_password, an operator not at all."""
    rows = Rows(Person, changes, "username")
    for person in people:
        administers = person.role == Role.ADMINISTRATOR
        new = {} if (person.username,) in rows.found else {"password": make_password(None)}
        rows.keep(
            person.username,
            name_en=person.name.en,
            name_ja=person.name.ja,
            role=person.role,
            is_staff=administers,
            is_superuser=administers,
            **new,
        )


def load_certifications(people: Iterable[PersonFile], changes: Changes) -> None:
    """After the operations. A date is made when the certification is; a renewed one stays as somebody set it."""
    rows = Rows(Certification, changes, "person_id", "operation_id")
    person_ids = dict(Person.objects.values_list("username", "pk"))
    operation_ids = dict(Operation.objects.values_list("code", "pk"))
    for person in people:
        for one in person.certifications:
            key = person_ids[person.username], operation_ids[one.operation]
            new = {} if key in rows.found else {"valid_until": changes.at + timedelta(days=one.valid_days)}
            rows.keep(*key, level=one.level, **new)
