"""Where a cell sits: tray, slot and formation channel, with the time it sat there."""

from django.db import models
from django.db.models import Q

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


class TrayLoad(models.Model):
    """A unit in a tray's slot, from when to when: what sits where now, and what sat there."""

    tray = models.CharField(max_length=32)
    slot = models.PositiveSmallIntegerField()
    channel = models.CharField(max_length=48, blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="tray_loads")
    loaded_at = models.DateTimeField()
    loaded_by = models.CharField(max_length=120)
    unloaded_at = models.DateTimeField(null=True)
    unloaded_by = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tray", "slot"], condition=Q(unloaded_at=None), name="load_slot_once"),
            models.UniqueConstraint(fields=["unit"], condition=Q(unloaded_at=None), name="load_unit_once"),
            models.UniqueConstraint(
                fields=["channel"], condition=Q(unloaded_at=None) & ~Q(channel=""), name="load_channel_once"
            ),
        ]
