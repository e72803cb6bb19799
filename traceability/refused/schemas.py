"""Bodies and answers of the refused posts' API for its documentation."""

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from lines.shapes import CodeShape, Shape
from traceability.refused.queries import Show

SETTLEMENTS = ["REPLAYED", "DISMISSED"]
STATE = OpenApiParameter("state", str, enum=Show.values, description="open unless told.")
ID = OpenApiParameter("post_id", int, OpenApiParameter.PATH)


class RefusedShape(Shape):
    id = serializers.IntegerField()
    station = serializers.CharField(allow_null=True)
    received_at = serializers.DateTimeField()
    path = serializers.CharField(help_text="#items[n] at its end: one unit of a tray whose others were stored.")
    key = serializers.CharField(allow_blank=True)
    error = CodeShape()
    is_replayable = serializers.BooleanField()
    settlement = serializers.ChoiceField(choices=SETTLEMENTS, allow_null=True)
    settled_at = serializers.DateTimeField(allow_null=True)
    settled_by = serializers.CharField(allow_null=True)
    note = serializers.CharField(allow_blank=True)


class RefusedPage(Shape):
    items = RefusedShape(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class RefusedHistory(RefusedShape):
    body = serializers.CharField(help_text="As text: JSON indented, anything else as it came.")
    replayed_body = serializers.CharField(allow_null=True, help_text="What was replayed, where it was edited first.")
    serials = serializers.ListField(child=serializers.CharField(), help_text="What the replay stored results of.")


class ReplayRequest(Shape):
    body = serializers.DictField(required=False, help_text="In place of what came; without it, as it came.")


class ReplayAnswer(Shape):
    is_replay = serializers.BooleanField(help_text="It was stored under this key before.")
    answer = serializers.DictField(help_text="What the station would have been answered.")


class DismissRequest(Shape):
    note = serializers.CharField(max_length=500, help_text="Why nothing is lost.")
