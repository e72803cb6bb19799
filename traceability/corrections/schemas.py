"""Corrections for the API's documentation; tests hold these and the answers equal."""

from rest_framework import serializers

from traceability.interlock.schemas import VERDICTS, Shape

CORRECTION_KINDS = ["SERIAL", "LOT", "VALUE", "LINK"]


class RightInputShape(Shape):
    """What a link should say; what is left out stays as recorded."""

    serial = serializers.CharField(max_length=64, required=False, allow_blank=True)
    supplier = serializers.CharField(max_length=64, required=False, allow_blank=True)
    lot = serializers.CharField(max_length=64, required=False, allow_blank=True)
    position = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=32767)
    lane = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=32767)
    quantity = serializers.FloatField(required=False, allow_null=True)
    from_m = serializers.FloatField(required=False, allow_null=True)
    to_m = serializers.FloatField(required=False, allow_null=True)


class CorrectionRequest(Shape):
    """`sequence` and `value` for VALUE, `serial` for SERIAL, `link` and `right` for LOT and LINK."""

    record = serializers.IntegerField(min_value=0)
    kind = serializers.ChoiceField(choices=CORRECTION_KINDS)
    reason = serializers.CharField(max_length=500)
    sequence = serializers.IntegerField(required=False, min_value=0, help_text="The measurement's, in the record.")
    value = serializers.FloatField(required=False)
    serial = serializers.CharField(required=False, max_length=64, help_text="Of the unit that the record is of.")
    link = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, help_text="Of `made_of`; left out with LINK: one is missing."
    )
    right = RightInputShape(required=False, allow_null=True, help_text="Left out: nothing should be there.")


class CorrectionShape(Shape):
    correction = serializers.IntegerField()
    record = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=CORRECTION_KINDS)
    before = serializers.DictField(help_text="What was recorded; empty: nothing.")
    after = serializers.DictField(help_text="What is right; empty: nothing should be there.")
    new_record = serializers.IntegerField(allow_null=True, help_text="SERIAL: the copy on the right unit.")
    verdict = serializers.ChoiceField(choices=VERDICTS, allow_null=True, help_text="VALUE: the record's, judged again.")
    reason = serializers.CharField()
    by = serializers.CharField()
    at = serializers.DateTimeField()


class LaterRecord(Shape):
    record = serializers.IntegerField()
    serial = serializers.CharField()
    operation = serializers.CharField()
    verdict = serializers.ChoiceField(choices=VERDICTS)


class PointName(Shape):
    chart = serializers.CharField()
    number = serializers.IntegerField()


class UnitName(Shape):
    serial = serializers.CharField()
    state = serializers.CharField()


class HeldName(Shape):
    serial = serializers.CharField()
    reason = serializers.CharField()


class FollowedShape(Shape):
    """What happened after the error. Charts are not computed again."""

    records = LaterRecord(many=True)
    chart_points = PointName(many=True)
    went_into = UnitName(many=True)
    holds = HeldName(many=True)


class CorrectionWithFollowed(CorrectionShape):
    followed = FollowedShape()
