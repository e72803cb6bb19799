"""Station states (PackML) and counters, derived from telemetry in the batch's transaction."""

from django.db import models

from lines.plant.models import Station


class StateChange(models.Model):
    station = models.ForeignKey(Station, models.PROTECT, related_name="state_changes")
    state = models.PositiveSmallIntegerField(help_text="PackML number, see packml.py.")
    source_time = models.DateTimeField()
    received_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["station", "-source_time"], name="state_station_time")]
        constraints = [models.UniqueConstraint(fields=["station", "source_time", "state"], name="state_change_once")]


class StationStatus(models.Model):
    """Where a station is now, as far as we know."""

    station = models.OneToOneField(Station, models.PROTECT, primary_key=True, related_name="status")
    state = models.PositiveSmallIntegerField(null=True)
    state_since = models.DateTimeField(null=True)
    processed_count = models.BigIntegerField(null=True)

    class Meta:
        verbose_name_plural = "station statuses"

    defective_count = models.BigIntegerField(null=True)
    last_source_time = models.DateTimeField(null=True, help_text="Newest machine time heard of.")
    last_received_at = models.DateTimeField(null=True)
