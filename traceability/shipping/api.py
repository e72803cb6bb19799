"""Shipments over the API: by supervisors and administrators; read by all."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lines.people.auth import may_ship
from lines.people.models import Person
from traceability.interlock.api import raw_body
from traceability.interlock.schemas import ErrorShape
from traceability.shipping import schemas
from traceability.shipping.queries import list_data_centres, list_shipments, show_shipment
from traceability.shipping.services import post_return, post_shipment
from traceability.units.queries import window
from traceability.units.schemas import PAGE

_READ = dict.fromkeys((400, 401), ErrorShape)
_WRITTEN = dict.fromkeys((400, 401, 403, 404, 409, 413, 415, 422), ErrorShape)
_NUMBER = OpenApiParameter("number", str, OpenApiParameter.PATH)


def _asked(request: Request, name: str) -> str:
    return request.query_params.get(name, "")


def _actor(request: Request) -> str:
    """Stations ship nothing."""
    user: Any = request.user
    if not isinstance(user, Person) or not may_ship(user):
        raise PermissionDenied
    return f"person:{user.username}"


class DataCentresView(APIView):
    @extend_schema(
        operation_id="list_data_centres",
        summary="Sites that units are shipped to, with how many are there",
        responses={200: schemas.DataCentreList, 401: ErrorShape},
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002 - a view's signature
        return Response(list_data_centres())


class ShipmentsView(APIView):
    @extend_schema(
        operation_id="list_shipments",
        summary="Shipments, newest first",
        parameters=[
            OpenApiParameter("site", str, description="Code of a data centre."),
            OpenApiParameter("serial", str, description="With this unit; one that is built in counts not."),
            *PAGE,
        ],
        responses={200: schemas.ShipmentPage, **_READ},
    )
    def get(self, request: Request) -> Response:
        of = window(_asked(request, "limit"), _asked(request, "cursor"))
        return Response(list_shipments(_asked(request, "site"), _asked(request, "serial"), of))

    @extend_schema(
        operation_id="ship_units",
        summary="Ship units to a data centre",
        description=(
            "By a supervisor or an administrator. A unit that is held, failed, unfinished, built in or away is refused,"
            " and with it the whole shipment. The same shipment again is answered 200."
        ),
        request={"application/json": schemas.ShipmentRequest},
        responses={201: schemas.ShipmentShape, 200: schemas.ShipmentShape, **_WRITTEN},
    )
    def post(self, request: Request) -> Response:
        is_new, shipment = post_shipment(_actor(request), request.path, raw_body(request))
        return Response(shipment, status=201 if is_new else 200)


class ShipmentView(APIView):
    @extend_schema(
        operation_id="show_shipment",
        summary="One shipment: its units, and what is built into them",
        parameters=[_NUMBER],
        responses={200: schemas.ShipmentShape, 401: ErrorShape, 404: ErrorShape},
    )
    def get(self, request: Request, number: str) -> Response:  # noqa: ARG002 - a view's signature
        return Response(show_shipment(number))


class ReturnView(APIView):
    @extend_schema(
        operation_id="take_back_units",
        summary="Take units of a shipment back",
        description="They are here again, and on hold until somebody has looked at them.",
        parameters=[_NUMBER],
        request={"application/json": schemas.ReturnRequest},
        responses={200: schemas.ShipmentShape, **_WRITTEN},
    )
    def post(self, request: Request, number: str) -> Response:
        return Response(post_return(number, _actor(request), request.path, raw_body(request)))
