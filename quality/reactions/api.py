"""Reactions over the API, by persons."""

from dataclasses import dataclass

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lines.errors import OUT_OF_RANGE, WRONG_TYPE
from lines.people.actors import acting
from lines.people.models import Person
from lines.records.services import refusing_when_locked
from lines.shapes import ErrorShape, Shape
from lines.stations.body import Fields, known_only, read_count, read_text, refuse
from lines.stations.sent import sent_fields
from quality.reactions.queries import STATES, list_reactions, show_reaction
from quality.reactions.services import LONGEST_TEXT, answer, close, lock_alarms, verify

_READ = dict.fromkeys((400, 401), ErrorShape)
_WRITTEN = dict.fromkeys((400, 401, 403, 404, 409, 413, 415, 422), ErrorShape)
_REACTION = OpenApiParameter("reaction_id", int, OpenApiParameter.PATH)
_FIELDS = frozenset({"answers", "verification", "cause", "action", "note"})
_MOST_STEPS = 99


class StepShape(Shape):
    step = serializers.IntegerField()
    text_en = serializers.CharField()
    text_ja = serializers.CharField()
    answer = serializers.CharField(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True)
    answered_by = serializers.CharField(allow_null=True)


class ReactionShape(Shape):
    reaction = serializers.IntegerField()
    plan = serializers.CharField()
    station = serializers.CharField()
    stream = serializers.CharField(allow_null=True)
    n_signals = serializers.IntegerField()
    opened_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(help_text="When its last step should be answered.")
    worked_at = serializers.DateTimeField(allow_null=True)
    verified_at = serializers.DateTimeField(allow_null=True, help_text="Machine time from which the station is good.")
    verified_by = serializers.CharField(allow_null=True)
    verification = serializers.CharField(allow_null=True)
    cause = serializers.CharField(allow_null=True)
    action = serializers.CharField(allow_null=True)
    note = serializers.CharField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    closed_by = serializers.CharField(allow_null=True)
    steps = StepShape(many=True)


class ReactionPage(Shape):
    items = ReactionShape(many=True)
    before = serializers.IntegerField(allow_null=True, help_text="Ask with it for those before them.")


class AnswerRequest(Shape):
    step = serializers.IntegerField(min_value=1, max_value=_MOST_STEPS)
    text = serializers.CharField(max_length=LONGEST_TEXT)


class WorkRequest(Shape):
    answers = AnswerRequest(many=True, required=False)
    verification = serializers.CharField(
        max_length=LONGEST_TEXT, required=False, help_text="What was measured: the station is good again."
    )
    cause = serializers.CharField(max_length=24, required=False, help_text="With `action` it closes the reaction.")
    action = serializers.CharField(max_length=24, required=False)
    note = serializers.CharField(max_length=LONGEST_TEXT, required=False)


@dataclass(frozen=True, slots=True)
class AskedWork:
    answers: tuple[tuple[int, str], ...]
    verification: str
    cause: str
    action: str
    note: str


def read_work(body: Fields) -> AskedWork:
    """Raises Refusal for what a body may not hold."""
    known_only(body, _FIELDS, "$")
    answers = body.get("answers") or []
    if not isinstance(answers, list) or not all(isinstance(each, dict) for each in answers):
        refuse(WRONG_TYPE, "$.answers", "expected a list of objects")
    if len(answers) > _MOST_STEPS:
        refuse(OUT_OF_RANGE, "$.answers", f"at most {_MOST_STEPS}")
    given = []
    for place, each in enumerate(answers):
        path = f"$.answers[{place}]"
        known_only(each, frozenset({"step", "text"}), path)
        step = read_count(each, "step", path, largest=_MOST_STEPS)
        given.append((step or 0, read_text(each, "text", path, longest=LONGEST_TEXT, required=True)))
    return AskedWork(
        tuple(given),
        verification=read_text(body, "verification", "$", longest=LONGEST_TEXT),
        cause=read_text(body, "cause", "$", longest=24),
        action=read_text(body, "action", "$", longest=24),
        note=read_text(body, "note", "$", longest=LONGEST_TEXT),
    )


class ReactionsView(APIView):
    @extend_schema(
        operation_id="list_reactions",
        summary="Reactions to signals of control charts, newest first",
        parameters=[
            OpenApiParameter("state", str, enum=STATES, description="All unless told."),
            OpenApiParameter("plan", str, description="Code of a control plan."),
            OpenApiParameter("limit", int),
            OpenApiParameter("before", int, description="From an answer: those older than its items."),
        ],
        responses={200: ReactionPage, **_READ},
    )
    def get(self, request: Request) -> Response:
        state, plan, limit, before = (request.query_params.get(n, "") for n in ("state", "plan", "limit", "before"))
        return Response(list_reactions(state, plan, limit, before))


class ReactionView(APIView):
    @extend_schema(
        operation_id="show_reaction", summary="One reaction", parameters=[_REACTION],
        responses={200: ReactionShape, **_READ, 404: ErrorShape},
    )  # fmt: skip
    def get(self, request: Request, reaction_id: int) -> Response:  # noqa: ARG002 - DRF's signature
        return Response(show_reaction(reaction_id))

    @extend_schema(
        operation_id="work_reaction",
        summary="Answer steps of a reaction, verify its station, close it",
        description=(
            "All that is sent, or nothing. Steps and verification by a supervisor, a quality engineer or an "
            "administrator; a reaction is closed by the latter two, when every step is answered and the station is "
            "verified. What was held for it goes on then."
        ),
        parameters=[_REACTION],
        request=WorkRequest,
        responses={200: ReactionShape, **_WRITTEN},
    )
    def post(self, request: Request, reaction_id: int) -> Response:
        if not isinstance(request.user, Person):
            raise PermissionDenied
        asked = read_work(sent_fields(request))
        person = request.user
        with refusing_when_locked(str(reaction_id)), acting(f"person:{person.username}"):
            if asked.cause or asked.action:
                lock_alarms(reaction_id)
            for step, text in asked.answers:
                answer(reaction_id, step, text, person)
            if asked.verification:
                verify(reaction_id, asked.verification, person)
            if asked.cause or asked.action:
                close(reaction_id, asked.cause, asked.action, asked.note, person)
            shown = show_reaction(reaction_id)
        return Response(shown)
