"""Tokens of stations over the API: made and listed by administrators, replaced by the station itself."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lines.errors import UNKNOWN_STATION, Refusal
from lines.people.auth import IsThisStation, StationUser, may_issue_tokens
from lines.people.models import Person, StationToken
from lines.plant.models import Station
from lines.shapes import ErrorShape
from lines.stations.body import known_only, read_text, read_texts, read_time
from lines.stations.sent import sent_fields
from lines.tokens import schemas
from lines.tokens.queries import ListedToken, state_of, station_by_code, token_row, tokens_of
from lines.tokens.services import make_token, revoke_token, rotate_token

_STATION = OpenApiParameter("station", str, OpenApiParameter.PATH, description="Station code.")
_REFUSED = dict.fromkeys((400, 401, 403, 404, 413, 415, 422), ErrorShape)


def _administrator(request: Request) -> str:
    """The actor. Raises PermissionDenied for everybody else."""
    if isinstance(request.user, Person) and may_issue_tokens(request.user):
        return f"person:{request.user.username}"
    raise PermissionDenied


def _station(code: str) -> Station:
    found = station_by_code(code)
    if found is None:
        raise Refusal(UNKNOWN_STATION, code if code.isprintable() else "")
    return found


def _secret(made: tuple[StationToken, str]) -> Response:
    token, plain = made
    return Response(
        {**token_row(ListedToken(token, state_of(token, timezone.now()))), "token": plain},
        status=201,
        headers={"Cache-Control": "no-store"},
    )


class TokensView(APIView):
    @extend_schema(
        operation_id="list_tokens",
        summary="The tokens a station has and had",
        description="For administrators. Hashes and plain texts are not told.",
        parameters=[_STATION],
        responses={200: schemas.TokenList, **dict.fromkeys((401, 403, 404), ErrorShape)},
    )
    def get(self, request: Request, station: str) -> Response:
        _administrator(request)
        return Response({"items": [token_row(listed) for listed in tokens_of(_station(station))]})

    @extend_schema(
        operation_id="make_token",
        summary="A new token for a station",
        description="For administrators. The plain text stands in this answer and nowhere else.",
        parameters=[_STATION],
        request={"application/json": schemas.TokenRequest},
        responses={201: schemas.NewTokenShape, **_REFUSED},
    )
    def post(self, request: Request, station: str) -> Response:
        by, at = _administrator(request), _station(station)
        body = sent_fields(request)
        known_only(body, frozenset({"expires_at", "operations", "certificate_sha256"}), "$")
        made = make_token(
            at,
            by=by,
            expires_at=read_time(body, "expires_at", "$", None),
            operations=read_texts(body, "operations", "$", most=100, longest=24),
            certificate=read_text(body, "certificate_sha256", "$", longest=95),
        )
        return _secret(made)


class RotateTokenView(APIView):
    permission_classes = [IsThisStation]

    @extend_schema(
        operation_id="rotate_token",
        summary="A new token for the station that asks, in place of its own",
        description="The one it asked with stays valid for 10 minutes. The plain text stands in this answer alone.",
        parameters=[_STATION],
        request=None,
        responses={201: schemas.NewTokenShape, **dict.fromkeys((401, 403, 409), ErrorShape)},
    )
    def post(self, request: Request, station: str) -> Response:  # noqa: ARG002 - the token names the station
        user: Any = request.user
        assert isinstance(user, StationUser)  # noqa: S101 - IsThisStation lets nobody else in
        return _secret(rotate_token(user.station, user.token_id, by=user.pk))


class RevokeTokenView(APIView):
    @extend_schema(
        operation_id="revoke_token",
        summary="End a token at once",
        description="For administrators.",
        parameters=[_STATION, OpenApiParameter("token_id", int, OpenApiParameter.PATH)],
        responses={204: None, **dict.fromkeys((401, 403, 404, 409), ErrorShape)},
    )
    def delete(self, request: Request, station: str, token_id: int) -> Response:
        revoke_token(_station(station), token_id, by=_administrator(request))
        return Response(status=204)
