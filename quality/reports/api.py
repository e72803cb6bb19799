"""Reports over the API: asked for, watched, cancelled and read by persons and programs."""

from typing import Any

from django.http import StreamingHttpResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lines.asked import number
from lines.people.models import Person
from lines.shapes import ErrorShape
from lines.stations.sent import sent_fields
from quality.reports import schemas, services
from quality.reports.asked import read_asked
from quality.reports.files import CONTENT_TYPES
from quality.reports.models import Report
from quality.reports.reading import content_of, file_name, file_of, newest_reports, report_by_id

_READ = dict.fromkeys((400, 401, 404), ErrorShape)
_WRITTEN = dict.fromkeys((400, 401, 403, 404, 409, 413, 415, 422), ErrorShape)
_REPORT = OpenApiParameter("report_id", int, OpenApiParameter.PATH)
_FORMAT = OpenApiParameter("file_format", str, OpenApiParameter.PATH, enum=[name.lower() for name in CONTENT_TYPES])
_MOST, _LARGEST_ID = 100, 10**15


def _person(request: Request) -> Person:
    if not isinstance(request.user, Person):
        raise PermissionDenied
    return request.user


def shown(report: Report) -> dict[str, Any]:
    """As the API tells of it."""
    return {
        "report": report.pk,
        "state": report.state,
        "progress": report.progress,
        "asked": report.asked,
        "language": report.language,
        "requested_by": report.requested_by,
        "requested_at": report.requested_at,
        "finished_at": report.finished_at,
        "code": report.code or None,
        "detail": report.detail or None,
        "content_sha256": report.content_sha256 or None,
        "n_charts": report.n_charts,
        "n_points": report.n_points,
        "n_values": report.n_rows,
        "files": [
            {
                "format": file.format,
                "n_bytes": file.n_bytes,
                "sha256": file.sha256,
                "address": reverse("api-report-file", args=[report.pk, file.format.lower()]),
            }
            for file in report.files.all()
        ],
    }


class ReportsView(APIView):
    @extend_schema(
        operation_id="list_reports",
        summary="Reports, newest first",
        parameters=[
            OpenApiParameter("limit", int, description=f"1 to {_MOST}."),
            OpenApiParameter("before", int, description="From an answer: those older than its items."),
        ],
        responses={200: schemas.ReportPage, **dict.fromkeys((400, 401), ErrorShape)},
    )
    def get(self, request: Request) -> Response:
        limit = number("limit", request.query_params.get("limit") or str(_MOST), most=_MOST)
        before = number("before", request.query_params.get("before") or str(_LARGEST_ID), most=_LARGEST_ID)
        found = list(newest_reports().filter(pk__lt=before)[: limit + 1])
        more = found[limit - 1].pk if len(found) > limit else None
        return Response({"items": [shown(report) for report in found[:limit]], "before": more})

    @extend_schema(
        operation_id="ask_report",
        summary="Ask for a report of control charts",
        description=(
            "A worker makes it; watch `state` at its address. A list that is empty or missing takes all. The content's "
            "hash is the same for the same request about the same data, whoever asks and in whichever language."
        ),
        request={"application/json": schemas.ReportRequest},
        responses={202: schemas.ReportShape, **_WRITTEN},
    )
    def post(self, request: Request) -> Response:
        person = _person(request)
        body = sent_fields(request)
        language = body.pop("language", "en")
        asked = read_asked({name: value for name, value in body.items() if value is not None})
        return Response(shown(services.ask(asked, language, person)), status=202)


class ReportView(APIView):
    @extend_schema(
        operation_id="show_report",
        summary="One report: how far it is, its hash and its files",
        parameters=[_REPORT],
        responses={200: schemas.ReportShape, **_READ},
    )
    def get(self, request: Request, report_id: int) -> Response:  # noqa: ARG002 - DRF's signature
        return Response(shown(report_by_id(report_id)))


class CancelReportView(APIView):
    @extend_schema(
        operation_id="cancel_report",
        summary="Cancel a report that is not finished",
        description="One that is being made ends within seconds and leaves no files.",
        parameters=[_REPORT],
        request=None,
        responses={200: schemas.ReportShape, **dict.fromkeys((400, 401, 403, 404, 409), ErrorShape)},
    )
    def post(self, request: Request, report_id: int) -> Response:
        return Response(shown(services.cancel(report_id, _person(request))))


class ReportFileView(APIView):
    @extend_schema(
        operation_id="read_report_file",
        summary="A file of a report",
        description="Proved by its hash before the first byte goes out; MES-Q-0409 where it is not as it was made.",
        parameters=[_REPORT, _FORMAT],
        responses={
            **{(200, kind.partition(";")[0]): OpenApiTypes.BINARY for kind in CONTENT_TYPES.values()},
            **{(status, "application/json"): ErrorShape for status in (400, 401, 404, 409)},
        },
    )
    def get(
        self,
        request: Request,  # noqa: ARG002 - DRF's signature
        report_id: int,
        file_format: str,
    ) -> StreamingHttpResponse:
        found = report_by_id(report_id)
        content = content_of(file_of(found, file_format))
        response = StreamingHttpResponse(content, content_type=CONTENT_TYPES[file_format.upper()])
        response["Content-Disposition"] = f'attachment; filename="{file_name(found, file_format)}"'
        return response
