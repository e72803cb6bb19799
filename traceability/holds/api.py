"""Holds and dispositions over the API, by persons."""

from uuid import uuid4

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lines.people.models import Person
from lines.stations.body import read_json
from traceability.holds import schemas
from traceability.holds.asking import from_json
from traceability.holds.bodies import read_decision, read_release
from traceability.holds.disposing import decide
from traceability.holds.listing import (
    list_holds,
    list_nonconformances,
    preview_json,
    show_hold,
    show_members,
    show_nonconformance,
)
from traceability.holds.placing import place_hold, release_hold
from traceability.holds.reach import preview, resolve
from traceability.interlock.api import raw_body
from traceability.interlock.schemas import ErrorShape
from traceability.units.queries import Window, window
from traceability.units.schemas import PAGE

_READ = dict.fromkeys((400, 401), ErrorShape)
_WRITTEN = dict.fromkeys((400, 401, 403, 409, 413, 415, 422), ErrorShape)
_ONE = {404: ErrorShape}
_HOLD = OpenApiParameter("hold_id", int, OpenApiParameter.PATH)
_NONCONFORMANCE = OpenApiParameter("nonconformance_id", int, OpenApiParameter.PATH)
_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="At most 36 characters: sent again with it, the hold is placed once.",
)


def _person(request: Request) -> Person:
    """Stations place no holds."""
    if not isinstance(request.user, Person):
        raise PermissionDenied
    return request.user


def _asked(request: Request, name: str) -> str:
    return request.query_params.get(name, "")


def _window(request: Request) -> Window:
    return window(_asked(request, "limit"), _asked(request, "cursor"))


class HoldsView(APIView):
    @extend_schema(
        operation_id="list_holds",
        summary="Holds, newest first",
        parameters=[schemas.HOLD_STATE, schemas.SCOPE, schemas.SERIAL, *PAGE],
        responses={200: schemas.HoldPage, **_READ},
    )
    def get(self, request: Request) -> Response:
        state, scope, serial = (_asked(request, name) for name in ("state", "scope", "serial"))
        return Response(list_holds(state, scope, serial, _window(request)))

    @extend_schema(
        operation_id="place_hold",
        summary="Hold a unit, lot, tray, roll range, station or channel",
        description=(
            "Covers what was made of it and what will be, until the release. By a supervisor, a quality engineer or an "
            "administrator. Answered 200 where the key placed it before."
        ),
        parameters=[_KEY],
        request=schemas.HoldRequest,
        responses={201: schemas.PlacedHoldShape, 200: schemas.PlacedHoldShape, **_WRITTEN},
    )
    def post(self, request: Request) -> Response:
        person = _person(request)
        asked = from_json(read_json(raw_body(request)))
        placed = place_hold(asked, person, request.headers.get("Idempotency-Key", "") or str(uuid4()))
        return Response(show_hold(placed.hold.pk), status=201 if placed.is_new else 200)


class PreviewView(APIView):
    @extend_schema(
        operation_id="preview_hold",
        summary="How many units a hold would cover now, by kind, state and place",
        description="Writes nothing.",
        request=schemas.PreviewRequest,
        responses={200: schemas.PreviewShape, **_WRITTEN},
    )
    def post(self, request: Request) -> Response:
        _person(request)
        return Response(preview_json(preview(resolve(from_json(read_json(raw_body(request)), needs_reason=False)))))


class HoldView(APIView):
    @extend_schema(
        operation_id="show_hold", summary="One hold", parameters=[_HOLD],
        responses={200: schemas.PlacedHoldShape, **_READ, **_ONE},
    )  # fmt: skip
    def get(self, request: Request, hold_id: int) -> Response:  # noqa: ARG002 - DRF's signature
        return Response(show_hold(hold_id))


class HoldUnitsView(APIView):
    @extend_schema(
        operation_id="list_held_units", summary="The units of a hold, newest first", parameters=[_HOLD, *PAGE],
        responses={200: schemas.HeldUnitPage, **_READ, **_ONE},
    )  # fmt: skip
    def get(self, request: Request, hold_id: int) -> Response:
        return Response(show_members(hold_id, _window(request)))


class ReleaseView(APIView):
    @extend_schema(
        operation_id="release_hold",
        summary="Release a hold, or some of its units",
        description="By a supervisor, a quality engineer or an administrator.",
        parameters=[_HOLD],
        request=schemas.ReleaseRequest,
        responses={200: schemas.PlacedHoldShape, **_WRITTEN, **_ONE},
    )
    def post(self, request: Request, hold_id: int) -> Response:
        person = _person(request)
        asked = read_release(read_json(raw_body(request)))
        release_hold(hold_id, person, asked.reason, asked.serials)
        return Response(show_hold(hold_id))


class NonconformancesView(APIView):
    @extend_schema(
        operation_id="list_nonconformances",
        summary="Nonconformances, newest first",
        parameters=[schemas.NONCONFORMANCE_STATE, schemas.CODE, schemas.SERIAL, *PAGE],
        responses={200: schemas.NonconformancePage, **_READ},
    )
    def get(self, request: Request) -> Response:
        state, code, serial = (_asked(request, name) for name in ("state", "code", "serial"))
        return Response(list_nonconformances(state, code, serial, _window(request)))


class NonconformanceView(APIView):
    @extend_schema(
        operation_id="show_nonconformance", summary="One nonconformance", parameters=[_NONCONFORMANCE],
        responses={200: schemas.NonconformanceShape, **_READ, **_ONE},
    )  # fmt: skip
    def get(self, request: Request, nonconformance_id: int) -> Response:  # noqa: ARG002 - DRF's signature
        return Response(show_nonconformance(nonconformance_id))


class DispositionsView(APIView):
    @extend_schema(
        operation_id="decide_nonconformance",
        summary="Decide what becomes of a nonconforming unit, or confirm a first decision",
        description="By a quality engineer or an administrator. Where two must decide, the first decision waits.",
        parameters=[_NONCONFORMANCE],
        request=schemas.DispositionRequest,
        responses={201: schemas.NonconformanceShape, **_WRITTEN, **_ONE},
    )
    def post(self, request: Request, nonconformance_id: int) -> Response:
        person = _person(request)
        decide(nonconformance_id, read_decision(read_json(raw_body(request))), person)
        return Response(show_nonconformance(nonconformance_id), status=201)
