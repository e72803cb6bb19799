"""Recalls over the API: what a suspect is in, and confirming."""

from typing import Any
from uuid import uuid4

from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lines.people.models import Person
from lines.stations.body import read_flag, read_json, read_text
from traceability.holds.asking import LONGEST_REASON
from traceability.interlock.api import raw_body
from traceability.interlock.schemas import ErrorShape
from traceability.recall import files, kept, schemas
from traceability.recall.asked import from_json
from traceability.recall.previewing import preview_json
from traceability.recall.services import confirm
from traceability.units.queries import Window, window
from traceability.units.schemas import PAGE

_READ = dict.fromkeys((400, 401), ErrorShape)
_WRITTEN = dict.fromkeys((400, 401, 403, 409, 413, 415, 422), ErrorShape)
_ONE = {404: ErrorShape, 409: ErrorShape}
_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="At most 36 characters: sent again with it, the recall is made once.",
)
_LANGUAGE = OpenApiParameter("language", str, enum=["en", "ja"], description="PDF and XLSX; en unless told.")


def _person(request: Request) -> Person:
    """Stations recall nothing."""
    if not isinstance(request.user, Person):
        raise PermissionDenied
    return request.user


def _window(request: Request) -> Window:
    return window(request.query_params.get("limit", ""), request.query_params.get("cursor", ""))


class RecallPreviewView(APIView):
    @extend_schema(
        operation_id="preview_recall",
        summary="What a suspect is in, where each unit is now, and how complete that answer is",
        description=(
            "Starts from a lot, metres of a roll, units, a tray, a station or channel in a window, a gauge, a recipe "
            "or a signal. Writes nothing. Units behind a missing link are `POSSIBLE`, never clean."
        ),
        request=schemas.SuspectRequest,
        responses={200: schemas.RecallPreviewShape, **_WRITTEN},
    )
    def post(self, request: Request) -> Response:
        _person(request)
        return Response(preview_json(from_json(read_json(raw_body(request)))))


class RecallsView(APIView):
    @extend_schema(
        operation_id="list_recalls",
        summary="Recalls, newest first",
        parameters=[*PAGE],
        responses={200: schemas.RecallPage, **_READ},
    )
    def get(self, request: Request) -> Response:
        return Response(kept.list_recalls(_window(request)))

    @extend_schema(
        operation_id="confirm_recall",
        summary="Keep a recall, and hold what is here",
        description=(
            "What was found is kept as it was found, with its SHA-256; what has not left the plant comes under one "
            "hold. By a supervisor, a quality engineer or an administrator. Answered 200 where the key made it before."
        ),
        parameters=[_KEY],
        request=schemas.RecallRequest,
        responses={201: schemas.RecallShape, 200: schemas.RecallShape, **_WRITTEN},
    )
    def post(self, request: Request) -> Response:
        person = _person(request)
        body: dict[str, Any] = read_json(raw_body(request))
        reason = read_text(body, "reason", "$", longest=LONGEST_REASON)
        expressly = read_flag(body, "expressly", "$")
        holds = body.get("hold") is None or read_flag(body, "hold", "$")
        for name in ("reason", "expressly", "hold"):
            body.pop(name, None)
        key = request.headers.get("Idempotency-Key", "") or str(uuid4())
        made = confirm(from_json(body), person, key, reason, holds=holds, expressly=expressly)
        return Response(kept.show_recall(made.recall), status=201 if made.is_new else 200)


class RecallView(APIView):
    @extend_schema(
        operation_id="show_recall",
        summary="One recall, as it was found then",
        parameters=[schemas.RECALL],
        responses={200: schemas.RecallShape, **_READ, **_ONE},
    )
    def get(self, request: Request, recall_id: int) -> Response:  # noqa: ARG002 - DRF's signature
        return Response(kept.show_recall(kept.recall_by_id(recall_id)))


class RecallUnitsView(APIView):
    @extend_schema(
        operation_id="list_recalled_units",
        summary="The units of a recall, where they were then",
        parameters=[schemas.RECALL, *PAGE],
        responses={200: schemas.RecalledUnitPage, **_READ, **_ONE},
    )
    def get(self, request: Request, recall_id: int) -> Response:
        return Response(kept.list_part(kept.recall_by_id(recall_id), "unit", _window(request)))


class RecallMissingView(APIView):
    @extend_schema(
        operation_id="list_missing_links",
        summary="The links that were missing: unit, operation and material",
        parameters=[schemas.RECALL, *PAGE],
        responses={200: schemas.MissingLinkPage, **_READ, **_ONE},
    )
    def get(self, request: Request, recall_id: int) -> Response:
        return Response(kept.list_part(kept.recall_by_id(recall_id), "missing", _window(request)))


class RecallFileView(APIView):
    @extend_schema(
        operation_id="read_recall_file",
        summary="A recall as a file",
        description="The JSON file's SHA-256 is the recall's; the PDF and the spreadsheet print it.",
        parameters=[schemas.RECALL, schemas.FILE_FORMAT, _LANGUAGE],
        responses={
            **{(200, kind.partition(";")[0]): OpenApiTypes.BINARY for kind in files.CONTENT_TYPES.values()},
            **{(status, "application/json"): ErrorShape for status in (400, 401, 404, 409)},
        },
    )
    def get(self, request: Request, recall_id: int, file_format: str) -> HttpResponse | StreamingHttpResponse:
        language = request.query_params.get("language", "en")
        return files.response_of(kept.recall_by_id(recall_id), file_format, language)
