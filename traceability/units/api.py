"""Units over the API."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from traceability.interlock.schemas import ErrorShape
from traceability.parameters import known_only
from traceability.units import schemas
from traceability.units.queries import list_units, show_unit, window

_REFUSED = dict.fromkeys((400, 401), ErrorShape)
_MISSING = {**_REFUSED, 404: ErrorShape}


_LIST = [schemas.KIND, OpenApiParameter("product", str), schemas.STATE, *schemas.PAGE]
_SHOW = [
    OpenApiParameter("serial", str, OpenApiParameter.PATH),
    OpenApiParameter("depth", int, description="Levels of genealogy, 1 to 12, 1 unless told."),
    OpenApiParameter(
        "as_of",
        OpenApiTypes.DATETIME,
        description=(
            "Records, values, links and holds as they were known then, before later corrections. State, next"
            " operation, length and mass are always of now."
        ),
    ),
]


def _parameter(request: Request, name: str) -> str:
    return request.query_params.get(name, "")


class UnitsView(APIView):
    @extend_schema(
        operation_id="list_units",
        summary="Units, newest first",
        parameters=_LIST,
        responses={200: schemas.UnitPage, **_REFUSED},
    )
    def get(self, request: Request) -> Response:
        known_only(request, _LIST)
        of = window(_parameter(request, "limit"), _parameter(request, "cursor"))
        kind, product, state = (_parameter(request, name) for name in ("kind", "product", "state"))
        return Response(list_units(kind, product, state, of))


class UnitView(APIView):
    @extend_schema(
        operation_id="show_unit",
        summary="One unit: every record, what it was made of, what it went into",
        parameters=_SHOW,
        responses={200: schemas.UnitHistory, **_MISSING},
    )
    def get(self, request: Request, serial: str) -> Response:
        known_only(request, _SHOW)
        return Response(show_unit(serial, _parameter(request, "depth"), _parameter(request, "as_of")))
