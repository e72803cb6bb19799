"""The gap ledger: what came of what each station gave, by hour, and every gap with its cause and what came of it.

`LedgerNews` is the ledger's inbox: the transaction that stores a batch puts one row there, `services.evaluate` takes
them out. Everything else is a few rows for each station.
"""

from django.db import models
from django.db.models.functions import Now

from lines.alarms.models import Alarm
from lines.plant.models import Station


class GapCause(models.TextChoices):
    """The gateway's words first, the ledger's own behind them."""

    CUT = "CUT", "Connection cut"
    SERVER_RESTART = "SERVER_RESTART", "OPC UA server restarted"
    GATEWAY_RESTART = "GATEWAY_RESTART", "Gateway restarted"
    SEQUENCE = "SEQUENCE", "Notification missing"
    OVERFLOW = "OVERFLOW", "Queue of the server ran over"
    SPOOL_FULL = "SPOOL_FULL", "Spool full"
    NODE_GONE = "NODE_GONE", "Node gone"
    SILENT = "SILENT", "No news of the gateway"
    UNEXPLAINED = "UNEXPLAINED", "Cause not known"


class Recovery(models.TextChoices):
    """How values of a gap came after all. None: they did not, as far as the gateway knows."""

    NONE = "NONE", "Not recovered"
    REACTIVATED = "REACTIVATED", "Session taken up again"
    TRANSFERRED = "TRANSFERRED", "Subscriptions transferred"
    HISTORY = "HISTORY", "Read from the server's history"
    SPOOL = "SPOOL", "Delivered late by the gateway"


class LedgerNews(models.Model):
    """One batch as the ledger needs it."""

    source = models.CharField(max_length=64)
    sequence = models.BigIntegerField()
    received_at = models.DateTimeField(help_text="By the gateway's clock.")
    taken_at = models.DateTimeField(db_default=Now())
    stations = models.JSONField(help_text="What it says of each station, see services.record.")
    times = models.BinaryField(help_text="Distinct source times of counted values, and how many of each.")
    notes = models.JSONField()

    class Meta:
        verbose_name_plural = "ledger news"


class LedgerSource(models.Model):
    """A gateway's spool: how far its batches are here without a hole, and when it was last heard of."""

    source = models.CharField(max_length=64, primary_key=True)
    contiguous_to = models.BigIntegerField()
    ahead = models.JSONField(default=dict, help_text="Batches behind a hole: receipt in microseconds by sequence.")
    settled_us = models.BigIntegerField(help_text="Receipt of the last batch before the first hole.")
    heard_at = models.DateTimeField(help_text="Our clock.")
    servers = models.JSONField(default=dict, help_text="By code, as in its last heartbeat.")
    backlog = models.BigIntegerField(default=0, help_text="Batches not yet delivered.")
    spool_share = models.FloatField(default=0, help_text="How full the spool is, 0 to 1.")
    is_current = models.BooleanField(default=True, help_text="False: another source speaks for its servers now.")


class LedgerRun(models.Model):
    """One row: when the ledger was last looked after. A gateway is silent only while somebody listens."""

    evaluated_at = models.DateTimeField()
    listening_since = models.DateTimeField()


class StationTally(models.Model):
    """A station's counter against what came (tally.Tally)."""

    station = models.OneToOneField(Station, models.PROTECT, primary_key=True, related_name="tally")
    source = models.CharField(max_length=64)
    state = models.BinaryField()
    is_open = models.BooleanField(default=False, help_text="Time alone may still change what is known.")
    counting_since = models.DateTimeField(null=True, help_text="Source time of the first reading; null: no counter.")
    counted_until = models.DateTimeField(null=True, help_text="Source time of the newest reading.")
    clock_us = models.BigIntegerField(default=0, help_text="Source time less receipt of the newest reading.")

    class Meta:
        verbose_name_plural = "station tallies"


class LedgerHour(models.Model):
    """What came of one station's measurements. Received and late: by source time; the others: by receipt."""

    station = models.ForeignKey(Station, models.PROTECT, related_name="ledger_hours")
    hour = models.DateTimeField(db_index=True)
    received = models.BigIntegerField(default=0, help_text="Kept, each once.")
    late = models.BigIntegerField(default=0, help_text="Of those: came after a newer value of the same signal.")
    duplicates = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["station", "hour"], name="ledger_station_hour")]


class Gap(models.Model):
    """A time in which values of one station may be missing, or are."""

    station = models.ForeignKey(Station, models.PROTECT, related_name="gaps")
    cause = models.CharField(max_length=16, choices=GapCause)
    event = models.CharField(max_length=80, help_text="What it is part of: one cut is a gap of several stations.")
    since = models.DateTimeField(help_text="By the station's clock.")
    until = models.DateTimeField(null=True, help_text="By the station's clock; null: still open.")
    opened_at = models.DateTimeField(help_text="By the gateway's clock.")
    closed_at = models.DateTimeField(null=True, help_text="By the gateway's clock.")
    recovered = models.CharField(max_length=12, choices=Recovery, blank=True)
    decided_at = models.DateTimeField(null=True, help_text="When it was known whether values are missing; our clock.")
    lost = models.BigIntegerField(null=True, help_text="Values missing; null: not known.")
    is_exact = models.BooleanField(default=True, help_text="False: at least so many.")
    found_at = models.DateTimeField(db_default=Now())
    alarm = models.ForeignKey(Alarm, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["station", "event"], name="gap_station_event")]
        indexes = [
            models.Index(fields=["station", "-since"], name="gap_station_since"),
            models.Index(fields=["decided_at"], name="gap_decided_at"),
        ]


class Loss(models.Model):
    """Values that the station counted between two readings and that are not here. Gone again when they come."""

    gap = models.ForeignKey(Gap, models.CASCADE, related_name="losses")
    station = models.ForeignKey(Station, models.PROTECT, related_name="+")
    since = models.DateTimeField(help_text="By the station's clock.")
    until = models.DateTimeField(help_text="By the station's clock.")
    lost = models.BigIntegerField()
    is_exact = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "losses"
        constraints = [models.UniqueConstraint(fields=["station", "since"], name="loss_station_since")]
        indexes = [models.Index(fields=["station", "until"], name="loss_station_until")]
