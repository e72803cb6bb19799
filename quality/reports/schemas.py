"""What the API takes and tells of reports, for its documentation."""

from rest_framework import serializers

from lines.shapes import Shape
from quality.reports.asked import MOST_NAMES, MOST_SERIALS
from quality.reports.models import ReportFormat, ReportState
from quality.spc.capability import NAMINGS

REPORT_STATES, REPORT_FORMATS = ReportState.values, ReportFormat.values


def _names(most: int = MOST_NAMES, help_text: str = "Codes.") -> serializers.ListField:
    each = serializers.CharField(max_length=64)
    return serializers.ListField(child=each, required=False, max_length=most, help_text=help_text)


class ReportRequest(Shape):
    since = serializers.DateTimeField(help_text="With its offset from UTC; the span is [since, until).")
    until = serializers.DateTimeField(help_text="At most 366 days later.")
    plans = _names(help_text="Codes of control plans.")
    characteristics = _names()
    products = _names()
    stations = _names()
    lines = _names()
    serials = _names(MOST_SERIALS, help_text="Only the values of these units.")
    naming = serializers.ChoiceField(NAMINGS, required=False, help_text="How the indices are called.")
    confidence = serializers.FloatField(required=False, min_value=0.5, max_value=0.9999)
    language = serializers.ChoiceField(["en", "ja"], required=False)


class ReportFileShape(Shape):
    format = serializers.ChoiceField(REPORT_FORMATS)
    n_bytes = serializers.IntegerField()
    sha256 = serializers.CharField()
    address = serializers.CharField()


class ReportShape(Shape):
    report = serializers.IntegerField()
    state = serializers.ChoiceField(REPORT_STATES)
    progress = serializers.IntegerField(help_text="Percent.")
    asked = serializers.DictField(help_text="The request, complete.")
    language = serializers.CharField()
    requested_by = serializers.CharField()
    requested_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    code = serializers.CharField(allow_null=True, help_text="Why it failed, or was not sent by e-mail.")
    detail = serializers.CharField(allow_null=True)
    content_sha256 = serializers.CharField(allow_null=True)
    n_charts = serializers.IntegerField(allow_null=True)
    n_points = serializers.IntegerField(allow_null=True)
    n_values = serializers.IntegerField(allow_null=True)
    files = ReportFileShape(many=True)


class ReportPage(Shape):
    items = ReportShape(many=True)
    before = serializers.IntegerField(allow_null=True, help_text="Ask with it for those before them.")
