"""What was seen on the metres of a roll, and what was cut out of them. Only ever added."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from lines.models import OperationRecord
from traceability.units.models import Unit


class Side(models.TextChoices):
    """Of a web, as its own first operation names them."""

    A = "A", "Side A"
    B = "B", "Side B"


class RollMark(models.Model):
    """A defect, or whatever else was marked, at metres of a roll."""

    # Its index is the one on (roll, from_m).
    roll = models.ForeignKey(Unit, models.PROTECT, related_name="marks", db_index=False)
    record = models.ForeignKey(OperationRecord, models.PROTECT, related_name="+")
    from_m = models.FloatField(help_text="On the roll's own axis.")
    to_m = models.FloatField(help_text="Equal to from_m for a point.")
    lane = models.PositiveSmallIntegerField(null=True, help_text="None: not told, it may be any.")
    side = models.CharField(max_length=1, choices=Side, blank=True)
    y_mm = models.FloatField(null=True, help_text="Across the web, from the operator side.")
    code = models.CharField(max_length=24, help_text="Reason code.")
    size_mm = models.FloatField(null=True)

    class Meta:
        indexes = [models.Index(fields=["roll", "from_m"], name="mark_roll")]
        constraints = [models.CheckConstraint(condition=Q(from_m__gte=0, from_m__lte=F("to_m")), name="mark_range")]


class RollScan(models.Model):
    """One pass of a gauge across the web: values evenly spaced from the operator side."""

    roll = models.ForeignKey(Unit, models.PROTECT, related_name="scans", db_index=False)
    record = models.ForeignKey(OperationRecord, models.PROTECT, related_name="+")
    characteristic = models.CharField(max_length=24)
    side = models.CharField(max_length=1, choices=Side, blank=True)
    at_m = models.FloatField(help_text="On the roll's own axis.")
    values = ArrayField(models.FloatField())
    gauge = models.CharField(max_length=32, blank=True)

    class Meta:
        indexes = [models.Index(fields=["roll", "characteristic", "at_m"], name="scan_roll")]


class RollCut(models.Model):
    """Metres cut out as scrap, on the axis of the roll they were cut from."""

    roll = models.ForeignKey(Unit, models.PROTECT, related_name="cuts", db_index=False)
    record = models.ForeignKey(OperationRecord, models.PROTECT, related_name="+", help_text="That cut them out.")
    lane = models.PositiveSmallIntegerField(null=True, help_text="None: the whole width.")
    from_m = models.FloatField()
    to_m = models.FloatField()
    code = models.CharField(max_length=24, blank=True, help_text="Reason code.")

    class Meta:
        indexes = [models.Index(fields=["roll", "from_m"], name="cut_roll")]
        constraints = [models.CheckConstraint(condition=Q(from_m__gte=0, from_m__lt=F("to_m")), name="cut_range")]
