"""Rolls over the API: the map of one, and the metres behind a unit."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from traceability.interlock.schemas import ErrorShape
from traceability.rolls import schemas
from traceability.rolls.telling import ranges_behind, roll_map

_SERIAL = OpenApiParameter("serial", str, OpenApiParameter.PATH)
_MISSING = dict.fromkeys((401, 404), ErrorShape)


class RollMapView(APIView):
    @extend_schema(
        operation_id="show_roll_map",
        summary="A roll: what lies where on it, where its metres went, marks, scans, cut-outs, length balance",
        parameters=[_SERIAL],
        responses={200: schemas.RollMapShape, **_MISSING, 422: ErrorShape},
    )
    def get(self, request: Request, serial: str) -> Response:  # noqa: ARG002 - DRF's signature
        return Response(roll_map(serial))


class RangesView(APIView):
    @extend_schema(
        operation_id="show_unit_ranges",
        summary="The metres of every roll behind a unit, with the marks and scans there",
        description="Nearest first. A roll that was turned, stretched or spliced since tells them on its own axis.",
        parameters=[_SERIAL],
        responses={200: schemas.RangesBehind, **_MISSING},
    )
    def get(self, request: Request, serial: str) -> Response:  # noqa: ARG002 - DRF's signature
        return Response(ranges_behind(serial))
