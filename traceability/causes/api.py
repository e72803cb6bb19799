"""Common-cause analyses over the API."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lines.people.models import Person
from lines.shapes import ErrorShape
from lines.stations.sent import sent_fields
from traceability.causes import schemas, services
from traceability.causes.asked import read_asked
from traceability.causes.models import AnalysisState, CauseAnalysis
from traceability.causes.queries import analysis_by_id, newest_analyses
from traceability.units import schemas as units
from traceability.units.queries import page_of, window

_READ = dict.fromkeys((400, 401, 404), ErrorShape)
_WRITTEN = dict.fromkeys((400, 401, 403, 413, 415, 422), ErrorShape)
_ANALYSIS = OpenApiParameter("analysis_id", int, OpenApiParameter.PATH)


def _person(request: Request) -> Person:
    if not isinstance(request.user, Person):
        raise PermissionDenied
    return request.user


def _row(analysis: CauseAnalysis) -> dict[str, Any]:
    return {
        "analysis": analysis.pk,
        "address": reverse("api-cause-analysis", args=[analysis.pk]),
        "state": analysis.state,
        "progress": analysis.progress,
        "asked": analysis.asked,
        "requested_by": analysis.requested_by,
        "requested_at": analysis.requested_at,
        "finished_at": analysis.finished_at,
        "n_failed": analysis.n_failed,
        "n_findings": analysis.n_findings,
        "code": analysis.code or None,
        "detail": analysis.detail or None,
    }


def _shown(analysis: CauseAnalysis) -> dict[str, Any]:
    return _row(analysis) | {"result": analysis.result}


class CauseAnalysesView(APIView):
    @extend_schema(
        operation_id="list_cause_analyses",
        summary="Common-cause analyses, newest first",
        parameters=[*units.PAGE],
        responses={200: schemas.CauseAnalysisPage, **dict.fromkeys((400, 401), ErrorShape)},
    )
    def get(self, request: Request) -> Response:
        of = window(request.query_params.get("limit", ""), request.query_params.get("cursor", ""))
        return Response(page_of(newest_analyses(), of, _row))

    @extend_schema(
        operation_id="find_common_cause",
        summary="What do failed units have in common?",
        description=(
            "Failed units, by serial or by the operation that they failed in a span, against comparable good ones: "
            "lots, batches, metres of rolls, lanes, racks, channels, stations, recipes, shifts and so on, ranked. A "
            "small one is answered at once (201); a large one is made by a worker (202): watch `state` at `address`."
        ),
        request={"application/json": schemas.CauseRequest},
        responses={201: schemas.CauseAnalysisShape, 202: schemas.CauseAnalysisShape, **_WRITTEN},
    )
    def post(self, request: Request) -> Response:
        person = _person(request)
        analysis = services.ask(read_asked(sent_fields(request)), person)
        return Response(_shown(analysis), status=202 if analysis.state == AnalysisState.QUEUED else 201)


class CauseAnalysisView(APIView):
    @extend_schema(
        operation_id="show_cause_analysis",
        summary="One common-cause analysis: how far it is, and what was found",
        parameters=[_ANALYSIS],
        responses={200: schemas.CauseAnalysisShape, **_READ},
    )
    def get(self, request: Request, analysis_id: int) -> Response:  # noqa: ARG002 - DRF's signature
        return Response(_shown(analysis_by_id(analysis_id)))


class CancelCauseAnalysisView(APIView):
    @extend_schema(
        operation_id="cancel_cause_analysis",
        summary="Cancel an analysis that is not finished",
        parameters=[_ANALYSIS],
        request=None,
        responses={200: schemas.CauseAnalysisShape, **dict.fromkeys((400, 401, 403, 404, 409), ErrorShape)},
    )
    def post(self, request: Request, analysis_id: int) -> Response:
        return Response(_shown(services.cancel(analysis_id, _person(request))))
