"""The wide table of units over the API: by pages as JSON, or whole as Parquet, CSV or XLSX."""

import base64
from dataclasses import asdict
from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lines.errors import Refusal
from lines.shapes import ErrorShape
from traceability.parameters import known_only
from traceability.units import schemas as units
from traceability.units.queries import window
from traceability.wide import schemas
from traceability.wide.asked import FILES, read_table
from traceability.wide.errors import WRONG_REQUEST
from traceability.wide.files import CONTENT_TYPES
from traceability.wide.queries import FACTS, Row, rows_of
from traceability.wide.selecting import Table, file_pieces, table

_TIME = "Units first seen here in [since, until), by this system's clock; with the offset from UTC."


_TABLE = [
    OpenApiParameter("definition", str, required=True, description="Kind of unit that has a row: LFP-CELL."),
    OpenApiParameter("since", OpenApiTypes.DATETIME, description=_TIME),
    OpenApiParameter("until", OpenApiTypes.DATETIME, description=_TIME),
    OpenApiParameter("serial_from", str, description="Serials from this one"),
    OpenApiParameter("serial_to", str, description="to this one, both included."),
    OpenApiParameter("columns", str, description="Names or characteristics, by comma; all unless told."),
    OpenApiParameter("file", str, enum=FILES, description="JSON unless told."),
    *units.PAGE,
]


class WideView(APIView):
    @extend_schema(
        operation_id="wide_units",
        summary="One row a unit, one column a characteristic",
        description=(
            "Through the genealogy: of a cell also what was measured on its jelly rolls, rolls and batches; where a "
            "roll was scanned, the mean on the metres behind the unit. As JSON by pages, oldest first; `file` gives "
            "all rows at once, at most 100,000."
        ),
        parameters=_TABLE,
        responses={
            (200, "application/json"): schemas.WidePage,
            **{(200, kind.partition(";")[0]): OpenApiTypes.BINARY for kind in CONTENT_TYPES.values()},
            **{(status, "application/json"): ErrorShape for status in (400, 401, 422)},
        },
    )
    def get(self, request: Request) -> Response | StreamingHttpResponse:
        known_only(request, _TABLE)
        words = request.query_params.dict()
        found = table(read_table(words, words.get("columns", "").split(",")))
        kind = words.get("file", "")
        if kind and kind not in FILES:
            raise Refusal(WRONG_REQUEST, f"file: one of {', '.join(FILES)}")
        if kind:
            response = StreamingHttpResponse(file_pieces(found, kind), content_type=CONTENT_TYPES[kind])
            response["Content-Disposition"] = f'attachment; filename="{found.definition.code}.{kind}"'
            return response
        return Response(_page(found, words.get("limit", ""), words.get("cursor", "")))


def _page(found: Table, limit: str, cursor: str) -> dict[str, Any]:
    of = window(limit, cursor)
    rows = list(rows_of(found.asked, found.definition, found.columns, after=of.before_id or 0, most=of.limit + 1))
    more = len(rows) > of.limit
    last = str(rows[of.limit - 1][0]) if more else ""
    return {
        "n_units": found.n_units,
        "columns": [asdict(column) for column in found.columns],
        "items": [_item(found, row) for _id, row in rows[: of.limit]],
        "next_cursor": base64.urlsafe_b64encode(last.encode()).decode() if more else None,
    }


def _item(found: Table, row: Row) -> dict[str, Any]:
    names = [column.name for column in found.columns]
    return dict(zip(FACTS, row[0], strict=True)) | {"values": dict(zip(names, row[1], strict=True))}
