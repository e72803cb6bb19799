"""Batches that could not be stored, byte for byte, until a person has decided on them."""

from django.db import models

from lines.errors import BATCH_UNREADABLE, Code
from lines.quarantine.errors import CODES

_CODES = {code.code: code for code in (BATCH_UNREADABLE, *CODES)}


class BatchSettlement(models.TextChoices):
    STORED = "STORED", "Stored after all"
    DISCARDED = "DISCARDED", "Discarded"


class QuarantinedBatch(models.Model):
    """The gateway counts it as committed (its TelemetryBatch row has no rows), so it holds up nothing behind it."""

    source = models.CharField(max_length=64, help_text="Gateway and its spool, e.g. L1-3f2a.")
    sequence = models.BigIntegerField()
    received_at = models.DateTimeField(help_text="When the worker gave it up.")
    code = models.CharField(max_length=24, help_text="Why, by the table of codes.")
    detail = models.TextField(help_text="The error as the worker met it.")
    content = models.BinaryField(help_text="As the gateway sent it.")
    content_sha256 = models.CharField(max_length=64)
    notes_taken = models.BooleanField(default=False, help_text="The ledger has its notes already.")
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=150, blank=True)
    settlement = models.CharField(max_length=12, choices=BatchSettlement, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "quarantined batches"
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["source", "sequence"], name="quarantine_source_sequence")]

    @property
    def why(self) -> Code:
        """The table's entry, or one that says only the code."""
        return _CODES.get(self.code) or Code(self.code, 0, self.code, self.code, "", "")
