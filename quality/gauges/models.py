"""What measures: gauges of stations and formation channels, and until when their calibration is good."""

from django.db import models

from lines.models import Station
from lines.names import Bilingual


class Gauge(Bilingual):
    """A gauge measures for its whole station; one with a `channel` only for what is in that channel."""

    code = models.CharField(max_length=48, unique=True)
    station = models.ForeignKey(Station, models.PROTECT, related_name="gauges")
    channel = models.CharField(max_length=48, blank=True)
    calibrated_at = models.DateTimeField()
    valid_until = models.DateTimeField()

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["station", "channel"], condition=~models.Q(channel=""), name="gauge_station_channel"
            )
        ]

    def __str__(self) -> str:
        return self.code
