"""Audits over the API: read by persons and their programs; each question is logged."""

from django.http import HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lines.errors import WRONG_PARAMETER, Refusal
from lines.models import Person
from lines.shapes import ErrorShape
from lines.stations.sent import sent_fields
from traceability.audits import bundles, schemas
from traceability.audits.models import QueryKind
from traceability.audits.queries import bundle_by_id, log
from traceability.audits.queries import bundles as all_bundles
from traceability.audits.services import LANGUAGES, issue, note, print_of
from traceability.audits.telling import (
    archive_row,
    audited_sample,
    audited_units,
    query_row,
    read_archive_request,
    reader,
)
from traceability.audits.verifying import read_proof, verified
from traceability.parameters import known_only
from traceability.units.queries import page_of, window
from traceability.units.schemas import PAGE

_READ = dict.fromkeys((400, 401, 403, 404, 422), ErrorShape)
_WRITTEN = dict.fromkeys((400, 401, 403, 404, 409, 413, 415, 422), ErrorShape)
_ARCHIVE = OpenApiParameter("archive_id", int, OpenApiParameter.PATH)


def _person(request: Request) -> Person:
    if not isinstance(request.user, Person):
        raise PermissionDenied
    return request.user


_LOG = [OpenApiParameter("by", str), OpenApiParameter("kind", str, enum=schemas.QUERY_KINDS), *PAGE]


class AuditedUnitsView(APIView):
    @extend_schema(
        operation_id="audit_units",
        summary="Units by an auditor's filter, counted first",
        description=(
            "A field that is left out narrows nothing; several names of a field: one of them; several fields: all of "
            "them. What is said of visits must be true of one and the same visit. The question is logged."
        ),
        parameters=[*schemas.FILTER, *PAGE],
        responses={200: schemas.AuditedUnits, **_READ},
    )
    def get(self, request: Request) -> Response:
        return Response(audited_units(request.query_params, reader(_person(request))))


class AuditSampleView(APIView):
    @extend_schema(
        operation_id="audit_sample",
        summary="A random sample of a filter, that anybody can draw again",
        description="The units with the smallest SHA-256 of `seed:serial`. Without a seed one is made, and told.",
        parameters=[*schemas.FILTER, OpenApiParameter("size", int), OpenApiParameter("seed", str)],
        responses={200: schemas.AuditSample, **_READ},
    )
    def get(self, request: Request) -> Response:
        told, _ = audited_sample(request.query_params, reader(_person(request)), by_api=True)
        return Response(told)


class HistoryFileView(APIView):
    @extend_schema(
        operation_id="unit_history_file",
        summary="The history file of a unit",
        description=(
            "Everything ever measured on it, by what gauge, within which limits and under which recipe, every "
            "deviation, hold, rework and correction. The JSON file's SHA-256 is the history's hash; the same data give "
            "the same bytes. What is handed out can be verified later."
        ),
        parameters=[
            OpenApiParameter("serial", str, OpenApiParameter.PATH),
            OpenApiParameter("file", str, enum=["json", "pdf"], description="json unless told."),
            OpenApiParameter("language", str, enum=LANGUAGES, description="Of the pdf; en unless told."),
        ],
        responses={
            (200, "application/json"): OpenApiTypes.OBJECT,
            (200, "application/pdf"): OpenApiTypes.BINARY,
            **{(status, "application/json"): ErrorShape for status in (400, 401, 403, 404)},
        },
    )
    def get(self, request: Request, serial: str) -> HttpResponse:
        person = _person(request)
        kind, language = request.query_params.get("file") or "json", request.query_params.get("language") or "en"
        if kind not in ("json", "pdf") or language not in LANGUAGES:
            raise Refusal(WRONG_PARAMETER, "file: json or pdf; language: en or ja")
        issued = issue(serial, person.username)
        name = issued.content["unit"]["serial"]
        note(QueryKind.HISTORY, person, {"serial": name, "code": issued.row.code}, 1, by_api=True)
        content = issued.as_json if kind == "json" else print_of(issued, person.username, language)
        response = HttpResponse(content, content_type=f"application/{kind}")
        response["Content-Disposition"] = content_disposition_header(True, f"history-{name}.{kind}")
        response["X-Content-SHA256"] = issued.row.content_sha256
        return response


class ArchivesView(APIView):
    @extend_schema(
        operation_id="list_history_archives",
        summary="Archives of history files, newest first",
        parameters=PAGE,
        responses={200: schemas.ArchivePage, **dict.fromkeys((400, 401, 403), ErrorShape)},
    )
    def get(self, request: Request) -> Response:
        reader(_person(request))
        of = window(request.query_params.get("limit", ""), request.query_params.get("cursor", ""))
        return Response(page_of(all_bundles(), of, archive_row))

    @extend_schema(
        operation_id="ask_history_archive",
        summary="Ask for a ZIP of history files, of a sample or of all units of a filter",
        description=(
            "A worker makes it; watch `state` at its address. It holds JSON and PDF of each unit, a manifest, and "
            "SHA256SUMS for `sha256sum -c`."
        ),
        request={"application/json": schemas.ArchiveRequest},
        responses={202: schemas.ArchiveShape, **_WRITTEN},
    )
    def post(self, request: Request) -> Response:
        person = reader(_person(request))
        asked, seed, size, language = read_archive_request(sent_fields(request))
        return Response(archive_row(bundles.ask(asked, seed, size, language, person, by_api=True)), status=202)


class ArchiveView(APIView):
    @extend_schema(
        operation_id="show_history_archive",
        summary="One archive: how far it is, and its hash",
        parameters=[_ARCHIVE],
        responses={200: schemas.ArchiveShape, **dict.fromkeys((400, 401, 403, 404), ErrorShape)},
    )
    def get(self, request: Request, archive_id: int) -> Response:
        reader(_person(request))
        return Response(archive_row(bundle_by_id(archive_id)))


class CancelArchiveView(APIView):
    @extend_schema(
        operation_id="cancel_history_archive",
        summary="Cancel an archive of one's own that is not finished",
        parameters=[_ARCHIVE],
        request=None,
        responses={200: schemas.ArchiveShape, **dict.fromkeys((400, 401, 403, 404, 409), ErrorShape)},
    )
    def post(self, request: Request, archive_id: int) -> Response:
        return Response(archive_row(bundles.cancel(archive_id, reader(_person(request)))))


class ArchiveFileView(APIView):
    @extend_schema(
        operation_id="read_history_archive",
        summary="The ZIP itself",
        description="Proved by its hash before the first byte goes out; MES-T-1012 where it is not as it was made.",
        parameters=[_ARCHIVE],
        responses={
            (200, "application/zip"): OpenApiTypes.BINARY,
            **{(status, "application/json"): ErrorShape for status in (400, 401, 403, 404, 409)},
        },
    )
    def get(self, request: Request, archive_id: int) -> StreamingHttpResponse:
        reader(_person(request))
        bundle, content = bundles.content_of(archive_id)
        response = StreamingHttpResponse(content, content_type="application/zip")
        response["Content-Disposition"] = f'attachment; filename="{bundles.file_name(bundle)}"'
        return response


class AuditLogView(APIView):
    @extend_schema(
        operation_id="list_audit_queries",
        summary="Who asked what, newest first",
        parameters=_LOG,
        responses={200: schemas.AuditLogPage, **dict.fromkeys((400, 401, 403), ErrorShape)},
    )
    def get(self, request: Request) -> Response:
        reader(_person(request))
        known_only(request, _LOG)
        words = request.query_params
        kind = words.get("kind", "")
        if kind and kind not in schemas.QUERY_KINDS:
            raise Refusal(WRONG_PARAMETER, f"kind: one of {', '.join(schemas.QUERY_KINDS)}")
        of = window(words.get("limit", ""), words.get("cursor", ""))
        return Response(page_of(log(words.get("by", ""), kind), of, query_row))


class VerifyView(APIView):
    @extend_schema(
        operation_id="verify_history",
        summary="Is this code, hash or file what this system handed out?",
        description="`is_current` says whether the unit's history is still what the file says.",
        request={"application/json": schemas.ProofRequest},
        responses={200: schemas.ProofShape, **_WRITTEN},
    )
    def post(self, request: Request) -> Response:
        person = _person(request)
        told = verified(**read_proof(sent_fields(request)))
        note(QueryKind.VERIFY, person, told["asked"] | {"is_genuine": told["is_genuine"]}, by_api=True)
        return Response(told)
