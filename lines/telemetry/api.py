"""A signal's stored values over the API."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lines.errors import WRONG_PARAMETER, Refusal
from lines.shapes import ErrorShape
from lines.telemetry import schemas
from lines.telemetry.errors import UNKNOWN_SIGNAL
from lines.telemetry.queries import samples, signal_of

LEAST_POINTS, MOST_POINTS, POINTS = 4, 20_000, 1_000
LONGEST = timedelta(days=366)


class SamplesView(APIView):
    @extend_schema(
        operation_id="list_samples",
        summary="A signal's values over a stretch of time",
        description=(
            "By source time, wherever they are stored. More than max_points are thinned out to the least and the"
            " greatest of equal spans of time, so that no peak is lost; ask for a shorter stretch to get every value."
        ),
        parameters=[
            OpenApiParameter("station", str, OpenApiParameter.PATH, description="Station code."),
            OpenApiParameter("code", str, OpenApiParameter.PATH, description="The signal's code, such as WebSpeed."),
            OpenApiParameter("since", OpenApiTypes.DATETIME, description="An hour before `until` unless told."),
            OpenApiParameter("until", OpenApiTypes.DATETIME, description="Now unless told; not in it any more."),
            OpenApiParameter("max_points", int, description=f"{LEAST_POINTS} to {MOST_POINTS}, {POINTS} unless told."),
        ],
        responses={200: schemas.SampleList, **dict.fromkeys((400, 401, 404), ErrorShape)},
    )
    def get(self, request: Request, station: str, code: str) -> Response:
        until = _time(request, "until") or timezone.now()
        since = _time(request, "since") or until - timedelta(hours=1)
        if not timedelta(0) < until - since <= LONGEST:
            raise Refusal(WRONG_PARAMETER, "since: before until, by at most 366 days")
        points = request.query_params.get("max_points", str(POINTS))
        if not (
            points.isascii() and points.isdigit() and len(points) < 6 and LEAST_POINTS <= int(points) <= MOST_POINTS
        ):
            raise Refusal(WRONG_PARAMETER, f"max_points: {LEAST_POINTS} to {MOST_POINTS}")
        signal = signal_of(station, code)
        if signal is None:
            raise Refusal(UNKNOWN_SIGNAL, f"{station}/{code}" if f"{station}{code}".isprintable() else "")
        return Response(samples(signal, since, until, int(points)))


def _time(request: Request, name: str) -> datetime | None:
    """With its offset from UTC, within the years a database knows. Raises Refusal WRONG_PARAMETER."""
    text = request.query_params.get(name, "")
    if not text:
        return None
    try:
        at = parse_datetime(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not 1970 <= at.year <= 2200:
        raise Refusal(WRONG_PARAMETER, f"{name}: ISO 8601 with the offset from UTC, 1970 to 2200")
    return at
