"""Rolls for the API's documentation; tests hold these and the answers equal."""

from rest_framework import serializers

from traceability.interlock.schemas import SIDES, Shape
from traceability.units.schemas import LINK_BASES, LotName


class WebMark(Shape):
    from_m = serializers.FloatField(help_text="On this roll's own axis, in metres from its start.")
    to_m = serializers.FloatField()
    lane = serializers.IntegerField(allow_null=True, help_text="Null: not told, it may be any.")
    side = serializers.ChoiceField(choices=SIDES, allow_blank=True)
    y_mm = serializers.FloatField(allow_null=True, help_text="Across the web, from the operator side.")
    code = serializers.CharField(help_text="Reason code.")
    size_mm = serializers.FloatField(allow_null=True)
    record = serializers.IntegerField()


class WebScan(Shape):
    characteristic = serializers.CharField()
    side = serializers.ChoiceField(choices=SIDES, allow_blank=True)
    at_m = serializers.FloatField()
    gauge = serializers.CharField(allow_blank=True)
    values = serializers.ListField(
        child=serializers.FloatField(), help_text="Evenly across the web, from the operator side."
    )
    record = serializers.IntegerField()


class CutOutShape(Shape):
    lane = serializers.IntegerField(allow_null=True, help_text="Null: the whole width.")
    from_m = serializers.FloatField()
    to_m = serializers.FloatField()
    code = serializers.CharField(allow_blank=True)
    record = serializers.IntegerField()


class MapSegment(Shape):
    """Metres of an input, and where they lie on the output. Several between the same two rolls are one map."""

    serial = serializers.CharField(allow_null=True, help_text="Of the input; null: it is a lot.")
    output = serializers.CharField()
    lot = LotName(allow_null=True)
    material = serializers.CharField(
        allow_null=True, help_text="Of the far end: code of the definition or bought material."
    )
    lane = serializers.IntegerField(allow_null=True, help_text="Of the input.")
    from_m = serializers.FloatField(allow_null=True, help_text="On the input's own axis.")
    to_m = serializers.FloatField(allow_null=True)
    own_from_m = serializers.FloatField(allow_null=True, help_text="On the output's own axis.")
    own_to_m = serializers.FloatField(allow_null=True)
    is_reversed = serializers.BooleanField(help_text="The input's end came first.")
    is_flipped = serializers.BooleanField(help_text="Side A became side B.")
    is_mirrored = serializers.BooleanField(help_text="Lane k of n became n + 1 - k.")
    stretch = serializers.FloatField(allow_null=True, help_text="Metres of the output for one of the input.")
    delta_m = serializers.FloatField(allow_null=True, help_text="How far the ends may lie off; null: not told.")
    basis = serializers.ChoiceField(choices=LINK_BASES)
    record = serializers.IntegerField()


class LengthBalance(Shape):
    """In metres of the whole width; a lane of n counts an n-th."""

    used_m = serializers.FloatField()
    scrapped_m = serializers.FloatField()
    twice_m = serializers.FloatField(help_text="Taken by more than one.")
    remaining_m = serializers.FloatField()
    is_balanced = serializers.BooleanField(help_text="Nothing twice and nothing beyond, within half a percent.")


class RollName(Shape):
    serial = serializers.CharField()
    definition = serializers.CharField(allow_null=True)
    length_m = serializers.FloatField(allow_null=True)
    lanes = serializers.IntegerField(allow_null=True, help_text="Side by side; null: not told.")


class RollMapShape(RollName):
    made_of = MapSegment(many=True)
    went_into = MapSegment(many=True)
    cut_outs = CutOutShape(many=True)
    marks = WebMark(many=True)
    scans = WebScan(many=True)
    balance = LengthBalance(allow_null=True, help_text="Null: its length was never told.")
    is_truncated = serializers.BooleanField(help_text="There is more of one of the lists.")


class RangeBehind(RollName):
    level = serializers.IntegerField(help_text="Links away from the unit.")
    lane = serializers.IntegerField(allow_null=True)
    from_m = serializers.FloatField(allow_null=True, help_text="On this roll's own axis; null: all of it.")
    to_m = serializers.FloatField(allow_null=True)
    delta_m = serializers.FloatField(help_text="How far the ends may lie off, from the unit to here.")
    is_inferred = serializers.BooleanField(
        help_text="It was mounted, or overlaps only within the uncertainty; otherwise recorded."
    )
    is_flipped = serializers.BooleanField(help_text="This roll's side A is the unit's side B.")
    marks = WebMark(many=True)
    scans = WebScan(many=True)


class RangesBehind(Shape):
    serial = serializers.CharField()
    ranges = RangeBehind(many=True)
    is_truncated = serializers.BooleanField()
