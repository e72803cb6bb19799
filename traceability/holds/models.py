"""Nonconformances and what was decided about them; holds of units, and of what will be made."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from lines.models import OperationRecord, Station
from traceability.units.models import Lot, Unit


class Disposition(models.TextChoices):
    USE_AS_IS = "USE_AS_IS", "Use as is"
    DOWNGRADE = "DOWNGRADE", "Downgrade"
    REWORK = "REWORK", "Rework"
    SCRAP = "SCRAP", "Scrap"
    RETURN = "RETURN", "Return to the supplier"


class Nonconformance(models.Model):
    """A record that was stored although something about it deviated, or a unit that failed for good."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="nonconformances")
    record = models.ForeignKey(OperationRecord, models.PROTECT, null=True, related_name="+")
    codes = ArrayField(models.CharField(max_length=24), help_text="Deviation and reason codes.")
    opened_at = models.DateTimeField()
    needs_two_people = models.BooleanField(default=False)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["-id"], condition=Q(closed_at=None), name="nonconformance_open")]


class DispositionDecision(models.Model):
    """What a person decided; where two must, the first row waits for a second one of another person."""

    nonconformance = models.ForeignKey(Nonconformance, models.PROTECT, related_name="decisions")
    disposition = models.CharField(max_length=10, choices=Disposition)
    rework_to = models.CharField(max_length=24, blank=True, help_text="REWORK: the operation to begin again at.")
    grade = models.CharField(max_length=8, blank=True, help_text="DOWNGRADE: the new grade.")
    reason = models.CharField(max_length=500)
    decided_by = models.CharField(max_length=150, help_text="User name.")
    decided_at = models.DateTimeField()
    confirms = models.OneToOneField("self", models.PROTECT, null=True, related_name="confirmed_by")

    class Meta:
        ordering = ["id"]


class HoldScope(models.TextChoices):
    UNIT = "UNIT", "Unit"
    LOT = "LOT", "Lot"
    TRAY = "TRAY", "Tray"
    ROLL_RANGE = "ROLL_RANGE", "Metres of a roll"
    STATION = "STATION", "Station, in a time window"
    CHANNEL = "CHANNEL", "Channel, in a time window"
    UNITS = "UNITS", "Units behind a signal"
    SIGNAL = "SIGNAL", "What a station made while a control chart signalled"


class Hold(models.Model):
    """One reason why units may not go on; HoldUnit says which. What is made of a held lot, batch or roll, or at a held
    station or channel, is added when it appears, until the hold is released."""

    scope = models.CharField(max_length=10, choices=HoldScope)
    token = models.CharField(
        max_length=36, null=True, unique=True, help_text="Of the form or request: sent twice, it is placed once."
    )
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="holds", help_text="UNIT, ROLL_RANGE.")
    lot = models.ForeignKey(Lot, models.PROTECT, null=True, related_name="holds")
    station = models.ForeignKey(Station, models.PROTECT, null=True, related_name="holds")
    product = models.CharField(max_length=32, blank=True, db_default="", help_text="SIGNAL: of the visit.")
    recipe = models.CharField(max_length=64, blank=True, db_default="", help_text="SIGNAL: of the visit; empty: any.")
    characteristic = models.CharField(
        max_length=24, blank=True, db_default="", help_text="SIGNAL: measured in the visit at `position`."
    )
    position = models.CharField(max_length=48, blank=True, db_default="", help_text="SIGNAL; empty: any.")
    by_overlap = models.BooleanField(
        db_default=False, help_text="SIGNAL: visits that overlap the window; otherwise those that end within it."
    )
    tray = models.CharField(max_length=32, blank=True)
    channel = models.CharField(max_length=48, blank=True)
    lane = models.PositiveSmallIntegerField(null=True, help_text="ROLL_RANGE; none: all.")
    from_m = models.FloatField(null=True)
    to_m = models.FloatField(null=True)
    window_from = models.DateTimeField(null=True, help_text="STATION, CHANNEL, SIGNAL: machine time.")
    window_to = models.DateTimeField(null=True, help_text="None: until released.")
    at_operation = models.CharField(max_length=24, blank=True, help_text="From this operation on; empty: at once.")
    reason = models.CharField(max_length=200)
    nonconformance = models.ForeignKey(Nonconformance, models.PROTECT, null=True, related_name="holds")
    placed_at = models.DateTimeField()
    placed_by = models.CharField(max_length=120)
    released_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=120, blank=True)
    release_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [models.Index(fields=["scope", "id"], condition=Q(released_at=None), name="hold_open")]
        constraints = [
            models.CheckConstraint(
                condition=(Q(scope__in=["UNIT", "ROLL_RANGE"]) & Q(unit__isnull=False))
                | (Q(scope="LOT") & Q(lot__isnull=False))
                | (Q(scope="TRAY") & ~Q(tray=""))
                | (Q(scope="STATION") & Q(station__isnull=False))
                | (Q(scope="CHANNEL") & ~Q(channel=""))
                | Q(scope="UNITS")
                | (Q(scope="SIGNAL") & Q(station__isnull=False) & Q(window_from__isnull=False)),
                name="hold_scope_named",
            )
        ]


class HoldUnit(models.Model):
    """A unit under a hold."""

    hold = models.ForeignKey(Hold, models.PROTECT, related_name="members")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="held_by")
    added_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=120, blank=True)
    release_reason = models.CharField(max_length=500, blank=True, db_default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hold", "unit"], name="hold_unit_once")]
        indexes = [models.Index(fields=["unit"], condition=Q(released_at=None), name="hold_unit_open")]
