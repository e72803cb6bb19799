"""Holds and nonconformances for the API's documentation; a test holds these and the answers equal."""

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from traceability.holds.listing import HOLD_STATES, NONCONFORMANCE_STATES
from traceability.holds.models import Disposition, HoldScope
from traceability.interlock.schemas import CodeShape, Shape
from traceability.units.models import UnitState

HOLD_SCOPES = HoldScope.values
ASKED_SCOPES = [scope for scope in HoldScope.values if scope not in (HoldScope.UNITS, HoldScope.SIGNAL)]
DISPOSITION_KINDS = Disposition.values
UNIT_STATES = UnitState.values


class PreviewRequest(Shape):
    scope = serializers.ChoiceField(choices=ASKED_SCOPES)
    serial = serializers.CharField(max_length=64, required=False, help_text="UNIT; ROLL_RANGE: the roll.")
    supplier = serializers.CharField(max_length=64, required=False, help_text="LOT.")
    lot = serializers.CharField(max_length=64, required=False, help_text="LOT: its number.")
    tray = serializers.CharField(max_length=32, required=False)
    station = serializers.CharField(max_length=32, required=False)
    channel = serializers.CharField(max_length=48, required=False)
    lane = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=32767)
    from_m = serializers.FloatField(required=False, allow_null=True, min_value=0)
    to_m = serializers.FloatField(required=False, allow_null=True)
    window_from = serializers.DateTimeField(required=False, allow_null=True, help_text="STATION, CHANNEL: needed.")
    window_to = serializers.DateTimeField(required=False, allow_null=True, help_text="Empty: until the release.")
    at_operation = serializers.CharField(
        max_length=24, required=False, help_text="Hold from this operation on; empty: at once."
    )
    reason = serializers.CharField(max_length=200, required=False)


class HoldRequest(PreviewRequest):
    reason = serializers.CharField(max_length=200)


class SituationShape(Shape):
    definition = serializers.CharField(allow_null=True)
    state = serializers.ChoiceField(choices=UNIT_STATES)
    next_operation = serializers.CharField(allow_null=True)
    last_station = serializers.CharField(allow_null=True)
    n_units = serializers.IntegerField()
    n_held = serializers.IntegerField(help_text="Under another hold already.")
    n_later = serializers.IntegerField(help_text="Kept only from at_operation on.")
    serials = serializers.ListField(child=serializers.CharField(), help_text="A few of them.")


class PreviewShape(Shape):
    n_units = serializers.IntegerField()
    n_later = serializers.IntegerField()
    situations = SituationShape(many=True)


class PlacedHoldShape(Shape):
    hold = serializers.IntegerField()
    scope = serializers.ChoiceField(choices=HOLD_SCOPES)
    serial = serializers.CharField(allow_null=True)
    supplier = serializers.CharField(allow_null=True)
    lot = serializers.CharField(allow_null=True)
    station = serializers.CharField(allow_null=True)
    tray = serializers.CharField(allow_null=True)
    channel = serializers.CharField(allow_null=True)
    lane = serializers.IntegerField(allow_null=True)
    from_m = serializers.FloatField(allow_null=True)
    to_m = serializers.FloatField(allow_null=True)
    window_from = serializers.DateTimeField(allow_null=True)
    window_to = serializers.DateTimeField(allow_null=True)
    at_operation = serializers.CharField(allow_null=True)
    reason = serializers.CharField()
    nonconformance = serializers.IntegerField(allow_null=True, help_text="It ends with its disposition.")
    n_units = serializers.IntegerField(help_text="That came under it.")
    n_held = serializers.IntegerField(help_text="That it holds now.")
    placed_at = serializers.DateTimeField()
    placed_by = serializers.CharField()
    released_at = serializers.DateTimeField(allow_null=True)
    released_by = serializers.CharField(allow_null=True)
    release_reason = serializers.CharField(allow_null=True)


class HoldPage(Shape):
    items = PlacedHoldShape(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class HeldUnitShape(Shape):
    serial = serializers.CharField()
    definition = serializers.CharField(allow_null=True)
    state = serializers.ChoiceField(choices=UNIT_STATES)
    next_operation = serializers.CharField(allow_null=True)
    added_at = serializers.DateTimeField()
    released_at = serializers.DateTimeField(allow_null=True)
    released_by = serializers.CharField(allow_null=True)
    release_reason = serializers.CharField(allow_null=True)


class HeldUnitPage(Shape):
    items = HeldUnitShape(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class ReleaseRequest(Shape):
    reason = serializers.CharField(max_length=500)
    serials = serializers.ListField(
        child=serializers.CharField(max_length=64),
        required=False,
        allow_null=True,
        min_length=1,
        max_length=1000,
        help_text="These units alone; left out: the whole hold.",
    )


class DispositionRequest(Shape):
    disposition = serializers.ChoiceField(
        choices=DISPOSITION_KINDS, required=False, help_text="Needed unless it confirms."
    )
    reason = serializers.CharField(max_length=500)
    rework_to = serializers.CharField(max_length=64, required=False, help_text="REWORK: the operation to begin at.")
    grade = serializers.CharField(max_length=64, required=False, help_text="DOWNGRADE: the new grade.")
    confirms = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, help_text="The decision that waits for a second person."
    )


class DecisionShape(Shape):
    decision = serializers.IntegerField()
    disposition = serializers.ChoiceField(choices=DISPOSITION_KINDS)
    rework_to = serializers.CharField(allow_null=True)
    grade = serializers.CharField(allow_null=True)
    reason = serializers.CharField()
    decided_by = serializers.CharField()
    decided_at = serializers.DateTimeField()
    confirms = serializers.IntegerField(allow_null=True)


class NonconformanceShape(Shape):
    nonconformance = serializers.IntegerField()
    serial = serializers.CharField()
    record = serializers.IntegerField(allow_null=True)
    operation = serializers.CharField(allow_null=True)
    station = serializers.CharField(allow_null=True)
    codes = serializers.ListField(
        child=serializers.CharField(), help_text="Deviations, reasons and failed characteristics."
    )
    deviations = CodeShape(many=True)
    opened_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    needs_two_people = serializers.BooleanField()
    waiting_decision = serializers.IntegerField(allow_null=True, help_text="Waits for a second person.")
    unit_state = serializers.ChoiceField(choices=UNIT_STATES)
    decisions = DecisionShape(many=True)


class NonconformancePage(Shape):
    items = NonconformanceShape(many=True)
    next_cursor = serializers.CharField(allow_null=True)


HOLD_STATE = OpenApiParameter("state", str, enum=HOLD_STATES, description="All unless told.")
SCOPE = OpenApiParameter("scope", str, enum=HOLD_SCOPES)
SERIAL = OpenApiParameter("serial", str, description="Of one unit.")
NONCONFORMANCE_STATE = OpenApiParameter(
    "state", str, enum=NONCONFORMANCE_STATES, description="waiting: a first decision waits for a second person."
)
CODE = OpenApiParameter("code", str, description="Deviation, reason or characteristic.")
