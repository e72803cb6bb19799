"""The station API: may this unit enter, and what came of it."""

from collections.abc import Mapping
from typing import Any, NoReturn

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lines.errors import NOT_ALLOWED, Refusal
from lines.models import Station
from lines.people.auth import IsThisStation, StationUser
from lines.records.services import quarantine
from lines.stations.body import MAX_BODY_BYTES
from lines.stations.queries import show_station
from traceability.interlock import schemas
from traceability.interlock.permits import ask_permits
from traceability.interlock.results import take_result

_REFUSED = dict.fromkeys((400, 401, 403, 409, 413, 415, 422), schemas.ErrorShape)
_STATION = OpenApiParameter("station", str, OpenApiParameter.PATH, description="Station code.")


def raw_body(request: Request) -> bytes:
    """The body as sent, at most one byte more than we take. The service parses it, so that quarantine can keep it."""
    media_type = request.content_type or ""
    if media_type.partition(";")[0].strip().lower() != "application/json":
        raise UnsupportedMediaType(media_type)
    return request._request.read(MAX_BODY_BYTES + 1)  # DRF would take a body of any size


def json_response(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """An answer that is kept, sent as it is kept."""
    return HttpResponse(text, status=status, headers=headers, content_type="application/json")


class StationPostView(APIView):
    permission_classes = [IsThisStation]

    def permission_denied(self, request: Request, message: str | None = None, code: str | None = None) -> NoReturn:
        """A station that speaks for another one is no small mistake: what it sent is kept."""
        if isinstance(request.user, StationUser):
            refusal = Refusal(NOT_ALLOWED, f"token of {request.user.station.code}")
            key = request.headers.get("Idempotency-Key", "")
            body = request._request.read(MAX_BODY_BYTES)
            quarantine(request.user.station, refusal, path=request.path, key=key, body=body, received_at=timezone.now())
            raise refusal
        super().permission_denied(request, message, code)


def _asking(request: Request) -> Station:
    user: Any = request.user  # IsThisStation lets no person in
    station: Station = user.station
    return station


class PermitsView(StationPostView):
    @extend_schema(
        operation_id="ask_permit",
        summary="May this unit enter this operation?",
        description="Asked again within 30 minutes, the same permit is given. A denial names every reason.",
        parameters=[_STATION],
        request={"application/json": schemas.PERMIT_REQUEST},
        responses={200: schemas.PERMIT_ANSWER, **_REFUSED},
    )
    def post(self, request: Request, station: str) -> Response:  # noqa: ARG002 - the token names the station
        return Response(ask_permits(_asking(request), request.path, raw_body(request)))


class ResultsView(StationPostView):
    @extend_schema(
        operation_id="post_result",
        summary="What came of one unit, or of the units of a tray",
        description=(
            "Everything understood is stored and answered 201, also where entry would have been denied: then with "
            "deviations, and the unit is held. A repeat with the same key and body gets the first answer again."
        ),
        parameters=[
            _STATION,
            OpenApiParameter(
                "Idempotency-Key",
                str,
                OpenApiParameter.HEADER,
                required=True,
                description="New for each result, the same for each repeat of it; 1 to 128 printable ASCII characters.",
            ),
        ],
        request={"application/json": schemas.RESULT_REQUEST},
        responses={201: schemas.RESULT_ANSWER, **_REFUSED},
        examples=schemas.EXAMPLES,
    )
    def post(self, request: Request, station: str) -> HttpResponse:  # noqa: ARG002 - the token names the station
        key = request.headers.get("Idempotency-Key", "")
        taken = take_result(_asking(request), key, request.path, raw_body(request))
        headers = {"Idempotency-Replayed": "true"} if taken.is_replay else None
        return json_response(taken.text, taken.status_code, headers)


class StationView(APIView):
    @extend_schema(
        operation_id="show_station",
        summary="What a station is and does",
        parameters=[_STATION],
        responses={200: schemas.StationShape, 401: schemas.ErrorShape, 404: schemas.ErrorShape},
    )
    def get(self, request: Request, station: str) -> Response:  # noqa: ARG002 - DRF's signature
        answer: dict[str, Any] = show_station(station)
        return Response(answer)
