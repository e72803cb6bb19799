"""Feed points over the API: what is mounted, and scans of what is being mounted."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from lines.models import Station
from lines.people.auth import IsPersonOrStation, MayFeed, StationUser
from lines.shapes import ErrorShape
from traceability.feeding import schemas
from traceability.feeding.queries import list_feed_points
from traceability.feeding.services import take_scan, unmount
from traceability.interlock.api import StationPostView, json_response, raw_body

_STATION = OpenApiParameter("station", str, OpenApiParameter.PATH, description="Station code.")
_FEED_POINT = OpenApiParameter("feed_point", str, OpenApiParameter.PATH, description="Code of the feed point.")
_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Optional: a late repeat with a key changes nothing, whatever was mounted since.",
)
_REFUSED = dict.fromkeys((400, 401, 403, 404, 409, 413, 415, 422), ErrorShape)
_ABOUT = (
    "A lot that is wrong here, unlisted, expired, blocked or unknown is written down with its deviations, not refused. "
    "What was mounted before ends. The same lot again changes nothing."
)


class _FeedPointView(StationPostView):
    def get_permissions(self) -> list[Any]:
        return [IsPersonOrStation() if self.request.method in SAFE_METHODS else MayFeed()]

    def _scan(self, request: Request, station: str, feed_point: str) -> HttpResponse:
        actor, speaker = _speaker(request)
        key = request.headers.get("Idempotency-Key", "")
        raw = raw_body(request)
        return json_response(take_scan(actor, speaker, station, feed_point, key=key, path=request.path, raw=raw))


def _speaker(request: Request) -> tuple[str, Station | None]:
    user: Any = request.user
    if isinstance(user, StationUser):
        return f"station:{user.station.code}", user.station
    return f"person:{user.username}", None


class FeedPointsView(_FeedPointView):
    @extend_schema(
        operation_id="list_feed_points",
        summary="Where a station takes material, and what is mounted there",
        parameters=[_STATION],
        responses={200: schemas.FeedPointList, 401: ErrorShape, 404: ErrorShape},
    )
    def get(self, request: Request, station: str) -> Response:  # noqa: ARG002 - DRF's signature
        return Response(list_feed_points(station))

    @extend_schema(
        operation_id="mount_lot",
        summary="A lot was mounted; its material says where",
        description=f"At the only feed point of the station that takes the material. {_ABOUT}",
        parameters=[_STATION, _KEY],
        request=schemas.ScanRequest,
        responses={200: schemas.FeedPointShape, **_REFUSED},
    )
    def post(self, request: Request, station: str) -> HttpResponse:
        return self._scan(request, station, "")


class FeedPointView(_FeedPointView):
    @extend_schema(
        operation_id="mount_lot_at",
        summary="A lot was mounted at this feed point",
        description=_ABOUT,
        parameters=[_STATION, _FEED_POINT, _KEY],
        request=schemas.ScanRequest,
        responses={200: schemas.FeedPointShape, **_REFUSED},
    )
    def post(self, request: Request, station: str, feed_point: str) -> HttpResponse:
        return self._scan(request, station, feed_point)

    @extend_schema(
        operation_id="unmount_lot",
        summary="Nothing is mounted at this feed point any more",
        parameters=[_STATION, _FEED_POINT],
        request=None,
        responses={200: schemas.FeedPointShape, **_REFUSED},
    )
    def delete(self, request: Request, station: str, feed_point: str) -> Response:
        actor, _ = _speaker(request)
        return Response(unmount(actor, station, feed_point))
