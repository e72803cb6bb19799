"""The station API's bodies for its documentation. Bodies are read and written by own code; tests hold both equal."""

from drf_spectacular.utils import OpenApiExample, PolymorphicProxySerializer
from rest_framework import serializers

import lines.people.schema  # noqa: F401 - registers itself
from lines.plant.models import Interface, OfflinePolicy, StationKind, UnitMode
from lines.shapes import BothLanguages, CodeShape, ErrorShape, Shape
from traceability.feeding.schemas import FeedPointShape

# Shapes of every app, which the other schemas of this one import from here.
__all__ = ["BothLanguages", "CodeShape", "ErrorShape", "Shape"]

# Enumerations have names of their own in the documentation (ENUM_NAME_OVERRIDES in the settings).
VERDICTS = ["PASS", "FAIL"]
PERMIT_VERDICTS = ["ALLOW", "DENY"]
STATION_KINDS = StationKind.values
DISPOSITIONS = ["CONTINUE", "REWORK", "SCRAP", "HOLD", "COMPLETE"]
SIDES = ["A", "B"]
JUDGEMENTS = ["UNJUDGED", "PASS", "FAIL_LOW", "FAIL_HIGH"]


class PostedMeasurement(Shape):
    code = serializers.CharField(max_length=24)
    value = serializers.FloatField()
    unit = serializers.CharField(max_length=16)
    position = serializers.CharField(max_length=32, required=False, allow_blank=True, allow_null=True)
    source_time = serializers.DateTimeField(required=False, allow_null=True)


class OwnPlace(Shape):
    """Where a part lies on the unit's own axis, in metres from its start: for rolls."""

    own_from_m = serializers.FloatField(required=False, allow_null=True, min_value=0)
    own_to_m = serializers.FloatField(required=False, allow_null=True)
    delta_m = serializers.FloatField(
        required=False, allow_null=True, min_value=0, help_text="How far the ends may lie off."
    )


class PostedLot(OwnPlace):
    material = serializers.CharField(max_length=32)
    supplier = serializers.CharField(max_length=64)
    lot = serializers.CharField(max_length=64)
    quantity = serializers.FloatField()
    unit = serializers.CharField(max_length=8)


class PostedComponent(OwnPlace):
    serial = serializers.CharField(max_length=64)
    position = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=32767)
    quantity = serializers.FloatField(required=False, allow_null=True)


class PostedRange(OwnPlace):
    serial = serializers.CharField(max_length=64)
    lane = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=32767)
    from_m = serializers.FloatField(min_value=0)
    to_m = serializers.FloatField()
    reversed = serializers.BooleanField(required=False, allow_null=True, help_text="Its end came first.")
    flipped = serializers.BooleanField(required=False, allow_null=True, help_text="Its side A is side B here.")
    mirrored = serializers.BooleanField(required=False, allow_null=True, help_text="Its lane k of n is n + 1 - k here.")


class PostedMark(Shape):
    """What was seen on the unit's own metres."""

    from_m = serializers.FloatField(min_value=0)
    to_m = serializers.FloatField(required=False, allow_null=True, help_text="A point has none.")
    lane = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=32767)
    side = serializers.ChoiceField(choices=SIDES, required=False, allow_blank=True, allow_null=True)
    y_mm = serializers.FloatField(required=False, allow_null=True, help_text="From the operator side.")
    code = serializers.CharField(max_length=24, help_text="Reason code.")
    size_mm = serializers.FloatField(required=False, allow_null=True)


class PostedScan(Shape):
    """One pass of a gauge across the unit's web."""

    characteristic = serializers.CharField(max_length=24)
    side = serializers.ChoiceField(choices=SIDES, required=False, allow_blank=True, allow_null=True)
    at_m = serializers.FloatField(min_value=0)
    values = serializers.ListField(
        child=serializers.FloatField(), min_length=1, max_length=1024, help_text="Evenly from the operator side."
    )
    gauge = serializers.CharField(max_length=32, required=False, allow_blank=True, allow_null=True)


class PostedCutOut(Shape):
    """Metres cut out as scrap, on the axis of the roll they were cut from."""

    serial = serializers.CharField(
        max_length=64,
        required=False,
        allow_blank=True,
        allow_null=True,
        help_text="One of the ranges' rolls; the unit itself where it is left out.",
    )
    lane = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=32767)
    from_m = serializers.FloatField(min_value=0)
    to_m = serializers.FloatField()
    code = serializers.CharField(max_length=24, required=False, allow_blank=True, allow_null=True)


class PostedRemoval(Shape):
    """A component taken out again, by its serial or its position."""

    serial = serializers.CharField(max_length=64, required=False, allow_blank=True, allow_null=True)
    position = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=32767)
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True, allow_null=True)


class PostedCount(Shape):
    """How many of one reason, or of one characteristic that is counted, the visit found."""

    code = serializers.CharField(max_length=24)
    count = serializers.IntegerField(min_value=0, max_value=2147483647)
    inspected = serializers.FloatField(
        required=False, allow_null=True, help_text="Pieces, metres or opportunities looked at."
    )
    position = serializers.CharField(max_length=32, required=False, allow_blank=True, allow_null=True)


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
    lanes = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=64, help_text="Of a roll, side by side."
    )
    marks = PostedMark(many=True, required=False, allow_null=True)
    scans = PostedScan(many=True, required=False, allow_null=True)
    cut_outs = PostedCutOut(many=True, required=False, allow_null=True)
    removed = PostedRemoval(many=True, required=False, allow_null=True)
    mass_kg = serializers.FloatField(required=False, allow_null=True)
    slot = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=32767)
    channel = serializers.CharField(max_length=48, required=False, allow_blank=True, allow_null=True)
    grade = serializers.CharField(max_length=8, required=False, allow_blank=True, allow_null=True)
    counts = PostedCount(many=True, required=False, allow_null=True)


class PostedVisit(Shape):
    """What all units of one post share."""

    operation = serializers.CharField(max_length=24)
    started_at = serializers.DateTimeField(help_text="By the machine's clock, as all times of a post.")
    finished_at = serializers.DateTimeField()
    recipe = serializers.CharField(
        max_length=64, required=False, allow_blank=True, allow_null=True, help_text="LFP-314/WELD/v1"
    )
    operator = serializers.CharField(max_length=64, required=False, allow_blank=True, allow_null=True)
    result_id = serializers.CharField(
        max_length=128,
        required=False,
        allow_blank=True,
        allow_null=True,
        help_text="The station's own; the key where the header Idempotency-Key is absent.",
    )
    sent_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="When it is sent: shows how far the machine's clock is off."
    )
    offline = serializers.BooleanField(
        required=False, allow_null=True, help_text="Made while the MES did not answer, without a permit."
    )


class PostedOne(PostedUnit, PostedVisit):
    tray = serializers.CharField(max_length=32, required=False, allow_blank=True, allow_null=True)


class PostedTray(PostedVisit):
    tray = serializers.CharField(max_length=32)
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


class MountedLot(Shape):
    """A lot that the result did not name: it was mounted at a feed point for a material of the step's bill."""

    material = serializers.CharField()
    supplier = serializers.CharField()
    lot = serializers.CharField()
    quantity = serializers.FloatField(help_text="As the bill says.")
    unit = serializers.CharField()


class ResultShape(Shape):
    record = serializers.IntegerField(allow_null=True, help_text="null: a dry run.")
    serial = serializers.CharField(help_text="In its canonical form.")
    operation = serializers.CharField()
    attempt = serializers.IntegerField()
    verdict = serializers.ChoiceField(choices=VERDICTS)
    machine_outcome = serializers.ChoiceField(choices=VERDICTS)
    is_conforming = serializers.BooleanField()
    deviations = CodeShape(many=True)
    disposition = serializers.ChoiceField(choices=DISPOSITIONS)
    next_operation = serializers.CharField(allow_null=True)
    mounted = MountedLot(many=True)
    measurements = JudgedMeasurement(many=True)
    dry_run = serializers.BooleanField(required=False, help_text="true: nothing was stored.")


class RefusedUnit(Shape):
    serial = serializers.CharField(allow_blank=True)
    error = CodeShape()


class ResultList(Shape):
    items = serializers.ListField(
        child=PolymorphicProxySerializer("TrayItem", [ResultShape, RefusedUnit], resource_type_field_name=None)
    )
    dry_run = serializers.BooleanField(required=False, help_text="true: nothing was stored.")


class OwnTokenShape(Shape):
    expires_at = serializers.DateTimeField(allow_null=True, help_text="null: never.")
    operations = serializers.ListField(child=serializers.CharField(), help_text="That it is limited to; empty: all.")


class StationShape(Shape):
    station = serializers.CharField()
    name = BothLanguages()
    kind = serializers.ChoiceField(choices=STATION_KINDS)
    line = serializers.CharField()
    area = serializers.CharField()
    interface = serializers.ChoiceField(choices=Interface.values)
    operations = serializers.ListField(child=serializers.CharField())
    mode = serializers.ChoiceField(choices=UnitMode.values)
    clock_offset_s = serializers.FloatField(
        allow_null=True, help_text="How far its clock is ahead of ours, by sent_at; null: not measured yet."
    )
    clock_measured_at = serializers.DateTimeField(allow_null=True)
    ahead_tolerance_s = serializers.IntegerField(help_text="A time further ahead of our clock is refused.")
    behind_tolerance_s = serializers.IntegerField(help_text="A time further back is refused.")
    offline_policy = serializers.ChoiceField(choices=OfflinePolicy.values, help_text="While the MES does not answer.")
    offline_units = serializers.IntegerField(help_text="RUN_ON: at most so many units.")
    token = OwnTokenShape(allow_null=True, help_text="The one it asks by; null where somebody else asks.")
    feed_points = FeedPointShape(many=True)


RESULT_REQUEST = PolymorphicProxySerializer("PostedResult", [PostedOne, PostedTray], resource_type_field_name=None)
RESULT_ANSWER = PolymorphicProxySerializer("ResultAnswer", [ResultShape, ResultList], resource_type_field_name=None)

_TIMES = {"started_at": "2027-04-01T09:30:00Z", "finished_at": "2027-04-01T09:30:30Z"}
_FROM_CALENDER = {"serial": "SK1RKC6BL000004WN", "lane": 2, "reversed": True, "delta_m": 0.2}
EXAMPLES = [
    OpenApiExample(
        "One unit",
        value={
            "serial": "SK1JRL6BL000123UE",
            "operation": "WIND",
            "outcome": "PASS",
            **_TIMES,
            "measurements": [{"code": "WIN-01", "value": 1.21, "unit": "mm"}],
            "consumed": [
                {"material": "SEPARATOR", "supplier": "S-1", "lot": "A-77", "quantity": 34.0, "unit": "m"},
            ],
            "ranges": [{"serial": "SK1RLC6BL000004G9", "lane": 2, "from_m": 100.0, "to_m": 115.75}],
        },
        request_only=True,
    ),
    OpenApiExample(
        "A slit roll, with a cut-out",
        value={
            "serial": "SK1RLC6BL000004G9",
            "operation": "SLIT-C",
            "outcome": "PASS",
            **_TIMES,
            "length_m": 496.0,
            "lanes": 1,
            "ranges": [
                {**_FROM_CALENDER, "from_m": 404.0, "to_m": 500.0, "own_from_m": 0.0, "own_to_m": 96.0},
                {**_FROM_CALENDER, "from_m": 0.0, "to_m": 400.0, "own_from_m": 96.0, "own_to_m": 496.0},
            ],
            "cut_outs": [
                {"serial": "SK1RKC6BL000004WN", "lane": 2, "from_m": 400.0, "to_m": 404.0, "code": "COA-LINE"}
            ],
            "marks": [{"from_m": 120.5, "side": "B", "y_mm": 31.0, "code": "COA-PIN", "size_mm": 0.8}],
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
                    "serial": "SK1CLF6BL000456DB",
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
