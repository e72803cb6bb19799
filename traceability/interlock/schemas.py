"""The station API's bodies for its documentation. Bodies are read and written by own code; tests hold both equal."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, PolymorphicProxySerializer
from rest_framework import serializers

import lines.people.schema  # noqa: F401 - registers itself
from lines.plant.models import Interface, StationKind
from lines.shapes import BothLanguages, CodeShape, ErrorShape, Shape

# Shapes of every app, which the other schemas of this one import from here.
__all__ = ["BothLanguages", "CodeShape", "ErrorShape", "Shape"]

# Enumerations have names of their own in the documentation (ENUM_NAME_OVERRIDES in the settings).
VERDICTS = ["PASS", "FAIL"]
PERMIT_VERDICTS = ["ALLOW", "DENY"]
STATION_KINDS = StationKind.values
DISPOSITIONS = ["CONTINUE", "REWORK", "SCRAP", "HOLD", "COMPLETE"]
JUDGEMENTS = ["UNJUDGED", "PASS", "FAIL_LOW", "FAIL_HIGH"]


class PermitRequestOne(Shape):
    serial = serializers.CharField(max_length=64)
    operation = serializers.CharField(max_length=24)


class PermitRequestMany(Shape):
    serials = serializers.ListField(child=serializers.CharField(max_length=64), min_length=1, max_length=512)
    operation = serializers.CharField(max_length=24)


class PermitShape(Shape):
    permit = serializers.IntegerField(allow_null=True, help_text="null: denied.")
    serial = serializers.CharField(help_text="In its canonical form.")
    operation = serializers.CharField()
    verdict = serializers.ChoiceField(choices=PERMIT_VERDICTS)
    reasons = CodeShape(many=True)
    expires_at = serializers.DateTimeField(allow_null=True)


class PermitList(Shape):
    items = PermitShape(many=True)


class PostedMeasurement(Shape):
    code = serializers.CharField(max_length=24)
    value = serializers.FloatField()
    unit = serializers.CharField(max_length=16)
    position = serializers.CharField(max_length=32, required=False, allow_blank=True, allow_null=True)
    source_time = serializers.DateTimeField(required=False, allow_null=True)


class PostedLot(Shape):
    material = serializers.CharField(max_length=32)
    supplier = serializers.CharField(max_length=64)
    lot = serializers.CharField(max_length=64)
    quantity = serializers.FloatField()
    unit = serializers.CharField(max_length=8)


class PostedComponent(Shape):
    serial = serializers.CharField(max_length=64)
    position = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=32767)
    quantity = serializers.FloatField(required=False, allow_null=True)


class PostedRange(Shape):
    serial = serializers.CharField(max_length=64)
    lane = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=32767)
    from_m = serializers.FloatField(min_value=0)
    to_m = serializers.FloatField()


class PostedUnit(Shape):
    """One unit of a tray. Which of the optional parts a station may send depends on its kind."""

    serial = serializers.CharField(max_length=64)
    outcome = serializers.ChoiceField(choices=VERDICTS, help_text="The machine's word.")
    reason_codes = serializers.ListField(
        child=serializers.CharField(max_length=24), required=False, allow_null=True, max_length=50
    )
    measurements = PostedMeasurement(many=True, required=False, allow_null=True)
    consumed = PostedLot(many=True, required=False, allow_null=True)
    components = PostedComponent(many=True, required=False, allow_null=True)
    ranges = PostedRange(many=True, required=False, allow_null=True)
    length_m = serializers.FloatField(required=False, allow_null=True)
    mass_kg = serializers.FloatField(required=False, allow_null=True)
    slot = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=32767)
    channel = serializers.CharField(max_length=48, required=False, allow_blank=True, allow_null=True)


class PostedOne(PostedUnit):
    operation = serializers.CharField(max_length=24)
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField()
    recipe = serializers.CharField(max_length=64, required=False, allow_blank=True, allow_null=True)
    operator = serializers.CharField(max_length=64, required=False, allow_blank=True, allow_null=True)
    tray = serializers.CharField(max_length=32, required=False, allow_blank=True, allow_null=True)


class PostedTray(Shape):
    tray = serializers.CharField(max_length=32)
    operation = serializers.CharField(max_length=24)
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField()
    recipe = serializers.CharField(max_length=64, required=False, allow_blank=True, allow_null=True)
    operator = serializers.CharField(max_length=64, required=False, allow_blank=True, allow_null=True)
    items = serializers.ListField(child=PostedUnit(), min_length=1, max_length=512)


class JudgedMeasurement(Shape):
    code = serializers.CharField()
    value = serializers.FloatField()
    unit = serializers.CharField()
    position = serializers.CharField(allow_blank=True)
    lsl = serializers.FloatField(allow_null=True)
    target = serializers.FloatField(allow_null=True)
    usl = serializers.FloatField(allow_null=True)
    judgement = serializers.ChoiceField(choices=JUDGEMENTS)
    is_derived = serializers.BooleanField()


class ResultShape(Shape):
    record = serializers.IntegerField()
    serial = serializers.CharField(help_text="In its canonical form.")
    operation = serializers.CharField()
    attempt = serializers.IntegerField()
    verdict = serializers.ChoiceField(choices=VERDICTS)
    machine_outcome = serializers.ChoiceField(choices=VERDICTS)
    is_conforming = serializers.BooleanField()
    deviations = CodeShape(many=True)
    disposition = serializers.ChoiceField(choices=DISPOSITIONS)
    next_operation = serializers.CharField(allow_null=True)
    measurements = JudgedMeasurement(many=True)


class RefusedUnit(Shape):
    serial = serializers.CharField(allow_blank=True)
    error = CodeShape()


class ResultList(Shape):
    items = serializers.ListField(
        child=PolymorphicProxySerializer("TrayItem", [ResultShape, RefusedUnit], resource_type_field_name=None)
    )


class StationShape(Shape):
    station = serializers.CharField()
    name = BothLanguages()
    kind = serializers.ChoiceField(choices=STATION_KINDS)
    line = serializers.CharField()
    area = serializers.CharField()
    interface = serializers.ChoiceField(choices=Interface.values)
    operations = serializers.ListField(child=serializers.CharField())
    clock_offset_s = serializers.FloatField(allow_null=True, help_text="null: not measured yet.")


PERMIT_REQUEST = PolymorphicProxySerializer(
    "PermitRequest", [PermitRequestOne, PermitRequestMany], resource_type_field_name=None
)
PERMIT_ANSWER = PolymorphicProxySerializer("PermitAnswer", [PermitShape, PermitList], resource_type_field_name=None)
RESULT_REQUEST = PolymorphicProxySerializer("PostedResult", [PostedOne, PostedTray], resource_type_field_name=None)
RESULT_ANSWER = PolymorphicProxySerializer("ResultAnswer", [ResultShape, ResultList], resource_type_field_name=None)

_TIMES = {"started_at": "2027-04-01T09:30:00Z", "finished_at": "2027-04-01T09:30:30Z"}
EXAMPLES = [
    OpenApiExample(
        "One unit",
        value={
            "serial": "SK1JRL724000123XX",
            "operation": "WIND",
            "outcome": "PASS",
            **_TIMES,
            "measurements": [{"code": "WIN-01", "value": 1.21, "unit": "mm"}],
            "consumed": [
                {"material": "SEPARATOR", "supplier": "S-1", "lot": "A-77", "quantity": 34.0, "unit": "m"},
            ],
            "ranges": [{"serial": "SK1RLC723000004XX", "lane": 2, "from_m": 100.0, "to_m": 115.75}],
        },
        request_only=True,
    ),
    OpenApiExample(
        "A tray",
        value={
            "tray": "T-0001",
            "operation": "FORM",
            **_TIMES,
            "items": [
                {
                    "serial": "SK1CLF724000456XX",
                    "slot": 1,
                    "channel": "F1-01-01",
                    "outcome": "PASS",
                    "measurements": [{"code": "FOR-03", "value": 190.2, "unit": "Ah"}],
                }
            ],
        },
        request_only=True,
    ),
]
