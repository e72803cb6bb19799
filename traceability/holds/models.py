"""Holds and nonconformances, first cut: opened by the interlock for what was made against its word."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from lines.models import OperationRecord
from traceability.units.models import Unit


class Nonconformance(models.Model):
    """A record that was stored although something about it deviated, or a unit that failed for good."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="nonconformances")
    record = models.ForeignKey(OperationRecord, models.PROTECT, related_name="+")
    codes = ArrayField(models.CharField(max_length=24), help_text="Deviation and reason codes.")
    opened_at = models.DateTimeField()


class Hold(models.Model):
    """The unit may not enter any operation until the hold is released."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="holds")
    nonconformance = models.ForeignKey(Nonconformance, models.PROTECT, null=True, related_name="holds")
    placed_at = models.DateTimeField()
    placed_by = models.CharField(max_length=120)
    reason = models.CharField(max_length=200)
    released_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=120, blank=True)

    class Meta:
        indexes = [models.Index(fields=["unit"], condition=models.Q(released_at=None), name="hold_open")]
