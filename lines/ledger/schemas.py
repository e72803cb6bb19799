"""Answers of the gap ledger's API for its documentation."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from lines.ledger.models import GapCause, Recovery
from lines.ledger.queries import GapState
from lines.shapes import Shape

# By name for the documentation (ENUM_NAME_OVERRIDES in the settings).
GAP_STATES = [state.value for state in GapState]
GAP_CAUSES = GapCause.values
RECOVERIES = Recovery.values

SPAN = [
    OpenApiParameter("since", OpenApiTypes.DATETIME, description="24 hours before `until` unless told."),
    OpenApiParameter("until", OpenApiTypes.DATETIME, description="Now unless told; at most 31 days behind `since`."),
    OpenApiParameter("station", str, description="Station code; all unless told."),
]
STATE = OpenApiParameter("state", str, enum=GAP_STATES)
LIMIT = OpenApiParameter("limit", int, description="1 to 500, 100 unless told.")
ID = OpenApiParameter("gap_id", int, OpenApiParameter.PATH)


class LedgerHourShape(Shape):
    hour = serializers.DateTimeField(help_text="Its beginning.")
    expected = serializers.IntegerField(
        allow_null=True, help_text="Received, rejected and lost; null: the station does not count its values."
    )
    received = serializers.IntegerField(help_text="Kept, each once, by source time.")
    late = serializers.IntegerField(help_text="Of those: came after a newer value of the same signal.")
    duplicates = serializers.IntegerField()
    rejected = serializers.IntegerField()
    lost = serializers.IntegerField()
    in_doubt = serializers.BooleanField(help_text="A gap is open, or nobody knows what it cost.")


class LedgerStationShape(Shape):
    station = serializers.CharField()
    counting_since = serializers.DateTimeField(allow_null=True)
    hours = LedgerHourShape(many=True)


class LedgerShape(Shape):
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    evaluated_at = serializers.DateTimeField(allow_null=True, help_text="When the ledger was last looked after.")
    items = LedgerStationShape(many=True)


class GapShape(Shape):
    id = serializers.IntegerField()
    station = serializers.CharField()
    cause = serializers.ChoiceField(choices=GAP_CAUSES)
    state = serializers.ChoiceField(choices=GAP_STATES)
    since = serializers.DateTimeField(help_text="By the station's clock.")
    until = serializers.DateTimeField(allow_null=True)
    opened_at = serializers.DateTimeField(help_text="By the gateway's clock.")
    closed_at = serializers.DateTimeField(allow_null=True)
    recovered = serializers.ChoiceField(choices=RECOVERIES, allow_null=True)
    lost = serializers.IntegerField(allow_null=True, help_text="null: not known.")
    is_exact = serializers.BooleanField(help_text="False: at least so many are lost.")
    event = serializers.CharField(help_text="Gaps of one event have the same.")


class GapRecordShape(Shape):
    record = serializers.IntegerField()
    serial = serializers.CharField()
    operation = serializers.CharField()
    started_at = serializers.DateTimeField(allow_null=True)
    source_time = serializers.DateTimeField()


class GapDetailShape(GapShape):
    records = GapRecordShape(many=True, help_text="Visits during which values are missing or may be; at most 500.")


class GapList(Shape):
    items = GapShape(many=True)
