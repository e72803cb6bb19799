"""Lots over the API: receipt by stations and people, decisions and parts by people."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lines.people.auth import StationUser, may_receive_goods
from lines.people.models import Person
from lines.people.roles import may_judge_lots, may_part_lots
from traceability.interlock.api import raw_body
from traceability.interlock.schemas import ErrorShape
from traceability.lots import schemas
from traceability.lots.parting import merge_lots, split_lot
from traceability.lots.queries import list_lots, show_lot
from traceability.lots.services import decide, receive_lot
from traceability.units.queries import window
from traceability.units.schemas import KIND, PAGE

_REFUSED = dict.fromkeys((400, 401), ErrorShape)
_WRITING = dict.fromkeys((400, 401, 403, 404, 409, 413, 415, 422), ErrorShape)
_LOT = OpenApiParameter("lot_id", int, OpenApiParameter.PATH)


def _parameter(request: Request, name: str) -> str:
    return request.query_params.get(name, "")


def _person(request: Request, may: Callable[[Person], bool]) -> str:
    """Who acts; a station never decides about lots."""
    user: Any = request.user
    if isinstance(user, StationUser) or not may(user):
        raise PermissionDenied
    return f"person:{user.username}"


class LotsView(APIView):
    @extend_schema(
        operation_id="list_lots",
        summary="Lots, newest first",
        parameters=[OpenApiParameter("supplier", str), OpenApiParameter("number", str), *PAGE],
        responses={200: schemas.LotPage, **_REFUSED},
    )
    def get(self, request: Request) -> Response:
        of = window(_parameter(request, "limit"), _parameter(request, "cursor"))
        return Response(list_lots(_parameter(request, "supplier"), _parameter(request, "number"), of))

    @extend_schema(
        operation_id="receive_lot",
        summary="Goods receipt of a bought lot, with its certificate of analysis",
        description=(
            "By any station, a line supervisor or an administrator. The same receipt again is answered 200; a quantity "
            "or certificate that was left out may be added so. A certificate value outside its limits, or a material "
            "that waits for its release, puts the lot into quarantine."
        ),
        request={"application/json": schemas.LotRequest},
        responses={201: schemas.LotShape, 200: schemas.LotShape, **_WRITING},
    )
    def post(self, request: Request) -> Response:
        user: Any = request.user
        if isinstance(user, StationUser):
            is_new, lot = receive_lot(f"station:{user.station.code}", user.station, request.path, raw_body(request))
        else:
            is_new, lot = receive_lot(_person(request, may_receive_goods), None, request.path, raw_body(request))
        return Response(lot, status=201 if is_new else 200)


class LotView(APIView):
    @extend_schema(
        operation_id="show_lot",
        summary="One lot, and every unit that has something of it",
        parameters=[_LOT, KIND, *PAGE],
        responses={200: schemas.LotHistory, **_REFUSED, 404: ErrorShape},
    )
    def get(self, request: Request, lot_id: int) -> Response:
        of = window(_parameter(request, "limit"), _parameter(request, "cursor"))
        return Response(show_lot(lot_id, _parameter(request, "kind"), of))


def _decide(verb: str, request: Request, lot_id: int) -> Response:
    actor = _person(request, may_judge_lots)
    return Response(decide(verb, lot_id, actor=actor, path=request.path, raw=raw_body(request)))


class ReleaseLotView(APIView):
    @extend_schema(
        operation_id="release_lot",
        summary="Release a lot from quarantine or from a block",
        description="By quality engineers and administrators. Parts of the lot are released on their own.",
        parameters=[_LOT],
        request={"application/json": schemas.DecisionRequest},
        responses={200: schemas.LotShape, **_WRITING},
    )
    def post(self, request: Request, lot_id: int) -> Response:
        return _decide("release", request, lot_id)


class BlockLotView(APIView):
    @extend_schema(
        operation_id="block_lot",
        summary="Block a lot, with all that was split off it or merged with it",
        parameters=[_LOT],
        request={"application/json": schemas.DecisionRequest},
        responses={200: schemas.LotShape, **_WRITING},
    )
    def post(self, request: Request, lot_id: int) -> Response:
        return _decide("block", request, lot_id)


class LotExpiryView(APIView):
    @extend_schema(
        operation_id="change_lot_expiry",
        summary="Change when a lot expires; no part of it expires later than it",
        parameters=[_LOT],
        request={"application/json": schemas.ExpiryRequest},
        responses={200: schemas.LotShape, **_WRITING},
    )
    def post(self, request: Request, lot_id: int) -> Response:
        return _decide("expiry", request, lot_id)


class SplitLotView(APIView):
    @extend_schema(
        operation_id="split_lot",
        summary="Split quantities of a lot off into new lots",
        description="The same split again is answered 200 and changes nothing.",
        parameters=[_LOT],
        request={"application/json": schemas.SplitRequest},
        responses={201: schemas.PartsShape, 200: schemas.PartsShape, **_WRITING},
    )
    def post(self, request: Request, lot_id: int) -> Response:
        actor = _person(request, may_part_lots)
        is_new, parts = split_lot(lot_id, actor=actor, path=request.path, raw=raw_body(request))
        return Response(parts, status=201 if is_new else 200)


class MergeLotsView(APIView):
    @extend_schema(
        operation_id="merge_lots",
        summary="Merge several lots of one material into a new one",
        description="It expires with the earliest of them and is in the worst of their states.",
        request={"application/json": schemas.MergeRequest},
        responses={201: schemas.LotShape, 200: schemas.LotShape, **_WRITING},
    )
    def post(self, request: Request) -> Response:
        actor = _person(request, may_part_lots)
        is_new, lot = merge_lots(actor=actor, path=request.path, raw=raw_body(request))
        return Response(lot, status=201 if is_new else 200)
