"""Shipments for the API's documentation; tests hold these and the answers equal."""

from rest_framework import serializers

from traceability.interlock.schemas import Shape
from traceability.shipping.bodies import LONGEST_NUMBER, LONGEST_REASON, MOST_UNITS, SHORTEST_REASON


class ShipmentRequest(Shape):
    number = serializers.CharField(max_length=LONGEST_NUMBER, help_text="Of the delivery note; unique.")
    site = serializers.CharField(max_length=32, help_text="Code of a data centre.")
    serials = serializers.ListField(child=serializers.CharField(max_length=64), min_length=1, max_length=MOST_UNITS)
    shipped_at = serializers.DateTimeField(required=False, allow_null=True, help_text="Left out: now.")


class ReturnRequest(Shape):
    serials = serializers.ListField(child=serializers.CharField(max_length=64), min_length=1, max_length=MOST_UNITS)
    reason = serializers.CharField(min_length=SHORTEST_REASON, max_length=LONGEST_REASON)
    returned_at = serializers.DateTimeField(required=False, allow_null=True, help_text="Left out: now.")


class ShipmentRow(Shape):
    number = serializers.CharField()
    site = serializers.CharField()
    shipped_at = serializers.DateTimeField()
    by = serializers.CharField()
    n_units = serializers.IntegerField()
    n_there = serializers.IntegerField(help_text="That did not come back.")


class ShipmentPage(Shape):
    items = ShipmentRow(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class ShippedUnitShape(Shape):
    serial = serializers.CharField()
    definition = serializers.CharField(allow_null=True)
    returned_at = serializers.DateTimeField(allow_null=True)
    returned_by = serializers.CharField(allow_null=True)
    reason = serializers.CharField(allow_null=True, help_text="Why it came back.")


class ContentsShape(Shape):
    definition = serializers.CharField()
    n_units = serializers.IntegerField()


class ShipmentShape(ShipmentRow):
    units = ShippedUnitShape(many=True)
    contents = ContentsShape(many=True, help_text="Units of each kind that are there, those built in counted too.")


class DataCentreShape(Shape):
    site = serializers.CharField()
    name_en = serializers.CharField()
    name_ja = serializers.CharField()
    country = serializers.CharField()
    latitude = serializers.FloatField(allow_null=True)
    longitude = serializers.FloatField(allow_null=True)
    n_units = serializers.IntegerField(help_text="Shipped there and not come back; those built in not counted.")


class DataCentreList(Shape):
    items = DataCentreShape(many=True)
