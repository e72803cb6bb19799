"""Who is asking: a station by its token, a person by token or session. Denied by default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from lines.errors import Refusal
from lines.people import errors
from lines.people.certificates import fingerprint
from lines.people.models import Person, PersonToken, Role
from lines.people.services import token_sha256
from lines.plant.models import Station
from lines.records.prepared import first_asked

if TYPE_CHECKING:
    # rest_framework.views reads the settings that name this module.
    from rest_framework.views import APIView


@dataclass(frozen=True)
class StationUser:
    """What request.user is when a station asks."""

    station: Station
    token_id: int
    is_authenticated: bool = True
    is_active: bool = True

    @property
    def pk(self) -> str:
        return f"station:{self.station.code}"


# By SQL: every post of every station asks this, and the query builder costs more than the query.
_STATION_COLUMNS = [field.attname for field in Station._meta.concrete_fields]
_SPEAKING_STATION = f"""
select t.id, t.operations, t.certificate_sha256, {", ".join(f"s.{column}" for column in _STATION_COLUMNS)}
from lines_station s join lines_stationtoken t on t.station_id = s.id
where t.sha256 = %s and t.revoked_at is null and (t.expires_at is null or t.expires_at > %s)
"""  # noqa: S608 - columns of the model


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Token <plain text>`."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"token":
            return None
        if len(parts) != 2:
            raise AuthenticationFailed
        sha256 = token_sha256(parts[1].decode("latin-1"))
        now = timezone.now()
        if speaking := first_asked(_SPEAKING_STATION, [sha256, now]):
            token_id, operations, certificate, *columns = speaking
            if certificate:
                _require_certificate(request, certificate)
            station = Station.from_db(connection.alias, _STATION_COLUMNS, columns)
            station.token_operations = operations
            return StationUser(station, token_id), None
        valid = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now))
        person_token = PersonToken.objects.filter(valid, sha256=sha256).select_related("person").first()
        if person_token and person_token.person.is_active:
            return person_token.person, person_token
        raise AuthenticationFailed

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - DRF's signature
        return "Token"


def _require_certificate(request: Request, expected: str) -> None:
    """The proxy ends TLS and tells of the certificate it verified; without a proxy that does, no such token counts."""
    header = settings.DENCHI_CLIENT_CERTIFICATE_HEADER
    shown = fingerprint(request.headers.get(header, "")) if header else ""
    if shown != expected:
        detail = f"shown: {shown or 'none'}" if header else "this installation takes no client certificates"
        raise Refusal(errors.CERTIFICATE_NEEDED, detail)


class IsPersonOrStation(BasePermission):
    """Reading: any person or station that proved who it is."""

    def has_permission(self, request: Request, view: APIView) -> bool:  # noqa: ARG002 - DRF's signature
        return bool(request.user and request.user.is_authenticated)


class IsThisStation(BasePermission):
    """Posting: only the station that the address names, by its own token."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        user = request.user
        return isinstance(user, StationUser) and user.station.code == view.kwargs["station"]


class MayFeed(BasePermission):
    """Mounting material: the station itself, and the people who work at it."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        user = request.user
        if isinstance(user, Person):
            return may_mount(user)
        return IsThisStation().has_permission(request, view)


def may_mount(person: Person) -> bool:
    return person.role in (Role.OPERATOR, Role.SUPERVISOR, Role.ADMINISTRATOR)


def may_acknowledge(person: Person) -> bool:
    """Auditors read only."""
    return person.role != Role.AUDITOR


def may_change_mode(person: Person) -> bool:
    return person.role in (Role.SUPERVISOR, Role.ADMINISTRATOR)


def may_issue_tokens(person: Person) -> bool:
    return person.role == Role.ADMINISTRATOR


def may_read_refused_posts(person: Person) -> bool:
    """What was refused may hold anything: operators have no use for it."""
    return person.role in (Role.SUPERVISOR, Role.QUALITY, Role.ADMINISTRATOR, Role.AUDITOR)


def may_settle_refused_posts(person: Person) -> bool:
    return person.role in (Role.SUPERVISOR, Role.QUALITY, Role.ADMINISTRATOR)


def may_settle_quarantine(person: Person) -> bool:
    """Telemetry that could not be stored. Who may read refused posts may read it."""
    return person.role in (Role.QUALITY, Role.ADMINISTRATOR)


def may_receive_goods(person: Person) -> bool:
    return person.role in (Role.SUPERVISOR, Role.ADMINISTRATOR)


def may_ship(person: Person) -> bool:
    """Shipments to data centres, and taking back what returns."""
    return person.role in (Role.SUPERVISOR, Role.ADMINISTRATOR)


def may_hold(person: Person) -> bool:
    """Placing and releasing holds."""
    return person.role in (Role.SUPERVISOR, Role.QUALITY, Role.ADMINISTRATOR)


def may_dispose(person: Person) -> bool:
    """Deciding what becomes of a nonconforming unit."""
    return person.role in (Role.QUALITY, Role.ADMINISTRATOR)


def may_edit_plans(person: Person) -> bool:
    """Control plans, studies and limits."""
    return person.role in (Role.QUALITY, Role.ADMINISTRATOR)


def may_answer_reactions(person: Person) -> bool:
    """Answering the steps of a reaction to a signal, and verifying the station."""
    return person.role in (Role.SUPERVISOR, Role.QUALITY, Role.ADMINISTRATOR)


def may_close_reactions(person: Person) -> bool:
    """With cause and action; what was held for it goes on."""
    return person.role in (Role.QUALITY, Role.ADMINISTRATOR)


def may_note_changes(person: Person) -> bool:
    """What changed at a station (4M), marked on its charts."""
    return person.role in (Role.SUPERVISOR, Role.QUALITY, Role.ADMINISTRATOR)


def may_make_reports(person: Person) -> bool:
    """Asking for reports, and cancelling one's own; finished ones are read by all."""
    return person.role in (Role.SUPERVISOR, Role.QUALITY, Role.ADMINISTRATOR, Role.AUDITOR)


def may_schedule_reports(person: Person) -> bool:
    """Reports sent by e-mail from then on, and cancelling those of others: more than an auditor's reading."""
    return person.role in (Role.SUPERVISOR, Role.QUALITY, Role.ADMINISTRATOR)


def may_calibrate(person: Person) -> bool:
    """Recording calibrations and studies of gauges, and what they measure."""
    return person.role in (Role.QUALITY, Role.ADMINISTRATOR)
