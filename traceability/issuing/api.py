"""Serial blocks over the station API."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from traceability.interlock.api import StationPostView, raw_body
from traceability.interlock.schemas import ErrorShape
from traceability.issuing import schemas
from traceability.issuing.services import issue_block


class SerialBlocksView(StationPostView):
    @extend_schema(
        operation_id="issue_serials",
        summary="Serials to mark new units with",
        description=(
            "Consecutive serials that no unit bears and no station was given. The same key and body again get the same "
            "block; a serial is never issued twice."
        ),
        parameters=[
            OpenApiParameter("station", str, OpenApiParameter.PATH, description="Station code."),
            OpenApiParameter(
                "Idempotency-Key",
                str,
                OpenApiParameter.HEADER,
                required=True,
                description="New for each block; 1 to 128 printable ASCII characters.",
            ),
        ],
        request={"application/json": schemas.BlockRequest},
        responses={201: schemas.BlockShape, **dict.fromkeys((400, 401, 403, 409, 413, 415, 422), ErrorShape)},
    )
    def post(self, request: Request, station: str) -> Response:  # noqa: ARG002 - the token names the station
        key = request.headers.get("Idempotency-Key", "")
        user: Any = request.user  # StationPostView lets no person in
        issued = issue_block(user.station, key, request.path, raw_body(request))
        headers = {"Idempotency-Replayed": "true"} if issued.is_repeat else None
        return Response(issued.answer, status=201, headers=headers)
