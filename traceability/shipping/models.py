"""What left the plant, and for which data centre."""

from django.db import models

from lines.models import DataCentreSite
from traceability.units.models import Unit


class Shipment(models.Model):
    """Units that went to one site together."""

    number = models.CharField(max_length=40, unique=True)
    site = models.ForeignKey(DataCentreSite, models.PROTECT, related_name="shipments")
    shipped_at = models.DateTimeField(db_index=True)
    by = models.CharField(max_length=120)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.number


class ShippedUnit(models.Model):
    """A unit of a shipment; what is built into it went along."""

    shipment = models.ForeignKey(Shipment, models.PROTECT, related_name="units")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="shipped")
    returned_at = models.DateTimeField(null=True, help_text="None: it is still there.")
    returned_by = models.CharField(max_length=120, blank=True, db_default="")
    reason = models.CharField(max_length=200, blank=True, db_default="", help_text="Why it came back.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shipment", "unit"], name="shipped_unit_once"),
            models.UniqueConstraint(
                fields=["unit"], condition=models.Q(returned_at=None), name="shipped_unit_in_one_place"
            ),
        ]
