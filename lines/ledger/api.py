"""The gap ledger over the API."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lines.asked import number
from lines.errors import Refusal
from lines.ledger import schemas
from lines.ledger.asking import asked
from lines.ledger.errors import GAP_UNKNOWN
from lines.ledger.queries import evaluated_at, gap_by_id, gaps, records_in, station_lines
from lines.ledger.rows import gap_row, record_row, station_row
from lines.shapes import ErrorShape

MOST = 500
_REFUSED = dict.fromkeys((400, 401), ErrorShape)


class LedgerView(APIView):
    @extend_schema(
        operation_id="telemetry_ledger",
        summary="What came of each station's values, hour by hour",
        parameters=schemas.SPAN,
        responses={200: schemas.LedgerShape, **_REFUSED},
    )
    def get(self, request: Request) -> Response:
        by = asked(request.query_params.dict(), timezone.now())
        run = evaluated_at()
        found = station_lines(by.since, by.until, [by.station] if by.station else [])
        return Response(
            {
                "since": by.since.isoformat(),
                "until": by.until.isoformat(),
                "evaluated_at": run.isoformat() if run else None,
                "items": [station_row(lines) for lines in found],
            }
        )


class GapsView(APIView):
    @extend_schema(
        operation_id="list_telemetry_gaps",
        summary="Gaps in the telemetry, newest first",
        parameters=[*schemas.SPAN, schemas.STATE, schemas.LIMIT],
        responses={200: schemas.GapList, **_REFUSED},
    )
    def get(self, request: Request) -> Response:
        by = asked(request.query_params.dict(), timezone.now())
        limit = number("limit", request.query_params.get("limit", "100"), most=MOST)
        found = gaps(station=by.station, state=by.state, since=by.since, until=by.until)
        return Response({"items": [gap_row(gap) for gap in found[:limit]]})


class GapView(APIView):
    @extend_schema(
        operation_id="show_telemetry_gap",
        summary="One gap with the visits that it touches",
        parameters=[schemas.ID],
        responses={200: schemas.GapDetailShape, **dict.fromkeys((401, 404), ErrorShape)},
    )
    def get(self, request: Request, gap_id: int) -> Response:  # noqa: ARG002 - a view's signature
        gap = gap_by_id(gap_id) if gap_id < 2**63 else None
        if gap is None:
            raise Refusal(GAP_UNKNOWN, str(gap_id))
        return Response({**gap_row(gap), "records": [record_row(record) for record in records_in(gap)]})
