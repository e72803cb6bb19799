"""Recalls for the API's documentation; a test holds these and the answers equal."""

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from traceability.completeness.schemas import MissingLinkShape
from traceability.interlock.schemas import CodeShape, Shape
from traceability.recall.asked import KINDS, MOST_SERIALS
from traceability.recall.queries import CERTAINTIES
from traceability.units.models import UnitState
from traceability.whereabouts.queries import PLACES

FORMATS = ["pdf", "xlsx", "json"]


class SuspectRequest(Shape):
    kind = serializers.ChoiceField(choices=KINDS)
    supplier = serializers.CharField(max_length=64, required=False, help_text="LOT.")
    lot = serializers.CharField(max_length=64, required=False, help_text="LOT: its number.")
    serial = serializers.CharField(max_length=64, required=False, help_text="ROLL_RANGE: the roll; UNITS: one unit.")
    lane = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=32767)
    from_m = serializers.FloatField(required=False, allow_null=True, min_value=0)
    to_m = serializers.FloatField(required=False, allow_null=True)
    serials = serializers.ListField(
        child=serializers.CharField(max_length=64), required=False, max_length=MOST_SERIALS, help_text="UNITS."
    )
    tray = serializers.CharField(max_length=32, required=False)
    station = serializers.CharField(max_length=32, required=False)
    channel = serializers.CharField(max_length=48, required=False)
    gauge = serializers.CharField(max_length=48, required=False)
    recipe = serializers.CharField(max_length=64, required=False, help_text="As records name it: product/operation/v1.")
    signal = serializers.IntegerField(required=False, allow_null=True, min_value=1, help_text="Of a control chart.")
    window_from = serializers.DateTimeField(
        required=False, allow_null=True, help_text="STATION, CHANNEL: needed. RECIPE: may be given. GAUGE: left out, "
        "the time it was out of order.",
    )  # fmt: skip
    window_to = serializers.DateTimeField(required=False, allow_null=True)


class RecallRequest(SuspectRequest):
    reason = serializers.CharField(max_length=200)
    hold = serializers.BooleanField(required=False, help_text="False: a drill; nothing is held. True unless told.")
    expressly = serializers.BooleanField(
        required=False, help_text="Even if it covers more than half of all units (MES-T-0954)."
    )


class SituationOfUnitsShape(Shape):
    certainty = serializers.ChoiceField(choices=CERTAINTIES)
    definition = serializers.CharField(allow_null=True)
    place = serializers.ChoiceField(choices=PLACES)
    where = serializers.CharField(
        allow_null=True, help_text="SHIPPED: the site. LINE, FINISHED, SCRAPPED: the last station."
    )
    state = serializers.ChoiceField(choices=UnitState.values)
    n_units = serializers.IntegerField()
    n_held = serializers.IntegerField()


class ShippedShape(Shape):
    site = serializers.CharField()
    shipment = serializers.CharField()
    shipped_at = serializers.DateTimeField()
    serial = serializers.CharField(help_text="Of the outermost unit, usually a container.")
    n_units = serializers.IntegerField(help_text="Units of the recall in it, itself among them.")
    n_possible = serializers.IntegerField()


class LackingShape(Shape):
    operation = serializers.CharField(allow_null=True, help_text="None: nobody knows what the units are made of.")
    material = serializers.CharField(allow_null=True, help_text="None: no record that says where the unit was.")
    missing = serializers.IntegerField()
    units = serializers.IntegerField()


class CompletenessShape(Shape):
    is_complete = serializers.BooleanField()
    recorded = serializers.IntegerField(help_text="Links told by stations and corrections.")
    inferred = serializers.IntegerField(help_text="By what was mounted, or within the uncertainty of metres.")
    missing = serializers.IntegerField(help_text="That the bills ask for, and nobody recorded.")
    units_missing = serializers.IntegerField()
    by_operation = LackingShape(many=True)


class AnswerShape(Shape):
    suspect = SuspectRequest()
    subject = serializers.CharField()
    n_units = serializers.IntegerField()
    n_recorded = serializers.IntegerField(help_text="With the suspect in them, recorded all the way.")
    n_inferred = serializers.IntegerField()
    n_possible = serializers.IntegerField(help_text="Behind a missing link: never counted as clean.")
    n_shipped = serializers.IntegerField()
    n_all = serializers.IntegerField(help_text="Units of the plant; an estimate from 100,000 on.")
    is_everything = serializers.BooleanField(help_text="More than half of all units.")
    groups = SituationOfUnitsShape(many=True)
    shipped = ShippedShape(many=True)
    completeness = CompletenessShape()


class RecallPreviewShape(AnswerShape):
    missing = MissingLinkShape(many=True, help_text="The first hundred.")
    warnings = CodeShape(many=True)


class RecalledUnitShape(Shape):
    serial = serializers.CharField()
    definition = serializers.CharField(allow_null=True)
    certainty = serializers.ChoiceField(choices=CERTAINTIES)
    metres = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2),
        help_text="On the roll's own axis, where it is in it in part; empty: all of it.",
    )
    lanes = serializers.ListField(child=serializers.IntegerField(), help_text="Empty: all, or none.")
    state = serializers.ChoiceField(choices=UnitState.values)
    is_held = serializers.BooleanField(help_text="Before the recall.")
    place = serializers.ChoiceField(choices=PLACES)
    station = serializers.CharField(allow_null=True, help_text="The last one, while it is not built in.")
    next_operation = serializers.CharField(allow_null=True)
    tray = serializers.CharField(allow_null=True)
    slot = serializers.IntegerField(allow_null=True)
    channel = serializers.CharField(allow_null=True, allow_blank=True)
    built_into = serializers.CharField(allow_null=True, help_text="Directly: of a jelly roll its cell.")
    pack = serializers.CharField(allow_null=True)
    container = serializers.CharField(allow_null=True)
    shipment = serializers.CharField(allow_null=True)
    site = serializers.CharField(allow_null=True)


class RecallRow(Shape):
    recall = serializers.IntegerField()
    subject = serializers.CharField()
    reason = serializers.CharField()
    made_at = serializers.DateTimeField()
    made_by = serializers.CharField()
    hold = serializers.IntegerField(allow_null=True, help_text="None: a drill.")
    n_units = serializers.IntegerField()
    n_recorded = serializers.IntegerField()
    n_inferred = serializers.IntegerField()
    n_possible = serializers.IntegerField()
    n_missing = serializers.IntegerField()
    n_shipped = serializers.IntegerField()
    content_sha256 = serializers.CharField()


class RecallShape(RecallRow):
    answer = AnswerShape(help_text="As it was found then.")


class RecallPage(Shape):
    items = RecallRow(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class RecalledUnitPage(Shape):
    items = RecalledUnitShape(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class MissingLinkPage(Shape):
    items = MissingLinkShape(many=True)
    next_cursor = serializers.CharField(allow_null=True)


RECALL = OpenApiParameter("recall_id", int, OpenApiParameter.PATH)
FILE_FORMAT = OpenApiParameter("file_format", str, OpenApiParameter.PATH, enum=FORMATS)
