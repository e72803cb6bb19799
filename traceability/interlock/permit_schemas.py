"""Permits for the API's documentation: asked, answered, cancelled, looked up."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, PolymorphicProxySerializer
from rest_framework import serializers

from traceability.interlock.schemas import PERMIT_VERDICTS, CodeShape, Shape

SERIAL = "SK1CLF724000123G9"


class PermitRequest(Shape):
    operation = serializers.CharField(
        max_length=24,
        required=False,
        allow_blank=True,
        allow_null=True,
        help_text="Needed where the station has more than one.",
    )
    recipe = serializers.CharField(
        max_length=64,
        required=False,
        allow_blank=True,
        allow_null=True,
        help_text="Set at the machine; a wrong one is denied.",
    )
    operator = serializers.CharField(
        max_length=64, required=False, allow_blank=True, allow_null=True, help_text="User name of who works there."
    )
    channel = serializers.CharField(
        max_length=48,
        required=False,
        allow_blank=True,
        allow_null=True,
        help_text="Else the one the unit's tray sits in.",
    )
    source_time = serializers.DateTimeField(
        required=False, allow_null=True, help_text="When it asks, by the machine's clock. Left out: now."
    )
    sent_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="When it sends, by the machine's clock: tells its offset."
    )


class PermitRequestOne(PermitRequest):
    serial = serializers.CharField(max_length=64)


class PermitRequestMany(PermitRequest):
    serials = serializers.ListField(child=serializers.CharField(max_length=64), min_length=1, max_length=512)


class PermitShape(Shape):
    permit = serializers.IntegerField(allow_null=True, help_text="null: denied.")
    serial = serializers.CharField(help_text="In its canonical form.")
    operation = serializers.CharField()
    verdict = serializers.ChoiceField(choices=PERMIT_VERDICTS)
    reasons = CodeShape(many=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    recipe = serializers.CharField(allow_blank=True, help_text="The one to use; empty: the operation has none.")
    work_order = serializers.CharField(allow_null=True, help_text="The unit's, or the one it would begin under.")
    retry_after_s = serializers.IntegerField(
        allow_null=True, help_text="Every reason goes away by itself: ask again after so long."
    )
    dry_run = serializers.BooleanField(required=False, help_text="true: nothing was stored, `permit` is null.")


class PermitList(Shape):
    items = PermitShape(many=True)
    dry_run = serializers.BooleanField(required=False, help_text="true: nothing was stored.")


class CancelledPermit(Shape):
    permit = serializers.IntegerField()
    serial = serializers.CharField()
    operation = serializers.CharField()
    closed_at = serializers.DateTimeField()


class StoredVerdict(Shape):
    """What the interlock answered. One row may stand for several equal answers."""

    permit = serializers.IntegerField(help_text="Number of the verdict, of a denial too.")
    station = serializers.CharField()
    operation = serializers.CharField()
    serial = serializers.CharField()
    verdict = serializers.ChoiceField(choices=PERMIT_VERDICTS)
    reasons = CodeShape(many=True)
    recipe = serializers.CharField(allow_blank=True)
    decided_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True, help_text="Used, cancelled or replaced.")
    record = serializers.IntegerField(allow_null=True, help_text="The result that used it.")
    asked_count = serializers.IntegerField()
    asked_last_at = serializers.DateTimeField(allow_null=True)


class ReplayedVerdict(Shape):
    verdict = serializers.ChoiceField(choices=PERMIT_VERDICTS)
    reasons = CodeShape(many=True)


class VerdictWithFacts(StoredVerdict):
    facts = serializers.DictField(help_text="What was known when it was decided.")
    replayed = ReplayedVerdict(allow_null=True, help_text="The verdict of today's rules on those facts.")


class VerdictPage(Shape):
    items = StoredVerdict(many=True)
    next_cursor = serializers.CharField(allow_null=True)


AS_OF = OpenApiParameter(
    "as_of", str, description="A time with its offset: what had been answered until then. Left out: now."
)
REQUEST = PolymorphicProxySerializer(
    "PermitRequest", [PermitRequestOne, PermitRequestMany], resource_type_field_name=None
)
ANSWER = PolymorphicProxySerializer("PermitAnswer", [PermitShape, PermitList], resource_type_field_name=None)
_ONE: dict[str, Any] = {"serial": SERIAL, "operation": "WELD", "recipe": "LFP-314/WELD/v1", "operator": "op.tanaka"}
EXAMPLES = [
    OpenApiExample("One unit", value=_ONE, request_only=True),
    OpenApiExample("A tray", value={"serials": [SERIAL], "operation": "FORM"}, request_only=True),
]
