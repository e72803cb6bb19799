"""Who took a station out of production, or back, and why. Only ever added."""

from django.db import models

from lines.plant.models import Station, UnitMode


class ModeChange(models.Model):
    """`Station.mode` is the newest one's."""

    station = models.ForeignKey(Station, models.PROTECT, related_name="mode_changes")
    mode = models.CharField(max_length=12, choices=UnitMode)
    reason = models.CharField(max_length=500)
    by = models.CharField(max_length=150, help_text="User name.")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["station", "-id"], name="mode_change_station")]
