"""Answers about stored values for the API's documentation."""

from rest_framework import serializers

from lines.shapes import Shape


class SampleShape(Shape):
    source_time = serializers.DateTimeField(help_text="By the machine's clock.")
    received_at = serializers.DateTimeField(help_text="By the gateway's clock.")
    value = serializers.FloatField()
    status = serializers.IntegerField(help_text="OPC UA status code, 0 is Good.")


class SampleList(Shape):
    station = serializers.CharField()
    signal = serializers.CharField()
    unit = serializers.CharField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    thinned = serializers.BooleanField(
        help_text="There are more than max_points: the least and the greatest of equal spans of time stand for all."
    )
    complete = serializers.BooleanField(help_text="False: a file of sealed values could not be read.")
    items = SampleShape(many=True)
