"""Refused posts over the API: look through, replay, dismiss. For people."""

import json

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lines.errors import WRONG_TYPE
from lines.models import Person
from lines.people.auth import may_read_refused_posts
from lines.shapes import ErrorShape
from lines.stations.body import known_only, read_json, read_text, refuse
from traceability.interlock.api import raw_body
from traceability.refused import schemas
from traceability.refused.queries import list_refused, show_refused
from traceability.refused.services import LONGEST_NOTE, dismiss, replay
from traceability.units.queries import window
from traceability.units.schemas import PAGE

_REFUSED = dict.fromkeys((400, 401, 403, 404, 409, 413, 415, 422), ErrorShape)


def _person(request: Request) -> Person:
    if isinstance(request.user, Person) and may_read_refused_posts(request.user):
        return request.user
    raise PermissionDenied


class RefusedPostsView(APIView):
    @extend_schema(
        operation_id="list_refused_posts",
        summary="Posts that could not be understood or trusted, newest first",
        description="For line supervisors, quality engineers, administrators and auditors.",
        parameters=[schemas.STATE, OpenApiParameter("station", str), OpenApiParameter("code", str), *PAGE],
        responses={200: schemas.RefusedPage, **dict.fromkeys((400, 401, 403), ErrorShape)},
    )
    def get(self, request: Request) -> Response:
        _person(request)
        asked = request.query_params
        of = window(asked.get("limit", ""), asked.get("cursor", ""))
        return Response(list_refused(asked.get("state", ""), asked.get("station", ""), asked.get("code", ""), of))


class RefusedPostView(APIView):
    @extend_schema(
        operation_id="show_refused_post",
        summary="One refused post with its body",
        parameters=[schemas.ID],
        responses={200: schemas.RefusedHistory, **dict.fromkeys((401, 403, 404), ErrorShape)},
    )
    def get(self, request: Request, post_id: int) -> Response:
        _person(request)
        return Response(show_refused(post_id))


class ReplayView(APIView):
    @extend_schema(
        operation_id="replay_refused_post",
        summary="Take a refused result after all",
        description=(
            "As the station's own post is taken, under its own key, its times judged as of when it came. Refused "
            "again, it is answered with the new code and stays open."
        ),
        parameters=[schemas.ID],
        request={"application/json": schemas.ReplayRequest},
        responses={200: schemas.ReplayAnswer, **_REFUSED},
    )
    def post(self, request: Request, post_id: int) -> Response:
        person = _person(request)
        raw = raw_body(request) if request.content_type else b""
        asked = read_json(raw) if raw.strip() else {}
        known_only(asked, frozenset({"body"}), "$")
        body = asked.get("body")
        if body is not None and not isinstance(body, dict):
            refuse(WRONG_TYPE, "$.body", "expected an object")
        taken = replay(post_id, person, json.dumps(body).encode() if body is not None else None)
        return Response({"is_replay": taken.is_replay, "answer": taken.answer})


class DismissView(APIView):
    @extend_schema(
        operation_id="dismiss_refused_post",
        summary="Settle a refused post without storing anything of it",
        parameters=[schemas.ID],
        request={"application/json": schemas.DismissRequest},
        responses={200: schemas.RefusedHistory, **_REFUSED},
    )
    def post(self, request: Request, post_id: int) -> Response:
        person = _person(request)
        asked = read_json(raw_body(request))
        known_only(asked, frozenset({"note"}), "$")
        dismiss(post_id, person, read_text(asked, "note", "$", longest=LONGEST_NOTE))
        return Response(show_refused(post_id))
