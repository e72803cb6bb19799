"""Trays for the API's documentation; tests hold these and the answers equal."""

from rest_framework import serializers

from traceability.interlock.schemas import Shape
from traceability.trays.bodies import LONGEST_CHANNEL, MOST_UNITS
from traceability.units.models import UnitState


class SlotShape(Shape):
    slot = serializers.IntegerField()
    channel = serializers.CharField(allow_blank=True)
    serial = serializers.CharField()
    state = serializers.ChoiceField(choices=UnitState.values)
    is_held = serializers.BooleanField()
    loaded_at = serializers.DateTimeField()
    loaded_by = serializers.CharField()


class TrayShape(Shape):
    """One that was never loaded is an empty one."""

    tray = serializers.CharField()
    slots = SlotShape(many=True)


class ChangedTrayShape(TrayShape):
    n_changed = serializers.IntegerField(help_text="Units that came, left or moved by this request; 0 for a repeat.")


class WantedShape(Shape):
    serial = serializers.CharField(max_length=64)
    slot = serializers.IntegerField(min_value=1, max_value=32767)
    channel = serializers.CharField(
        max_length=LONGEST_CHANNEL,
        required=False,
        allow_blank=True,
        allow_null=True,
        help_text="Not given: as it is where the unit stays in its slot, else none.",
    )


class LoadRequest(Shape):
    items = serializers.ListField(child=WantedShape(), min_length=1, max_length=MOST_UNITS)
    move = serializers.BooleanField(
        required=False, allow_null=True, help_text="true: units may come out of other slots and trays."
    )


class UnloadRequest(Shape):
    """At least one of the three."""

    serials = serializers.ListField(
        child=serializers.CharField(max_length=64), required=False, allow_null=True, max_length=MOST_UNITS
    )
    slots = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=32767),
        required=False,
        allow_null=True,
        max_length=MOST_UNITS,
    )
    all = serializers.BooleanField(required=False, allow_null=True)


class SwapRequest(Shape):
    slots = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=32767), min_length=2, max_length=2
    )
    serials = serializers.ListField(
        child=serializers.CharField(max_length=64),
        min_length=2,
        max_length=2,
        help_text="The units in these slots before, so that a repeat does not swap them back.",
    )


class UndockRequest(Shape):
    """Empty."""
