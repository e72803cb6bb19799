"""Lots for the API's documentation; tests hold these and the answers equal."""

from rest_framework import serializers

from traceability.interlock.schemas import Shape
from traceability.lots.bodies import LONGEST_REASON, MOST_CERTIFIED, MOST_PARTS, SHORTEST_REASON
from traceability.units.models import LotEventKind
from traceability.units.schemas import LOT_STATES, LotName, UnitPage

LOT_EVENT_KINDS = LotEventKind.values


class CertifiedShape(Shape):
    """One line of a certificate of analysis."""

    property = serializers.CharField(max_length=64)
    value = serializers.FloatField()
    unit = serializers.CharField(max_length=16, allow_blank=True)
    lower = serializers.FloatField(allow_null=True, required=False, help_text="As the supplier specifies it.")
    upper = serializers.FloatField(allow_null=True, required=False)


class LotRequest(Shape):
    supplier = serializers.CharField(max_length=64)
    number = serializers.CharField(max_length=64)
    material = serializers.CharField(max_length=32, help_text="Code of a bought material.")
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    quantity = serializers.FloatField(required=False, allow_null=True, help_text="In the material's unit.")
    certificate = serializers.ListField(
        child=CertifiedShape(), required=False, allow_null=True, max_length=MOST_CERTIFIED
    )


class LotShape(Shape):
    id = serializers.IntegerField()
    supplier = serializers.CharField()
    number = serializers.CharField()
    material = serializers.CharField(help_text="As posted.")
    state = serializers.ChoiceField(choices=LOT_STATES)
    expires_at = serializers.DateTimeField(allow_null=True)
    quantity = serializers.FloatField(allow_null=True, help_text="As received, or as split and merged.")
    received_at = serializers.DateTimeField(allow_null=True, help_text="null: first seen in a result, never received.")
    created_at = serializers.DateTimeField()


class LotPage(Shape):
    items = LotShape(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class LotEventShape(Shape):
    kind = serializers.ChoiceField(choices=LOT_EVENT_KINDS)
    state = serializers.ChoiceField(choices=LOT_STATES, help_text="Of the lot after it.")
    expires_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    by = serializers.CharField()
    at = serializers.DateTimeField()


class PartShape(Shape):
    lot = LotName()
    quantity = serializers.FloatField()
    at = serializers.DateTimeField()


class LotHistory(LotShape):
    rest = serializers.FloatField(
        allow_null=True, help_text="Quantity less parts and consumption; null: the quantity is not known."
    )
    certificate = CertifiedShape(many=True)
    events = LotEventShape(many=True)
    made_of = PartShape(many=True, help_text="Lots it was split from or merged of.")
    parts = PartShape(many=True, help_text="Lots it was split or merged into.")
    n_units = serializers.IntegerField(help_text="Of the kind asked for; of all kinds without one.")
    units = UnitPage()


class DecisionRequest(Shape):
    reason = serializers.CharField(min_length=SHORTEST_REASON, max_length=LONGEST_REASON)


class ExpiryRequest(DecisionRequest):
    expires_at = serializers.DateTimeField(allow_null=True, help_text="null: the lot does not expire.")


class PartRequest(Shape):
    number = serializers.CharField(max_length=64)
    quantity = serializers.FloatField()


class SplitRequest(DecisionRequest):
    parts = serializers.ListField(child=PartRequest(), min_length=1, max_length=MOST_PARTS)


class PartsShape(Shape):
    items = LotShape(many=True)


class TakenRequest(Shape):
    lot = serializers.IntegerField(help_text="Id of the lot.")
    quantity = serializers.FloatField(required=False, allow_null=True, help_text="Not given: all that is left.")


class MergeRequest(DecisionRequest):
    lots = serializers.ListField(child=TakenRequest(), min_length=2, max_length=MOST_PARTS)
    number = serializers.CharField(max_length=64, help_text="Of the new lot.")
    supplier = serializers.CharField(
        max_length=64, required=False, allow_null=True, allow_blank=True, help_text="Needed where the lots' differ."
    )
