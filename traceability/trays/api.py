"""Trays over the API, for stations and people."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lines.models import Station
from lines.people.auth import StationUser
from lines.people.roles import may_move_units
from traceability.interlock.api import raw_body
from traceability.interlock.schemas import ErrorShape
from traceability.trays import schemas
from traceability.trays.bodies import read_tray
from traceability.trays.loading import change_tray
from traceability.trays.queries import show_tray

_TRAY = OpenApiParameter("tray", str, OpenApiParameter.PATH)
_REFUSED = dict.fromkeys((400, 401, 403, 404, 409, 413, 415, 422), ErrorShape)


def _who(request: Request) -> tuple[str, Station | None]:
    user: Any = request.user
    if isinstance(user, StationUser):
        return f"station:{user.station.code}", user.station
    if not may_move_units(user):
        raise PermissionDenied
    return f"person:{user.username}", None


def _change(verb: str, request: Request, tray: str) -> Response:
    actor, station = _who(request)
    raw = raw_body(request)
    return Response(change_tray(verb, tray, actor=actor, station=station, path=request.path, raw=raw))


class TrayView(APIView):
    @extend_schema(
        operation_id="show_tray",
        summary="What is in a tray now",
        parameters=[_TRAY],
        responses={200: schemas.TrayShape, **dict.fromkeys((400, 401, 422), ErrorShape)},
    )
    def get(self, request: Request, tray: str) -> Response:  # noqa: ARG002 - DRF's signature
        return Response(show_tray(read_tray(tray)))


class LoadTrayView(APIView):
    @extend_schema(
        operation_id="load_tray",
        summary="Load units into slots",
        description="Up to 512 units, all of them or none. The same load again changes nothing.",
        parameters=[_TRAY],
        request={"application/json": schemas.LoadRequest},
        responses={200: schemas.ChangedTrayShape, **_REFUSED},
    )
    def post(self, request: Request, tray: str) -> Response:
        return _change("load", request, tray)


class MoveInTrayView(APIView):
    @extend_schema(
        operation_id="move_to_slot",
        summary="Move one unit into a free slot, from wherever it is",
        parameters=[_TRAY],
        request={"application/json": schemas.WantedShape},
        responses={200: schemas.ChangedTrayShape, **_REFUSED},
    )
    def post(self, request: Request, tray: str) -> Response:
        return _change("move", request, tray)


class UnloadTrayView(APIView):
    @extend_schema(
        operation_id="unload_tray",
        summary="Take units out, or all of them",
        parameters=[_TRAY],
        request={"application/json": schemas.UnloadRequest},
        responses={200: schemas.ChangedTrayShape, **_REFUSED},
    )
    def post(self, request: Request, tray: str) -> Response:
        return _change("unload", request, tray)


class SwapInTrayView(APIView):
    @extend_schema(
        operation_id="swap_in_tray",
        summary="Swap the units of two slots; channels stay with the slots",
        parameters=[_TRAY],
        request={"application/json": schemas.SwapRequest},
        responses={200: schemas.ChangedTrayShape, **_REFUSED},
    )
    def post(self, request: Request, tray: str) -> Response:
        return _change("swap", request, tray)


class UndockTrayView(APIView):
    @extend_schema(
        operation_id="undock_tray",
        summary="The tray leaves its channels; the units stay in their slots",
        parameters=[_TRAY],
        request={"application/json": schemas.UndockRequest},
        responses={200: schemas.ChangedTrayShape, **_REFUSED},
    )
    def post(self, request: Request, tray: str) -> Response:
        return _change("undock", request, tray)
