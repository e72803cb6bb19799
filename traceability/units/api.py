"""Units and lots over the API."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lines.people.auth import StationUser, may_receive_goods
from traceability.interlock.api import raw_body
from traceability.interlock.schemas import ErrorShape
from traceability.units import schemas
from traceability.units.queries import list_lots, list_units, show_lot, show_unit, window
from traceability.units.services import receive_lot

_REFUSED = dict.fromkeys((400, 401), ErrorShape)
_MISSING = {**_REFUSED, 404: ErrorShape}


def _parameter(request: Request, name: str) -> str:
    return request.query_params.get(name, "")


class UnitsView(APIView):
    @extend_schema(
        operation_id="list_units",
        summary="Units, newest first",
        parameters=[schemas.KIND, OpenApiParameter("product", str), schemas.STATE, *schemas.PAGE],
        responses={200: schemas.UnitPage, **_REFUSED},
    )
    def get(self, request: Request) -> Response:
        of = window(_parameter(request, "limit"), _parameter(request, "cursor"))
        kind, product, state = (_parameter(request, name) for name in ("kind", "product", "state"))
        return Response(list_units(kind, product, state, of))


class UnitView(APIView):
    @extend_schema(
        operation_id="show_unit",
        summary="One unit: every record, what it was made of, what it went into",
        parameters=[
            OpenApiParameter("serial", str, OpenApiParameter.PATH),
            OpenApiParameter("depth", int, description="Levels of genealogy, 1 to 12, 1 unless told."),
        ],
        responses={200: schemas.UnitHistory, **_MISSING},
    )
    def get(self, request: Request, serial: str) -> Response:
        return Response(show_unit(serial, _parameter(request, "depth")))


class LotsView(APIView):
    @extend_schema(
        operation_id="list_lots",
        summary="Lots, newest first",
        parameters=[OpenApiParameter("supplier", str), OpenApiParameter("number", str), *schemas.PAGE],
        responses={200: schemas.LotPage, **_REFUSED},
    )
    def get(self, request: Request) -> Response:
        of = window(_parameter(request, "limit"), _parameter(request, "cursor"))
        return Response(list_lots(_parameter(request, "supplier"), _parameter(request, "number"), of))

    @extend_schema(
        operation_id="receive_lot",
        summary="Goods receipt of a bought lot",
        description="By any station, a line supervisor or an administrator. The same receipt again is answered 200.",
        request=schemas.LotRequest,
        responses={
            201: schemas.LotShape,
            200: schemas.LotShape,
            **dict.fromkeys((400, 401, 403, 409, 413, 415, 422), ErrorShape),
        },
    )
    def post(self, request: Request) -> Response:
        user: Any = request.user
        if isinstance(user, StationUser):
            is_new, lot = receive_lot(f"station:{user.station.code}", user.station, request.path, raw_body(request))
        elif may_receive_goods(user):
            is_new, lot = receive_lot(f"person:{user.username}", None, request.path, raw_body(request))
        else:
            raise PermissionDenied
        return Response(lot, status=201 if is_new else 200)


class LotView(APIView):
    @extend_schema(
        operation_id="show_lot",
        summary="One lot, and every unit that has something of it",
        parameters=[OpenApiParameter("lot_id", int, OpenApiParameter.PATH), schemas.KIND, *schemas.PAGE],
        responses={200: schemas.LotHistory, **_MISSING},
    )
    def get(self, request: Request, lot_id: int) -> Response:
        of = window(_parameter(request, "limit"), _parameter(request, "cursor"))
        return Response(show_lot(lot_id, _parameter(request, "kind"), of))
