"""Feed points for the API's documentation; a test holds these and the answers equal."""

from rest_framework import serializers

from lines.shapes import BothLanguages, CodeShape, Shape
from traceability.units.models import LotState


class ScanRequest(Shape):
    material = serializers.CharField(max_length=32)
    supplier = serializers.CharField(max_length=64)
    lot = serializers.CharField(max_length=64)
    source_time = serializers.DateTimeField(required=False, allow_null=True, help_text="By the station's clock.")
    operator = serializers.CharField(max_length=64, required=False, allow_blank=True, allow_null=True)


class MountedShape(Shape):
    material = serializers.CharField(help_text="As scanned.")
    supplier = serializers.CharField()
    lot = serializers.CharField()
    state = serializers.ChoiceField(choices=LotState.values)
    expires_at = serializers.DateTimeField(allow_null=True)
    mounted_at = serializers.DateTimeField(help_text="By the station's clock.")
    received_at = serializers.DateTimeField(help_text="By our clock: when we were told.")
    mounted_by = serializers.CharField()
    deviations = CodeShape(many=True, help_text="What was wrong when it was mounted.")


class FeedPointShape(Shape):
    feed_point = serializers.CharField()
    name = BothLanguages()
    materials = serializers.ListField(child=serializers.CharField(), help_text="What may be mounted here.")
    mounted = MountedShape(allow_null=True)


class FeedPointList(Shape):
    items = FeedPointShape(many=True)
