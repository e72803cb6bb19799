"""Alarms by ISA-18.2: raised at a station, acknowledged by a person with a note, cleared."""

from django.conf import settings
from django.db import models

from lines.plant.models import Station


class AlarmPriority(models.IntegerChoices):
    HIGH = 1, "High"
    MEDIUM = 2, "Medium"
    LOW = 3, "Low"


class Alarm(models.Model):
    station = models.ForeignKey(Station, models.PROTECT, related_name="alarms")
    code = models.CharField(max_length=24, help_text="What kind of alarm, e.g. SPC-RULE-1.")
    priority = models.PositiveSmallIntegerField(choices=AlarmPriority)
    message_en = models.CharField(max_length=300)
    message_ja = models.CharField(max_length=300)
    # An upper app's object behind the alarm, reached by /go/<kind>/<id> (mes.urls).
    subject_kind = models.CharField(max_length=24, blank=True)
    subject_id = models.CharField(max_length=64, blank=True)
    source_time = models.DateTimeField(help_text="When it happened at the machine.")
    raised_at = models.DateTimeField(help_text="When we raised it.")
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="acknowledged_alarms"
    )
    note = models.TextField(blank=True)
    cleared_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["station", "-id"], name="alarm_station"),
            # What every overview asks for; the others only grow.
            models.Index(
                fields=["station"],
                name="alarm_open",
                condition=models.Q(acknowledged_at=None) | models.Q(cleared_at=None),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(acknowledged_at=None, acknowledged_by=None)
                | models.Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
                name="alarm_acknowledged_by_somebody",
            )
        ]
