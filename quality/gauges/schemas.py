"""Gauges as the API tells them, for its documentation."""

from rest_framework import serializers

from lines.shapes import BothLanguages, Shape
from quality.gauges.models import CalibrationKind
from quality.gauges.standing import STATES

_KINDS = " or ".join(CalibrationKind.values)


class StudyShape(Shape):
    study = serializers.IntegerField()
    characteristic = serializers.CharField()
    at = serializers.DateTimeField()
    parts = serializers.IntegerField()
    operators = serializers.IntegerField()
    repeats = serializers.IntegerField()
    grr_percent = serializers.FloatField(help_text="Of the tolerance if one was given, else of the study variation.")
    of = serializers.CharField(help_text="TOLERANCE or STUDY.")
    ndc = serializers.IntegerField(help_text="How many groups of parts the gauge tells apart.")
    verdict = serializers.CharField(help_text="ACCEPTABLE, MARGINAL, UNACCEPTABLE.")


class CalibrationShape(Shape):
    calibration = serializers.IntegerField()
    kind = serializers.CharField(help_text=_KINDS)
    at = serializers.DateTimeField()
    as_found = serializers.FloatField(allow_null=True, help_text="Error against the reference, in `unit`.")
    as_left = serializers.FloatField(allow_null=True)
    allowed = serializers.FloatField(allow_null=True)
    unit = serializers.CharField(allow_null=True)
    as_found_passed = serializers.BooleanField()
    as_left_passed = serializers.BooleanField()
    performed_by = serializers.CharField(allow_null=True)
    certificate = serializers.CharField(allow_null=True)
    next_due = serializers.DateTimeField(allow_null=True)


class GaugeShape(Shape):
    gauge = serializers.CharField()
    name = BothLanguages()
    station = serializers.CharField()
    channel = serializers.CharField(allow_null=True)
    state = serializers.CharField(help_text=", ".join(STATES))
    interval_days = serializers.IntegerField()
    calibrated_at = serializers.DateTimeField()
    valid_until = serializers.DateTimeField()


class GaugeDetail(GaugeShape):
    characteristics = serializers.ListField(child=serializers.CharField(), help_text="Empty: all of its station.")
    calibrations = CalibrationShape(many=True, help_text="Newest first.")
    studies = StudyShape(many=True, help_text="Newest first.")


class GaugeList(Shape):
    items = GaugeShape(many=True, help_text="What needs somebody first.")


class CalibrationRequest(Shape):
    kind = serializers.CharField(help_text=_KINDS)
    at = serializers.CharField(required=False, help_text="ISO 8601; left out: now.")
    as_found_passed = serializers.BooleanField()
    as_left_passed = serializers.BooleanField(required=False, help_text="Left out: as it was found.")
    as_found = serializers.FloatField(required=False)
    as_left = serializers.FloatField(required=False)
    allowed = serializers.FloatField(required=False, help_text="Greatest permissible error, either way.")
    unit = serializers.CharField(required=False, max_length=16)
    performed_by = serializers.CharField(max_length=120)
    certificate = serializers.CharField(required=False, max_length=120)
    next_due = serializers.CharField(required=False, help_text="A day or a time; left out: the gauge's interval.")
    note = serializers.CharField(required=False, max_length=500)


class SuspectShape(Shape):
    serial = serializers.CharField()
    product = serializers.CharField(allow_null=True)
    n_values = serializers.IntegerField()
    n_failed = serializers.IntegerField(help_text="Outside their limits.")
    first = serializers.DateTimeField()
    last = serializers.DateTimeField()


class SuspectsShape(Shape):
    gauge = serializers.CharField()
    calibration = serializers.IntegerField()
    since = serializers.DateTimeField(allow_null=True, help_text="Last known to be good; null: never.")
    until = serializers.DateTimeField(allow_null=True, help_text="In order again; null: not yet.")
    characteristics = serializers.ListField(child=serializers.CharField())
    n_units = serializers.IntegerField()
    n_values = serializers.IntegerField()
    items = SuspectShape(many=True)
    next = serializers.CharField(allow_null=True, help_text="Ask with it as `after` for the next page.")
