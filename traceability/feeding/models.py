"""Where material is fed into a station, and which lot was mounted there from when to when."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from lines.models import MaterialDefinition, Station
from lines.names import Bilingual
from traceability.units.models import Lot


class FeedPoint(Bilingual):
    """A place of a station that takes one lot at a time."""

    station = models.ForeignKey(Station, models.PROTECT, related_name="feed_points")
    code = models.CharField(max_length=32)
    materials = models.ManyToManyField(MaterialDefinition, related_name="+", help_text="What may be mounted here.")

    class Meta:
        ordering = ["station", "code"]
        constraints = [models.UniqueConstraint(fields=["station", "code"], name="feed_point_station_code")]

    def __str__(self) -> str:
        return self.code


class Mounting(models.Model):
    """A lot at a feed point. What is wrong with it is written down, not refused: it is there."""

    feed_point = models.ForeignKey(FeedPoint, models.PROTECT, related_name="mountings")
    lot = models.ForeignKey(Lot, models.PROTECT, related_name="mountings")
    material_code = models.CharField(max_length=32, help_text="As scanned.")
    mounted_at = models.DateTimeField(help_text="By the station's clock.")
    received_at = models.DateTimeField(help_text="Our clock: when we were told.")
    mounted_by = models.CharField(max_length=150)
    unmounted_at = models.DateTimeField(null=True)
    deviation_codes = ArrayField(models.CharField(max_length=16), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["feed_point"], condition=Q(unmounted_at=None), name="mounting_one_open")
        ]
