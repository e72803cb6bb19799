"""What was made of what, as the records say."""

from django.db import models
from django.db.models import Q

from lines.models import OperationRecord
from traceability.units.models import Lot, Unit


class LinkBasis(models.TextChoices):
    """How we know."""

    RECORDED = "RECORDED", "Recorded by the station"
    MOUNTED = "MOUNTED", "Inferred: it was mounted at the feed point"
    CORRECTED = "CORRECTED", "Entered as a correction"


def _both_or_none(start: str, end: str) -> Q:
    # Told to be there: where one is null the comparison is null too, which a check constraint lets pass.
    there = Q(**{f"{start}__isnull": False, f"{end}__isnull": False, f"{start}__gte": 0})
    return Q(**{start: None, end: None}) | there & Q(**{f"{start}__lt": models.F(end)})


class GenealogyLink(models.Model):
    """One input of one unit: a lot with a quantity, a component at a position, or a range of a roll."""

    output = models.ForeignKey(Unit, models.PROTECT, related_name="inputs")
    # Its index is the one on (input_unit, from_m).
    input_unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="outputs", db_index=False)
    input_lot = models.ForeignKey(Lot, models.PROTECT, null=True, related_name="outputs")
    record = models.ForeignKey(OperationRecord, models.PROTECT, related_name="+")
    quantity = models.FloatField(null=True)
    uom = models.CharField(max_length=8, blank=True)
    position = models.PositiveSmallIntegerField(null=True)
    lane = models.PositiveSmallIntegerField(null=True)
    from_m = models.FloatField(null=True, help_text="On the input roll's own axis.")
    to_m = models.FloatField(null=True)
    # Several links between the same two rolls are the segments of one map (rolls/maps.py).
    own_from_m = models.FloatField(null=True, help_text="On the output roll's own axis: where this input lies.")
    own_to_m = models.FloatField(null=True)
    is_reversed = models.BooleanField(default=False, db_default=False, help_text="The input's end came first.")
    is_flipped = models.BooleanField(default=False, db_default=False, help_text="Sides A and B changed.")
    is_mirrored = models.BooleanField(default=False, db_default=False, help_text="Lane k of n became n + 1 - k.")
    delta_m = models.FloatField(null=True, help_text="How far the ends may lie off; none: not told.")
    basis = models.CharField(max_length=9, choices=LinkBasis, default=LinkBasis.RECORDED)
    # The transaction that stored it: pages of a walk show what was committed at the first (walking.py).
    xid = models.BigIntegerField(db_default=models.Func(function="denchi_xid", output_field=models.BigIntegerField()))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(input_unit=None, input_lot__isnull=False) | Q(input_unit__isnull=False, input_lot=None),
                name="link_one_input",
            ),
            models.CheckConstraint(condition=~Q(output=models.F("input_unit")), name="link_not_itself"),
            models.CheckConstraint(condition=_both_or_none("from_m", "to_m"), name="link_range"),
            models.CheckConstraint(condition=_both_or_none("own_from_m", "own_to_m"), name="link_own_range"),
        ]
        indexes = [
            models.Index(fields=["input_unit", "from_m"], condition=Q(input_unit__isnull=False), name="link_input_unit")
        ]


class LinkEnd(models.Model):
    """The part was taken out again at rework: it was in the unit until then, and is not any more."""

    link = models.OneToOneField(GenealogyLink, models.PROTECT, related_name="end")
    record = models.ForeignKey(OperationRecord, models.PROTECT, related_name="+", help_text="That took it out.")
    at = models.DateTimeField(help_text="End of the visit by the machine's clock.")
    reason = models.CharField(max_length=200, blank=True)
    xid = models.BigIntegerField(db_default=models.Func(function="denchi_xid", output_field=models.BigIntegerField()))
