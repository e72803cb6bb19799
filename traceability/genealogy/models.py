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


class GenealogyLink(models.Model):
    """One input of one unit: a lot with a quantity, a component at a position, or a range of a roll."""

    output = models.ForeignKey(Unit, models.PROTECT, related_name="inputs")
    input_unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="outputs")
    input_lot = models.ForeignKey(Lot, models.PROTECT, null=True, related_name="outputs")
    record = models.ForeignKey(OperationRecord, models.PROTECT, related_name="+")
    quantity = models.FloatField(null=True)
    uom = models.CharField(max_length=8, blank=True)
    position = models.PositiveSmallIntegerField(null=True)
    lane = models.PositiveSmallIntegerField(null=True)
    from_m = models.FloatField(null=True, help_text="On the input roll's own axis.")
    to_m = models.FloatField(null=True)
    basis = models.CharField(max_length=9, choices=LinkBasis, default=LinkBasis.RECORDED)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(input_unit=None, input_lot__isnull=False) | Q(input_unit__isnull=False, input_lot=None),
                name="link_one_input",
            ),
            models.CheckConstraint(condition=~Q(output=models.F("input_unit")), name="link_not_itself"),
            models.CheckConstraint(
                condition=Q(from_m=None, to_m=None) | Q(from_m__lt=models.F("to_m")), name="link_range"
            ),
        ]
