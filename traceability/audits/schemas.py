"""What the API takes and tells of audits, for its documentation; a test holds answers and these equal."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from lines.shapes import Shape
from quality.reports.models import ReportState
from traceability.audits.asked import ANY, LARGEST_SAMPLE, LISTS, LONGEST_SEED, MOST_NAMES, VERDICTS
from traceability.audits.models import QueryKind
from traceability.interlock.schemas import CodeShape
from traceability.units.schemas import UnitShape

QUERY_KINDS = QueryKind.values
PROOF_KINDS = ["HISTORY", "PRINT", "ARCHIVE"]
BUNDLE_STATES = ReportState.values
_ABOUT = {
    "kinds": "What is tracked: cell, pack, roll.",
    "states": "State of the unit now.",
    "lots": 'Number of a lot, or "supplier number": anything of it is in the unit.',
    "sites": "Data centre: the unit is there now, by itself or built into another one.",
    "stations": "Of one and the same visit, as all that follows.",
    "characteristics": "Measured in the visit.",
    "deviations": f"Codes as recorded; {ANY}: any at all.",
}
FILTER = [
    *(OpenApiParameter(name, str, many=True, description=_ABOUT.get(name, "Codes.")) for name in LISTS),
    OpenApiParameter("held", bool, description="Is on hold now."),
    OpenApiParameter("serial_from", str),
    OpenApiParameter("serial_to", str, description="Included."),
    OpenApiParameter("verdict", str, enum=VERDICTS, description="Of the visit, with corrections."),
    OpenApiParameter("outside", bool, description="A value of `characteristics`, or any, is outside its limits."),
    OpenApiParameter("since", OpenApiTypes.DATETIME, description="By the machine's clock; [since, until)."),
    OpenApiParameter("until", OpenApiTypes.DATETIME),
]


class FilterShape(Shape):
    """As asked; what is empty is left out."""

    def get_fields(self) -> dict[str, Any]:
        names = {
            name: serializers.ListField(
                child=serializers.CharField(max_length=130), required=False, max_length=MOST_NAMES
            )
            for name in LISTS
        }
        return {
            **names,
            "held": serializers.BooleanField(required=False),
            "serial_from": serializers.CharField(required=False, max_length=130),
            "serial_to": serializers.CharField(required=False, max_length=130),
            "verdict": serializers.ChoiceField(VERDICTS, required=False),
            "outside": serializers.BooleanField(required=False),
            "since": serializers.DateTimeField(required=False),
            "until": serializers.DateTimeField(required=False),
        }


class AuditedUnits(Shape):
    filter = FilterShape()
    n_units = serializers.IntegerField(allow_null=True, help_text="Counted with the first page; null on later ones.")
    warning = CodeShape(allow_null=True, help_text="MES-T-1004: the filter takes every unit.")
    items = UnitShape(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class AuditSample(Shape):
    filter = FilterShape()
    n_units = serializers.IntegerField(help_text="The sample is drawn from so many.")
    warning = CodeShape(allow_null=True)
    seed = serializers.CharField(help_text="The same seed and data give the same sample.")
    size = serializers.IntegerField()
    items = UnitShape(many=True, help_text='In order of SHA-256 of "seed:serial" in UTF-8.')


class ArchiveRequest(Shape):
    filter = FilterShape(required=False)
    size = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=LARGEST_SAMPLE, help_text="Of a sample; none: all."
    )
    seed = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_SEED)
    language = serializers.ChoiceField(["en", "ja"], required=False, help_text="Of the prints.")


class ArchiveShape(Shape):
    archive = serializers.IntegerField()
    state = serializers.ChoiceField(BUNDLE_STATES)
    progress = serializers.IntegerField(help_text="Percent.")
    filter = FilterShape()
    n_units = serializers.IntegerField(help_text="How many the filter found.")
    n_files = serializers.IntegerField(help_text="Units in the archive.")
    seed = serializers.CharField(allow_null=True)
    language = serializers.CharField()
    requested_by = serializers.CharField()
    requested_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    code = serializers.CharField(allow_null=True, help_text="Why it failed.")
    detail = serializers.CharField(allow_null=True)
    n_bytes = serializers.IntegerField(allow_null=True)
    sha256 = serializers.CharField(allow_null=True)
    address = serializers.CharField(allow_null=True)


class ArchivePage(Shape):
    items = ArchiveShape(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class AuditQueryShape(Shape):
    query = serializers.IntegerField()
    kind = serializers.ChoiceField(QUERY_KINDS)
    by = serializers.CharField()
    role = serializers.CharField()
    at = serializers.DateTimeField()
    by_api = serializers.BooleanField()
    asked = serializers.DictField(help_text="Filter, serial, code or hash.")
    n_units = serializers.IntegerField(allow_null=True)


class AuditLogPage(Shape):
    items = AuditQueryShape(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class ProofRequest(Shape):
    """One of the three."""

    code = serializers.CharField(required=False, help_text="XXXX-XXXX-XXXX-XXXX, as printed.")
    sha256 = serializers.CharField(required=False, help_text="Of the JSON file, the PDF or the archive.")
    content = serializers.CharField(required=False, help_text="The file itself, base64.")


class ProofShape(Shape):
    asked = serializers.DictField()
    is_genuine = serializers.BooleanField(help_text="This system handed it out, and it was not changed since.")
    kind = serializers.ChoiceField(PROOF_KINDS, allow_null=True)
    is_current = serializers.BooleanField(
        allow_null=True, help_text="False: more came to be known of the unit since. null: no history."
    )
    serial = serializers.CharField(allow_null=True)
    code = serializers.CharField(allow_null=True)
    content_sha256 = serializers.CharField(allow_null=True)
    n_records = serializers.IntegerField(allow_null=True)
    n_values = serializers.IntegerField(allow_null=True)
    first_issued_at = serializers.DateTimeField(allow_null=True)
    first_issued_by = serializers.CharField(allow_null=True)
    archive = serializers.IntegerField(allow_null=True)
