"""Genealogy for the API's documentation; tests hold these and the answers equal."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from traceability.completeness.schemas import MissingLinks
from traceability.genealogy.starts import STARTS
from traceability.genealogy.walking import DEEPEST, DIRECTIONS, LOT
from traceability.interlock.schemas import Shape
from traceability.units.queries import KINDS
from traceability.units.schemas import LINK_BASES, LotName, UnitShape

FAR_KINDS = [LOT, *KINDS]


class WalkedLink(Shape):
    """One input of one unit: `serial` or `lot` went into `output`."""

    link = serializers.IntegerField()
    level = serializers.IntegerField(help_text="1: directly; links away from the unit asked for.")
    output = serializers.CharField(help_text="Serial of the unit it went into.")
    output_kind = serializers.ChoiceField(choices=KINDS, allow_null=True)
    output_definition = serializers.CharField(allow_null=True)
    serial = serializers.CharField(allow_null=True)
    lot = LotName(allow_null=True)
    kind = serializers.ChoiceField(
        choices=FAR_KINDS, allow_null=True, help_text="Of the input; null: a serial that no rule knows."
    )
    material = serializers.CharField(allow_null=True, help_text="Code of the definition or bought material.")
    quantity = serializers.FloatField(allow_null=True)
    uom = serializers.CharField(allow_blank=True)
    position = serializers.IntegerField(allow_null=True)
    lane = serializers.IntegerField(allow_null=True)
    from_m = serializers.FloatField(allow_null=True, help_text="On the input roll's own axis.")
    to_m = serializers.FloatField(allow_null=True)
    own_from_m = serializers.FloatField(allow_null=True, help_text="On the output roll's own axis.")
    own_to_m = serializers.FloatField(allow_null=True)
    delta_m = serializers.FloatField(allow_null=True, help_text="How far the ends may lie off.")
    is_reversed = serializers.BooleanField()
    is_flipped = serializers.BooleanField()
    is_mirrored = serializers.BooleanField()
    basis = serializers.ChoiceField(choices=LINK_BASES)
    ended_at = serializers.DateTimeField(allow_null=True, help_text="It was taken out again at rework.")
    operation = serializers.CharField()
    station = serializers.CharField()
    at = serializers.DateTimeField(help_text="End of the visit, by the machine's clock.")
    record = serializers.IntegerField()


class GenealogyPage(Shape):
    serial = serializers.CharField()
    direction = serializers.ChoiceField(choices=DIRECTIONS)
    as_of = serializers.DateTimeField(allow_null=True, help_text="As asked; null: as it stood at the first page.")
    n_links = serializers.IntegerField(help_text="Of all pages.")
    links = WalkedLink(many=True)
    next_cursor = serializers.CharField(allow_null=True)
    missing = MissingLinks(
        allow_null=True,
        help_text=(
            "made_of: what is missing of the unit and of all behind it. used_in: deleted links that told where it, or"
            " what was made of it, went. As of now and at any depth; null on later pages and with `as_of`."
        ),
    )


class UnitCount(Shape):
    definition = serializers.CharField(allow_null=True)
    kind = serializers.ChoiceField(choices=KINDS, allow_null=True)
    n_units = serializers.IntegerField()


class UsedUnit(UnitShape):
    is_inferred = serializers.BooleanField(
        help_text="Somewhere on the way it is only inferred: it was mounted, or overlaps within the uncertainty."
    )


class WhereUsed(Shape):
    n_units = serializers.IntegerField(help_text="Of all pages, of every kind.")
    counts = UnitCount(many=True)
    units = UsedUnit(many=True)
    next_cursor = serializers.CharField(allow_null=True)
    missing = MissingLinks(
        allow_null=True,
        help_text="Deleted links that told where something of it went: more may be affected. null on later pages.",
    )


KIND_LIST = OpenApiParameter(
    "kinds", str, description=f"By comma, of {', '.join(FAR_KINDS)}: only links whose far end is one of these."
)
UNIT_KIND_LIST = OpenApiParameter("kinds", str, description=f"By comma, of {', '.join(KINDS)}: only these units.")
AS_OF = OpenApiParameter(
    "as_of", OpenApiTypes.DATETIME, description="Links as they were known then, before later corrections."
)
WALK = [
    OpenApiParameter("direction", str, enum=list(DIRECTIONS), description=f"{DIRECTIONS[0]} unless told."),
    OpenApiParameter("depth", int, description=f"Levels, 1 to {DEEPEST}; all unless told."),
    AS_OF,
    KIND_LIST,
    OpenApiParameter("with_ended", bool, description="Parts that were taken out again at rework too."),
]
START = [
    OpenApiParameter("kind", str, required=True, enum=list(STARTS), description="What to begin at."),
    OpenApiParameter("lot", int, description="lot: its id."),
    OpenApiParameter("serial", str, description="unit, range: of the unit or roll."),
    OpenApiParameter("from_m", float, description="range: metres on the roll's own axis."),
    OpenApiParameter("to_m", float),
    OpenApiParameter("lane", int, description="range; all lanes unless told."),
    OpenApiParameter("channel", str, description="channel: of the formation rack."),
    OpenApiParameter("tray", str, description="tray"),
    OpenApiParameter("station", str, description="station"),
    OpenApiParameter(
        "from",
        OpenApiTypes.DATETIME,
        description="channel, tray, station: visits that ended since. A station needs it.",
    ),
    OpenApiParameter("to", OpenApiTypes.DATETIME, description="and until then."),
]
