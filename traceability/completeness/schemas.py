"""Missing links for the API's documentation; tests hold these and the answers equal."""

from rest_framework import serializers

from traceability.completeness.models import Why
from traceability.completeness.queries import MOST_TOLD
from traceability.interlock.schemas import Shape


class MissingLinkShape(Shape):
    """A link that nobody recorded, or that was deleted."""

    serial = serializers.CharField(help_text="Of the unit that took it in.")
    definition = serializers.CharField(allow_null=True)
    operation = serializers.CharField(allow_null=True, help_text="null: nobody knows what the unit is made of.")
    material = serializers.CharField(
        allow_null=True, help_text="null: no record of the operation, or none that says where it was."
    )
    needed = serializers.IntegerField()
    found = serializers.IntegerField()
    why = serializers.ChoiceField(
        choices=Why.values, help_text="LOST: a link was deleted. METRES: of the roll, without any of it."
    )


class MissingLinks(Shape):
    n_links = serializers.IntegerField()
    links = MissingLinkShape(many=True, help_text=f"The first {MOST_TOLD}, of the newest units first.")
