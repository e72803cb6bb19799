"""What is missing in the genealogy, looked after so that nobody who asks need search all of it."""

from django.db import models
from django.db.models import Q

from lines.models import MaterialDefinition, RouteStep
from traceability.units.models import Unit


class Why(models.TextChoices):
    BILL = "BILL", "The bill or route asks for it"
    LOST = "LOST", "A link was deleted"
    METRES = "METRES", "Metres of the roll without any of it"


class MissingLink(models.Model):
    """A unit took something in, or was somewhere, that nobody recorded: as last looked at by completeness/checking.py.

    Without a material: the unit went past the step without a record of it. Without a step: nobody knows its bill.
    """

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="missing_links")
    step = models.ForeignKey(RouteStep, models.PROTECT, null=True, related_name="+", db_index=False)
    material = models.ForeignKey(MaterialDefinition, models.PROTECT, null=True, related_name="+", db_index=False)
    needed = models.PositiveSmallIntegerField()
    found = models.PositiveSmallIntegerField()
    last_at = models.DateTimeField(help_text="Our clock: it was taken in by then, if at all.")
    why = models.CharField(max_length=6, choices=Why, default=Why.BILL, db_default=Why.BILL)

    class Meta:
        indexes = [
            models.Index(fields=["material", "last_at"], name="missing_link_material"),
            models.Index(fields=["step", "last_at"], condition=Q(material=None), name="missing_link_step"),
        ]


class LinkCheck(models.Model):
    """How far the genealogy was looked at. One row, or none."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    checked_at = models.DateTimeField(help_text="Records received until a while before this are looked at.")
    unit_id = models.BigIntegerField(help_text="So are units up to this one.")


class LinkToCheck(models.Model):
    """A unit that lost a link outside of any record: the database notes it when a link is deleted."""

    unit = models.OneToOneField(Unit, models.CASCADE, primary_key=True, related_name="+")


class LostLink(models.Model):
    """A link that was deleted outside of any record or correction, as the database notes it. Numbers, not keys: what it
    named may be deleted as well."""

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="+")
    record_id = models.BigIntegerField()
    operation = models.CharField(max_length=64, blank=True)
    input_unit_id = models.BigIntegerField(null=True)
    input_lot_id = models.BigIntegerField(null=True)
    material = models.CharField(max_length=64, blank=True, help_text="Its code; empty: not known.")
    position = models.PositiveSmallIntegerField(null=True)
    lane = models.PositiveSmallIntegerField(null=True)
    from_m = models.FloatField(null=True)
    to_m = models.FloatField(null=True)
    own_from_m = models.FloatField(null=True)
    own_to_m = models.FloatField(null=True)
    last_at = models.DateTimeField(help_text="Our clock: it was taken in by then.")
    lost_at = models.DateTimeField()
