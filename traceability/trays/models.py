"""Where a cell sits: tray, slot and formation channel, with the time it sat there."""

from django.db import models

from lines.models import OperationRecord
from traceability.units.models import Unit


class TrayPlacement(models.Model):
    """A unit in a tray's slot, as one record saw it."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="placements")
    record = models.OneToOneField(OperationRecord, models.PROTECT, related_name="placement")
    tray = models.CharField(max_length=32)
    slot = models.PositiveSmallIntegerField()
    channel = models.CharField(max_length=48, blank=True)
    source_time = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["tray", "-source_time"], name="placement_tray"),
            models.Index(fields=["channel", "-source_time"], name="placement_channel"),
        ]
