"""Serial blocks for the API's documentation; tests hold these and the answers equal."""

from rest_framework import serializers

from traceability.interlock.schemas import Shape
from traceability.issuing.bodies import MOST_SERIALS


class BlockRequest(Shape):
    """`definition` or `design_code`."""

    definition = serializers.CharField(max_length=32, required=False, allow_null=True, allow_blank=True)
    design_code = serializers.CharField(max_length=3, required=False, allow_null=True, allow_blank=True)
    count = serializers.IntegerField(min_value=1, max_value=MOST_SERIALS)
    day = serializers.DateField(
        required=False, allow_null=True, help_text="In the serials; not given: today, where the plant is."
    )


class BlockShape(Shape):
    block = serializers.IntegerField()
    definition = serializers.CharField()
    design_code = serializers.CharField()
    day = serializers.DateField()
    count = serializers.IntegerField()
    serials = serializers.ListField(child=serializers.CharField())
    issued_at = serializers.DateTimeField()
