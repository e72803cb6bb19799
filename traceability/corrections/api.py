"""Corrections over the API: by a quality engineer or an administrator."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lines.people.auth import StationUser
from lines.stations.body import read_json
from traceability.corrections import schemas
from traceability.corrections.asking import from_json
from traceability.corrections.queries import correction_by_id, correction_json
from traceability.corrections.services import check_may, correct
from traceability.interlock.api import raw_body
from traceability.interlock.schemas import ErrorShape

_EXAMPLE = {"record": 1, "kind": "VALUE", "reason": "Typed with the wrong decimal point", "sequence": 0, "value": 1.21}


class CorrectionsView(APIView):
    @extend_schema(
        operation_id="correct_record",
        summary="Set right what a record says wrongly",
        description=(
            "A new row; what was recorded stays. Where the unit's place in its route rests on the error it is held, "
            "so that a person decides. GET /api/v1/units/{serial}?as_of= gives either state."
        ),
        request=schemas.CorrectionRequest,
        responses={
            201: schemas.CorrectionWithFollowed,
            **dict.fromkeys((400, 401, 403, 404, 409, 413, 415, 422), ErrorShape),
        },
        examples=[OpenApiExample("A wrong value", value=_EXAMPLE, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        user: Any = request.user
        if isinstance(user, StationUser):
            raise PermissionDenied
        check_may(user)
        found = correct(user, from_json(read_json(raw_body(request))))
        return Response(correction_json(found, with_followed=True), status=201)


class CorrectionView(APIView):
    @extend_schema(
        operation_id="show_correction",
        summary="One correction, and what followed from the error",
        parameters=[OpenApiParameter("correction_id", int, OpenApiParameter.PATH)],
        responses={200: schemas.CorrectionWithFollowed, 401: ErrorShape, 404: ErrorShape},
    )
    def get(self, request: Request, correction_id: int) -> Response:  # noqa: ARG002 - DRF's signature
        return Response(correction_json(correction_by_id(correction_id), with_followed=True))
