"""Telemetry: batches as the gateway sent them, their samples hot and cold, and the latest value of each signal.

Sample is range-partitioned by received_at (migration 0002), has no index but (signal, source_time), and
refuses UPDATE.
"""

from django.db import models

from lines.plant.models import Signal


class TelemetryBatch(models.Model):
    """One committed batch. The gateway drops a batch from its spool only when it finds it here, or its number in a
    CommittedRange: rows go after some days (pruning.py)."""

    source = models.CharField(max_length=64, help_text="Gateway and its spool, e.g. L1-3f2a.")
    sequence = models.BigIntegerField()
    received_at = models.DateTimeField()
    rows = models.PositiveIntegerField()
    duplicates = models.PositiveIntegerField(default=0, help_text="Repeated values dropped before COPY.")
    rejected = models.PositiveIntegerField(default=0, help_text="Values that could not be stored as samples.")
    first_source_time = models.DateTimeField(null=True)
    last_source_time = models.DateTimeField(null=True)
    content_sha256 = models.CharField(max_length=64)

    class Meta:
        verbose_name_plural = "telemetry batches"
        constraints = [models.UniqueConstraint(fields=["source", "sequence"], name="batch_source_sequence")]
        # Sealing proves by them that no row came since it read.
        indexes = [models.Index(fields=["received_at"], name="batch_received_at")]


class CommittedRange(models.Model):
    """Sequence numbers of one source that are committed and whose own rows are gone. Ranges do not touch."""

    source = models.CharField(max_length=64)
    first = models.BigIntegerField()
    last = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "first"], name="committed_source_first")]


class Sample(models.Model):
    """One value of one signal. The composite key is Django's alone; the table has no unique index."""

    pk = models.CompositePrimaryKey("received_at", "signal", "source_time")
    received_at = models.DateTimeField()
    signal = models.ForeignKey(Signal, models.DO_NOTHING, db_constraint=False, db_index=False)
    source_time = models.DateTimeField()
    value = models.FloatField()
    status = models.BigIntegerField(help_text="OPC UA status code, 0 is Good.")


class SealedPartition(models.Model):
    """Samples of one day of receipt that have left the table for a Parquet file. The row stays when the file goes."""

    day = models.DateField(help_text="UTC day of receipt.")
    part = models.PositiveSmallIntegerField(help_text="1 is the day's partition; later parts came after sealing.")
    name = models.CharField(max_length=200, help_text="Of the file in the storage.")
    rows = models.BigIntegerField()
    size_bytes = models.BigIntegerField()
    first_source_time = models.DateTimeField()
    last_source_time = models.DateTimeField()
    content_sha256 = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, help_text="When its time was over; the file is gone.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "part"], name="sealed_day_part")]
        ordering = ["-day", "-part"]

    def __str__(self) -> str:
        return f"{self.day} {self.part}"


class SignalLatest(models.Model):
    """The newest value of a signal by source time, for screens."""

    signal = models.OneToOneField(Signal, models.PROTECT, primary_key=True, related_name="latest")
    source_time = models.DateTimeField()
    received_at = models.DateTimeField()
    value = models.FloatField()
    status = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "latest values"
