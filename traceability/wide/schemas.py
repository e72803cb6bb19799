"""What the API tells of the wide table, for its documentation."""

from rest_framework import serializers

from lines.shapes import Shape


class WideColumnShape(Shape):
    name = serializers.CharField(help_text="The characteristic's code; with @operation where several measure it.")
    characteristic = serializers.CharField()
    operation = serializers.CharField()
    definition = serializers.CharField(help_text="Of what is measured there.")
    unit = serializers.CharField()
    name_en = serializers.CharField()
    name_ja = serializers.CharField()


class WideRowShape(Shape):
    serial = serializers.CharField()
    product = serializers.CharField()
    definition = serializers.CharField()
    state = serializers.CharField()
    grade = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    last_test_passed = serializers.BooleanField(allow_null=True)
    values = serializers.DictField(
        child=serializers.FloatField(allow_null=True), help_text="By column; null: never measured."
    )


class WidePage(Shape):
    n_units = serializers.IntegerField()
    columns = WideColumnShape(many=True)
    items = WideRowShape(many=True)
    next_cursor = serializers.CharField(allow_null=True)
