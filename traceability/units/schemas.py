"""Units for the API's documentation; tests hold these and the answers equal."""

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from lines.ledger.schemas import GapShape
from traceability.genealogy.models import LinkBasis
from traceability.interlock.schemas import VERDICTS, CodeShape, JudgedMeasurement, Shape
from traceability.units.models import LotState, UnitState
from traceability.units.queries import KINDS, MOST_ITEMS, STATES

UNIT_STATES = UnitState.values
LINK_BASES = LinkBasis.values
LOT_STATES = LotState.values


class UnitShape(Shape):
    serial = serializers.CharField()
    kind = serializers.ChoiceField(choices=KINDS, allow_null=True, help_text="null: a serial that no rule knows.")
    definition = serializers.CharField(allow_null=True)
    product = serializers.CharField(allow_null=True)
    state = serializers.ChoiceField(choices=UNIT_STATES)
    is_held = serializers.BooleanField()
    last_test_passed = serializers.BooleanField(
        allow_null=True, help_text="Verdict of the last test; null: no test stands."
    )
    next_operation = serializers.CharField(allow_null=True)
    work_order = serializers.CharField(allow_null=True, help_text="Under which it began.")
    grade = serializers.CharField(allow_blank=True)
    length_m = serializers.FloatField(allow_null=True)
    mass_kg = serializers.FloatField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class UnitPage(Shape):
    items = UnitShape(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class HoldShape(Shape):
    reason = serializers.CharField()
    placed_at = serializers.DateTimeField()
    placed_by = serializers.CharField()
    released_at = serializers.DateTimeField(allow_null=True)
    released_by = serializers.CharField(allow_null=True)


class MeasurementShape(JudgedMeasurement):
    sequence = serializers.IntegerField(help_text="Its place in the record, by which a correction names it.")
    recorded_value = serializers.FloatField(help_text="`value` is another where a correction set it right.")
    source_time = serializers.DateTimeField()
    limits_version = serializers.IntegerField(allow_null=True)


class CountShape(Shape):
    code = serializers.CharField()
    count = serializers.IntegerField()
    inspected = serializers.FloatField(allow_null=True)
    position = serializers.CharField(allow_blank=True)


class MovedShape(Shape):
    serial = serializers.CharField()
    record = serializers.IntegerField()


class RejudgedShape(Shape):
    at = serializers.DateTimeField()
    because_of = serializers.IntegerField(help_text="The record that came late.")
    deviations = CodeShape(many=True)


class RecordShape(Shape):
    record = serializers.IntegerField()
    station = serializers.CharField()
    operation = serializers.CharField()
    attempt = serializers.IntegerField()
    started_at = serializers.DateTimeField(allow_null=True)
    source_time = serializers.DateTimeField(help_text="End, by the machine's clock.")
    received_at = serializers.DateTimeField(help_text="By our clock.")
    machine_outcome = serializers.ChoiceField(choices=VERDICTS)
    verdict = serializers.ChoiceField(choices=VERDICTS, help_text="With the corrected values.")
    recorded_verdict = serializers.ChoiceField(choices=VERDICTS)
    is_conforming = serializers.BooleanField()
    deviations = CodeShape(many=True)
    rejudged = RejudgedShape(
        allow_null=True, help_text="What counts of the deviations since something before this visit came to be known."
    )
    reason_codes = serializers.ListField(child=serializers.CharField())
    recipe = serializers.CharField(allow_blank=True)
    operator = serializers.CharField(allow_blank=True)
    tray = serializers.CharField(allow_blank=True)
    slot = serializers.IntegerField(allow_null=True)
    channel = serializers.CharField(allow_blank=True)
    grade = serializers.CharField(allow_blank=True)
    clock_offset_s = serializers.FloatField(allow_null=True, help_text="How far the machine's clock was ahead.")
    is_offline = serializers.BooleanField(help_text="Made while the MES did not answer.")
    entered_by = serializers.CharField(allow_blank=True, help_text="User name, where a person entered it.")
    content_sha256 = serializers.CharField()
    sample = serializers.CharField(allow_null=True, help_text="Label of the sample that was measured; then no visit.")
    moved_to = MovedShape(allow_null=True, help_text="Corrected: it is a record of that unit.")
    moved_from = MovedShape(allow_null=True, help_text="Corrected: it was entered for that unit first.")
    corrections = serializers.ListField(child=serializers.IntegerField())
    telemetry_gaps = GapShape(
        many=True, help_text="Gaps in the station's telemetry that this visit meets and that cost values, or may."
    )
    measurements = MeasurementShape(many=True)
    counts = CountShape(many=True)


class LotName(Shape):
    id = serializers.IntegerField()
    supplier = serializers.CharField()
    number = serializers.CharField()


class LinkShape(Shape):
    """One input of one unit: `serial` or `lot`."""

    link = serializers.IntegerField(help_text="Its number, by which a correction names it.")
    level = serializers.IntegerField(help_text="1: directly.")
    output = serializers.CharField(help_text="Serial of the unit it went into.")
    serial = serializers.CharField(allow_null=True)
    lot = LotName(allow_null=True)
    material = serializers.CharField(allow_null=True, help_text="Code of the definition or bought material.")
    quantity = serializers.FloatField(allow_null=True)
    uom = serializers.CharField(allow_blank=True)
    position = serializers.IntegerField(allow_null=True)
    lane = serializers.IntegerField(allow_null=True)
    from_m = serializers.FloatField(allow_null=True, help_text="On the input roll's own axis.")
    to_m = serializers.FloatField(allow_null=True)
    basis = serializers.ChoiceField(
        choices=LINK_BASES, help_text="RECORDED by the station, inferred as it was MOUNTED, or CORRECTED."
    )
    operation = serializers.CharField()
    record = serializers.IntegerField()


class LotPartShape(Shape):
    """A lot that was split off another one or merged of it."""

    lot = LotName()
    part_of = LotName()
    quantity = serializers.FloatField()


class LinksShape(Shape):
    links = LinkShape(many=True)
    lot_parts = LotPartShape(many=True, help_text="What the lots were split from or merged of, all the way back.")
    is_truncated = serializers.BooleanField()


class UnitHistory(UnitShape):
    as_of = serializers.DateTimeField(allow_null=True, help_text="As asked; null: now.")
    holds = HoldShape(many=True)
    records = RecordShape(many=True)
    made_of = LinksShape()
    used_in = LinksShape()


PAGE = [
    OpenApiParameter("limit", int, description=f"1 to {MOST_ITEMS}, 100 unless told."),
    OpenApiParameter("cursor", str, description="next_cursor of the page before."),
]
KIND = OpenApiParameter("kind", str, enum=KINDS, description="What is tracked.")
STATE = OpenApiParameter(
    "state", str, enum=STATES, description="passed, failed: verdict of the last test; held: an open hold."
)
