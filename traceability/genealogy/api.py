"""Genealogy over the API: what a unit was made of and went into, and where anything was used."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from traceability.completeness.queries import as_told, lost_ahead_of, missing_behind
from traceability.genealogy import schemas, starts
from traceability.genealogy.asking import read_walk
from traceability.genealogy.walking import MADE_OF, Walk, every_link, link_page
from traceability.interlock.schemas import ErrorShape
from traceability.parameters import known_only
from traceability.units.queries import MOST_ITEMS, number
from traceability.units.schemas import PAGE

LINES = "application/x-ndjson"
_WALK = [OpenApiParameter("serial", str, OpenApiParameter.PATH), *schemas.WALK, *PAGE]
_OF_LOT = [OpenApiParameter("lot_id", int, OpenApiParameter.PATH), schemas.UNIT_KIND_LIST, *PAGE]
_USED = [*schemas.START, schemas.UNIT_KIND_LIST, *PAGE]
_REFUSED = dict.fromkeys((400, 401), ErrorShape)
_MISSING = {**_REFUSED, 404: ErrorShape}
_AS_LINES = (
    f" With `Accept: {LINES}` everything comes at once, one JSON object a line, as it stood at one moment, however"
    " many; `limit` and `cursor` then say nothing, and `missing` is not told."
)


class LinesRenderer(BaseRenderer):
    """Only so that the answer may be asked for; it is streamed, and never rendered. An error is one line."""

    media_type = LINES
    format = "ndjson"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:  # noqa: ARG002 - DRF's signature
        return json.dumps(data, ensure_ascii=False).encode()


def as_lines(rows: Iterable[dict[str, Any]]) -> StreamingHttpResponse:
    def told() -> Iterator[bytes]:
        for row in rows:
            yield json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

    return StreamingHttpResponse(told(), content_type=LINES)


def _limit(request: Request) -> int:
    return number("limit", request.query_params.get("limit", "") or "100", most=MOST_ITEMS)


def _wants_lines(request: Request) -> bool:
    return isinstance(request.accepted_renderer, LinesRenderer)


class GenealogyView(APIView):
    renderer_classes = [JSONRenderer, LinesRenderer]

    @extend_schema(
        operation_id="walk_genealogy",
        summary="What a unit was made of, or what it went into, link by link",
        description=(
            "In the order in which the links were stored: from the oldest input on. Every page of one cursor shows the"
            " links as they stood at the first page. That one also says what is missing." + _AS_LINES
        ),
        parameters=_WALK,
        responses={200: schemas.GenealogyPage, **_MISSING},
    )
    def get(self, request: Request, serial: str) -> HttpResponseBase:
        known_only(request, _WALK)
        asked = request.query_params.dict()
        unit_serial, walk = read_walk(serial, asked)
        if _wants_lines(request):
            return as_lines(every_link(walk))
        cursor = asked.get("cursor", "")
        page = link_page(walk, _limit(request), cursor)
        answer = {
            "serial": unit_serial,
            "direction": walk.direction,
            "as_of": walk.as_of.isoformat() if walk.as_of else None,
            "n_links": page.n_links,
            "links": page.links,
            "next_cursor": page.next_cursor,
            "missing": None if cursor or walk.as_of else _missing(walk),
        }
        return Response(answer)


def _missing(walk: Walk) -> dict[str, Any]:
    find = missing_behind if walk.direction == MADE_OF else lost_ahead_of
    return as_told(find(walk.unit_id))


def _used(request: Request, start: starts.Start) -> HttpResponseBase:
    kinds = starts.read_kinds(request.query_params.get("kinds", ""), starts.UNIT_KINDS)
    if _wants_lines(request):
        return as_lines(starts.every_use(start, kinds))
    cursor = request.query_params.get("cursor", "")
    used = starts.where_used(start, kinds, _limit(request), cursor)
    return Response(used | {"missing": None if cursor else as_told(starts.lost_from(start))})


class LotUseView(APIView):
    renderer_classes = [JSONRenderer, LinesRenderer]

    @extend_schema(
        operation_id="where_lot_used",
        summary="Every unit with something of a lot in it, directly or through parts and other units",
        description="Counts by definition, and the units newest first." + _AS_LINES,
        parameters=_OF_LOT,
        responses={200: schemas.WhereUsed, **_MISSING},
    )
    def get(self, request: Request, lot_id: int) -> HttpResponseBase:
        known_only(request, _OF_LOT)
        return _used(request, starts.lot_start(str(lot_id)))


class WhereUsedView(APIView):
    renderer_classes = [JSONRenderer, LinesRenderer]

    @extend_schema(
        operation_id="where_used",
        summary="Every unit with something of a lot, a unit, metres of a roll, a channel, a tray or a station in it",
        description=(
            "A channel, a tray and a station name the units that were there, and all that was made of them."
            " Counts by definition, and the units newest first." + _AS_LINES
        ),
        parameters=_USED,
        responses={200: schemas.WhereUsed, **_MISSING, 422: ErrorShape},
    )
    def get(self, request: Request) -> HttpResponseBase:
        known_only(request, _USED)
        return _used(request, starts.read_start(request.query_params.dict()))
