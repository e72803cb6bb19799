"""Samples: taken now, measured later, while the unit they came from waits where it was said to wait."""

from django.db import models

from lines.models import OperationRecord, Station
from traceability.units.models import Unit


class SampleState(models.TextChoices):
    TAKEN = "TAKEN", "Waiting for its result"
    PASSED = "PASSED", "Passed"
    FAILED = "FAILED", "Failed"
    CANCELLED = "CANCELLED", "Cancelled"


class Sample(models.Model):
    """Something taken from a unit, or a whole unit, for measuring elsewhere."""

    code = models.CharField(max_length=32, unique=True, help_text="Its label.")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="samples", help_text="What it was taken from.")
    station = models.ForeignKey(Station, models.PROTECT, null=True, related_name="+", help_text="Where it is measured.")
    operation = models.CharField(max_length=24, help_text="The operation its measurements belong to.")
    waits_at = models.CharField(max_length=24, blank=True, help_text="The unit may not enter this before the result.")
    is_destructive = models.BooleanField(default=False, help_text="The unit itself is used up by measuring.")
    state = models.CharField(max_length=10, choices=SampleState, default=SampleState.TAKEN)
    taken_at = models.DateTimeField()
    taken_by = models.CharField(max_length=150)
    record = models.OneToOneField(OperationRecord, models.PROTECT, null=True, related_name="sample")
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [models.Index(fields=["unit"], condition=models.Q(state="TAKEN"), name="sample_open")]
