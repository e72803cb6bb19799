"""The station API: may this unit enter, and what came of it."""

from collections.abc import Mapping
from typing import Any, NoReturn

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lines.errors import NOT_ALLOWED, WRONG_PARAMETER, Refusal
from lines.models import Station
from lines.people.auth import IsThisStation, StationUser
from lines.records.services import quarantine
from lines.stations.body import MAX_BODY_BYTES
from lines.stations.errors import BODY_CUT
from lines.stations.sent import sent_json
from traceability.interlock import permit_schemas, schemas
from traceability.interlock.permits import ask_permits, cancel_permit
from traceability.interlock.results import take_result, try_result
from traceability.interlock.stations import station_answer
from traceability.interlock.verdicts import show_verdict, verdicts_on
from traceability.units.queries import window
from traceability.units.schemas import PAGE

_REFUSED = dict.fromkeys((400, 401, 403, 409, 413, 415, 422), schemas.ErrorShape)
_PERMIT = OpenApiParameter("permit_id", int, OpenApiParameter.PATH)
_STATION = OpenApiParameter("station", str, OpenApiParameter.PATH, description="Station code.")
_DRY_RUN = OpenApiParameter(
    "dry_run", bool, description="true: judge wholly and store nothing, for commissioning; answered 200."
)


def is_dry_run(request: Request) -> bool:
    """Raises Refusal WRONG_PARAMETER for what is neither true nor false."""
    asked = request.query_params.get("dry_run", "false")
    if asked not in ("true", "false"):
        raise Refusal(WRONG_PARAMETER, "dry_run: true or false")
    return asked == "true"


def raw_body(request: Request) -> bytes:
    """The body as sent, at most one byte more than we take. The service parses it, so that quarantine can keep it."""
    body = sent_json(request)
    length = request.META.get("CONTENT_LENGTH") or ""
    if length.isdecimal() and len(body) < min(int(length), MAX_BODY_BYTES + 1):
        # Half a post is none: nothing for an engineer to look at, and the station sends it again.
        raise Refusal(BODY_CUT, f"{len(body)} of {length} bytes")
    return body


def json_response(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """An answer that is kept, sent as it is kept."""
    return HttpResponse(text, status=status, headers=headers, content_type="application/json")


class StationPostView(APIView):
    permission_classes = [IsThisStation]

    def permission_denied(self, request: Request, message: str | None = None, code: str | None = None) -> NoReturn:
        """A station that speaks for another one is no small mistake: what it sent is kept."""
        if isinstance(request.user, StationUser):
            self.check_throttles(request)  # which comes after permissions, so here for what is kept
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
        description=(
            "Asked again while it is open, the same permit is given; another station is denied meanwhile. A denial "
            "names every reason."
        ),
        parameters=[_STATION, _DRY_RUN],
        request={"application/json": permit_schemas.REQUEST},
        responses={200: permit_schemas.ANSWER, **_REFUSED},
        examples=permit_schemas.EXAMPLES,
    )
    def post(self, request: Request, station: str) -> Response:  # noqa: ARG002 - the token names the station
        is_dry = is_dry_run(request)
        return Response(ask_permits(_asking(request), request.path, raw_body(request), dry_run=is_dry))


class StationPermitView(StationPostView):
    @extend_schema(
        operation_id="cancel_permit",
        summary="Nothing is started with this permit",
        description="Cancelled again, it stays as it is.",
        parameters=[_STATION, _PERMIT],
        responses={200: permit_schemas.CancelledPermit, **dict.fromkeys((401, 403, 404, 409), schemas.ErrorShape)},
    )
    def delete(self, request: Request, station: str, permit_id: int) -> Response:  # noqa: ARG002 - the token names it
        return Response(cancel_permit(_asking(request), permit_id))


class PermitView(APIView):
    @extend_schema(
        operation_id="show_permit",
        summary="A verdict of the interlock with the facts it rested on, and the verdict of today's rules on them",
        parameters=[_PERMIT],
        responses={200: permit_schemas.VerdictWithFacts, 401: schemas.ErrorShape, 404: schemas.ErrorShape},
    )
    def get(self, request: Request, permit_id: int) -> Response:  # noqa: ARG002 - DRF's signature
        return Response(show_verdict(permit_id))


class UnitPermitsView(APIView):
    @extend_schema(
        operation_id="list_unit_permits",
        summary="What the interlock answered about a unit, newest first",
        parameters=[OpenApiParameter("serial", str, OpenApiParameter.PATH), permit_schemas.AS_OF, *PAGE],
        responses={200: permit_schemas.VerdictPage, 400: schemas.ErrorShape, 401: schemas.ErrorShape},
    )
    def get(self, request: Request, serial: str) -> Response:
        asked = request.query_params
        of = window(asked.get("limit", ""), asked.get("cursor", ""))
        return Response(verdicts_on(serial, asked.get("as_of", ""), of))


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
            _DRY_RUN,
            OpenApiParameter(
                "Idempotency-Key",
                str,
                OpenApiParameter.HEADER,
                description=(
                    "New for each result, the same for each repeat of it; 1 to 128 printable ASCII characters. Without "
                    "it the body's result_id is the key."
                ),
            ),
        ],
        request={"application/json": schemas.RESULT_REQUEST},
        responses={201: schemas.RESULT_ANSWER, 200: schemas.RESULT_ANSWER, **_REFUSED},
        examples=schemas.EXAMPLES,
    )
    def post(self, request: Request, station: str) -> HttpResponse:  # noqa: ARG002 - the token names the station
        if is_dry_run(request):
            return Response(try_result(_asking(request), raw_body(request)))
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
    def get(self, request: Request, station: str) -> Response:
        user: Any = request.user
        is_itself = isinstance(user, StationUser) and user.station.code == station
        return Response(station_answer(station, user.token_id if is_itself else None))
